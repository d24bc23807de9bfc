"""The scripts: what a model name makes the server answer.

A name is `script`, `script:argument`, and either may end in `@tag`. The tag changes
nothing; it gives a test a name of its own to count requests by. A name without a
script is an unknown model, a 404. Scripts see the request and nothing else, except
`flaky`, which counts the requests for its full name.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.backend import conversation, made
from tests.backend.example import example
from tests.backend.reply import (
    Answer,
    Call,
    Ending,
    Failure,
    Json,
    Reply,
    Silence,
    usage,
)
from tests.backend.shown import shown

_NO_PARAMETERS = {"type": "object"}

_ERRORS = {
    400: ("invalid_request_error", None),
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "forbidden"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


def answer(name: str, request: Json, *, seen: int) -> Answer:
    """Run the script that the model name chooses.

    `seen` counts the requests for this name so far, this one included.
    """
    plain = name.rpartition("@")[0] or name
    script, _, argument = plain.partition(":")
    if script == "flaky":
        return _flaky(argument, seen)
    run = _SCRIPTS.get(script)
    if run is None:
        return unknown(name)
    return run(request, argument)


def unknown(name: str) -> Failure:
    """Give the answer for a model that does not exist."""
    return Failure(
        404,
        f"The model '{name}' does not exist.",
        code="model_not_found",
        param="model",
    )


def speak(request: Json, _: str) -> Answer:
    """Answer aloud: in the voice and format that are asked for."""
    if "audio" not in request.get("modalities", ()):
        return Reply(text=["In ", "words."])
    form = request["audio"]
    kind = {"pcm16": "pcm"}.get(form["format"], form["format"])
    sound = made.speech("Aloud.", form["voice"], kind)
    return Reply(text=["Al", "oud."], sound=sound)


def paint(request: Json, _: str) -> Answer:
    """Answer with an image, and a word about it."""
    shape = str(request.get("image_config"))
    return Reply(text=["Here."], images=[made.image(shape)])


def echo(request: Json, _: str) -> Answer:
    """Answer with the JSON text of the request itself."""
    return Reply(text=[json.dumps(request, ensure_ascii=False)])


def media(request: Json, _: str) -> Answer:
    """Answer with what was shown, as JSON: media by the digest of their bytes."""
    try:
        return Reply(text=[json.dumps(shown(request), ensure_ascii=False)])
    except ValueError as error:
        return Failure(400, str(error), param="messages")


def say(_: Json, argument: str) -> Answer:
    """Answer with the argument."""
    return Reply(text=[argument])


def words(_: Json, argument: str) -> Answer:
    """Answer with that many words (20), one to a chunk."""
    return Reply(text=[f"word{n} " for n in range(int(argument or 20))])


def slow(_: Json, argument: str) -> Answer:
    """Answer like `words`; each chunk after the first waits for a release."""
    return Reply(text=[f"word{n} " for n in range(int(argument or 3))], paced=True)


def unicode(_: Json, __: str) -> Answer:
    """Answer with text outside ASCII, line separators included."""
    return Reply(text=["Zürich ", "東京 ", "😀 ", "a\u2028b\u0085c"])


def surrogates(_: Json, __: str) -> Answer:
    """Split one character over two chunks, as escaped halves."""
    before, after = '{"choices":[{"index":0,"delta":{"content":"', '"}}]}'
    halves = (before + half + after for half in (r"\ud83d", r"\ude00"))
    return Reply(text=["😀"], raw_chunks=tuple(halves))


def reason(_: Json, argument: str) -> Answer:
    """Think in two pieces, then answer; the argument names the reasoning member."""
    return Reply(
        thoughts=["First I think. ", "Then I know."],
        thought_member=argument or "reasoning_content",
        text=["The ", "answer."],
        usage=usage(prompt=7, completion=9, reasoning=4),
    )


def call(request: Json, argument: str) -> Answer:
    """Call the first tool (or the one required), then answer with its result.

    The argument, if any, is the JSON text of the arguments.
    """
    return _calls(request, count=1, arguments=argument) or _conclude(request)


def call_fragments(request: Json, argument: str) -> Answer:
    """Do as `call`, each character of the arguments in a chunk of its own."""
    return _calls(request, count=1, arguments=argument, size=1) or _conclude(request)


def call_text(request: Json, argument: str) -> Answer:
    """Do as `call`, with text before the call."""
    found = _calls(request, count=1, arguments=argument, text=["Let me look. "])
    return found or _conclude(request)


def call_reason(request: Json, argument: str) -> Answer:
    """Do as `call`, with thoughts before the call."""
    found = _calls(request, count=1, arguments=argument, thoughts=["I need a tool."])
    return found or _conclude(request)


def call_json(request: Json, _: str) -> Answer:
    """Call the first tool, then answer with a document of the response format."""
    return _calls(request, count=1) or as_json(request, "")


def parallel(request: Json, argument: str) -> Answer:
    """Make that many calls (2) at once, round the tools, then answer."""
    return _calls(request, count=int(argument or 2)) or _conclude(request)


def call_again(request: Json, argument: str) -> Answer:
    """Call the first tool for that many rounds (2), then answer."""
    if conversation.rounds(request) < int(argument or 2):
        return _calls(request, count=1, always=True) or _conclude(request)
    return _conclude(request)


def bad_args(request: Json, _: str) -> Answer:
    """Call the first tool with arguments that are not JSON."""
    return _calls(request, count=1, arguments='{"location": ') or _conclude(request)


def as_json(request: Json, _: str) -> Answer:
    """Answer with a document that satisfies the response format."""
    wanted = (request.get("response_format") or {}).get("json_schema") or {}
    document = json.dumps(example(wanted.get("schema", {"type": "object"})))
    middle = len(document) // 2
    return Reply(text=[document[:middle], document[middle:]])


def counted(_: Json, __: str) -> Answer:
    """Answer with usage in every detail."""
    spent = usage(prompt=100, completion=50, cached=40, reasoning=20)
    return Reply(text=["Counted."], usage=spent)


def filtered(_: Json, argument: str) -> Answer:
    """Be stopped by a content filter: `filter`, `filter:status` or `filter:mid`."""
    if argument == "status":
        return Failure(400, "The prompt was filtered.", code="content_filter")
    text = ["Once upon ", "a time"] if argument == "mid" else []
    return Reply(text=text, finish="content_filter")


def status(_: Json, argument: str) -> Answer:
    """Fail with a status; `status:429,7` also says Retry-After: 7 (429 alone: 1)."""
    number, *wait = argument.split(",")
    code = int(number)
    if code == 429 and not wait:
        wait = ["1"]
    kind, word = _ERRORS.get(code, ("server_error", None))
    headers = {"Retry-After": wait[0]} if wait else {}
    return Failure(code, f"Scripted {code}.", type=kind, code=word, headers=headers)


def quota(_: Json, __: str) -> Answer:
    """Fail as an account without credit does."""
    return Failure(
        429,
        "You exceeded your current quota.",
        type="insufficient_quota",
        code="insufficient_quota",
    )


def _flaky(argument: str, seen: int) -> Answer:
    """Fail the first requests, then answer: `flaky:503,2` fails twice."""
    code, _, count = argument.partition(",")
    if seen <= int(count or 1):
        return Failure(int(code or 503), "Scripted, for now.", type="server_error")
    return Reply(text=["Recovered."])


def _fixed(reply: Answer) -> Callable[[Json, str], Answer]:
    return lambda _, __: reply


def _calls(
    request: Json,
    *,
    count: int,
    arguments: str = "",
    size: int = 9,
    text: list[str] | None = None,
    thoughts: list[str] | None = None,
    always: bool = False,
) -> Reply | None:
    """Make calls when tools allow it and the newest message is not a result."""
    tools = request.get("tools") or []
    choice = request.get("tool_choice")
    if not tools or choice == "none":
        return None
    if not always and conversation.is_answered(request):
        return None
    if isinstance(choice, dict) and "function" in choice:
        named = choice["function"]["name"]
        tools = [tool for tool in tools if tool["function"]["name"] == named]
    turn = len(request["messages"])
    made = []
    for number in range(count):
        function = tools[number % len(tools)]["function"]
        whole = arguments or json.dumps(
            example(function.get("parameters") or _NO_PARAMETERS)
        )
        pieces = tuple(whole[at : at + size] for at in range(0, len(whole), size))
        made.append(Call(f"call_{turn}_{number}", function["name"], pieces))
    return Reply(
        calls=made, finish="tool_calls", text=text or (), thoughts=thoughts or ()
    )


def _conclude(request: Json) -> Reply:
    """Answer in words with the results, as `name=result` in the order received."""
    found = conversation.results(request)
    said = "; ".join(f"{name}={result}" for name, result in found)
    return Reply(text=["Results: ", said or "none", "."])


_SCRIPTS: dict[str, Callable[[Json, str], Answer]] = {
    "echo": echo,
    "speak": speak,
    "paint": paint,
    "media": media,
    "say": say,
    "hello": _fixed(Reply(text=["Hello", "."])),
    "words": words,
    "slow": slow,
    "unicode": unicode,
    "surrogates": surrogates,
    "reason": reason,
    "call": call,
    "call-fragments": call_fragments,
    "call-text": call_text,
    "call-reason": call_reason,
    "call-json": call_json,
    "call-again": call_again,
    "parallel": parallel,
    "bad-args": bad_args,
    "json": as_json,
    "usage": counted,
    "no-usage": _fixed(Reply(text=["Free."], usage=None)),
    "length": _fixed(Reply(text=["Cut ", "sho"], finish="length")),
    "empty": _fixed(Reply()),
    "refuse": _fixed(Reply(refusal="I will not.")),
    "filter": filtered,
    "status": status,
    "quota": quota,
    "bad-json": _fixed(Reply(text=["Soon "], ending=Ending.GARBAGE)),
    "die-mid-stream": _fixed(Reply(text=["Soon ", "it"], ending=Ending.CUT)),
    "error-mid-stream": _fixed(Reply(text=["Soon ", "it"], ending=Ending.ERROR)),
    "no-done": _fixed(Reply(text=["Hello", "."], ending=Ending.NO_DONE)),
    "hang": _fixed(Silence.HANG),
    "hang-up": _fixed(Silence.HANG_UP),
}
