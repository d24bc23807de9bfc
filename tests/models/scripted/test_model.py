"""The scripted model does what its script says, and the same every time."""

from __future__ import annotations

import pytest

from openinteractions.core import errors
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.models.scripted.model import Scripted
from openinteractions.models.scripted.script import FAILURES, ScriptError, Verb, parse
from tests.models.asking import Step, asked, call, output, result, user
from tests.models.events import joined, text


async def played(script: str, *steps: Step) -> list[ModelEvent]:
    return list(await Scripted().generate(asked(script, *steps)))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(
            "say Hello there", [Text("Hello "), Text("there")], id="words of a text"
        ),
        pytest.param(
            "words 3", [Text("word0 "), Text("word1 "), Text("word2")], id="words"
        ),
        pytest.param("say a;\n; say b", [Text("a"), Text("b")], id="lines"),
        pytest.param('say "a;b" ; say c', [Text('"a;b"'), Text("c")], id="quotes"),
        pytest.param('say "a; say b', [Text('"a'), Text("b")], id="half a quote"),
        pytest.param("echo", [Text("Hello?")], id="echo"),
        pytest.param("results", [Text("no "), Text("results")], id="no results"),
        pytest.param(
            'call f {"a":1}; call g',
            [
                CallFragment(0, "", "f", '{"a'),
                CallFragment(0, "", "", '":1}'),
                CallFragment(1, "", "g", "{"),
                CallFragment(1, "", "", "}"),
            ],
            id="calls",
        ),
    ],
)
async def test_statements_make_events(script: str, expected: list[ModelEvent]) -> None:
    said = [e for e in await played(script) if not isinstance(e, Finish | Spent)]
    assert said == expected


async def test_a_thought_is_signed() -> None:
    thought, signature, *_ = joined(await played("think I see; say yes"))
    assert thought == Thought("I see")
    assert isinstance(signature, Signature)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("say a", FinishReason.STOP),
        ("call f", FinishReason.CALLS),
        ("say a; finish length", FinishReason.LENGTH),
    ],
)
async def test_the_reason_to_stop(script: str, reason: FinishReason) -> None:
    assert Finish(reason) in await played(script)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("think a b c; say d e", (1, 2, 3, 0, 6)),
        ("say a; usage 10 5 3 2", (10, 5, 3, 2, 18)),
    ],
)
async def test_tokens(script: str, expected: tuple[int, ...]) -> None:
    usage = [e for e in await played(script) if isinstance(e, Spent)][-1].usage
    assert (
        usage.total_input_tokens,
        usage.total_output_tokens,
        usage.total_thought_tokens,
        usage.total_cached_tokens,
        usage.total_tokens,
    ) == expected


@pytest.mark.parametrize("kind", FAILURES)
async def test_failures(kind: str) -> None:
    with pytest.raises(FAILURES[kind]) as raised:
        await played(f"fail {kind} 7")
    assert raised.value.retry_after == 7
    assert raised.value.metadata == {"endpoint": "scripted"}


async def test_reads_are_as_large_as_the_script_says() -> None:
    request = asked("say a; reads 3; say b c d e")
    batches = [list(batch) async for batch in Scripted().stream(request)]
    words = [[getattr(event, "text", "") for event in batch] for batch in batches]
    assert words == [["a"], ["b "], ["c ", "d "], ["e"], ["", ""]]


CALLED = [user("Weather?"), call("x"), result("x", text="22")]


@pytest.mark.parametrize(
    ("script", "steps", "expected"),
    [
        pytest.param("say a; turn; say b", CALLED[:1], "a", id="the first turn"),
        pytest.param("say a; turn; say b", CALLED, "b", id="the second turn"),
        pytest.param("say a", CALLED, "a", id="the last turn again"),
        pytest.param("call f", CALLED, "get_weather=22", id="results"),
        pytest.param(
            "say a; turn; say b", [*CALLED, output("b"), user("?")], "a", id="new input"
        ),
        pytest.param(
            "call f; call g",
            [call("x"), call("y", "t"), result("x", json="{}"), result("y", name="t")],
            "get_weather={}; t=",
            id="several results",
        ),
        pytest.param(
            "call f", [*CALLED[:2], result("x", items=["a"])], "get_weather=a"
        ),
    ],
)
async def test_turns_are_counted_from_the_newest_input(
    script: str, steps: list[Step], expected: str
) -> None:
    assert text(await played(script, *steps)) == expected


async def test_the_input_may_be_the_script() -> None:
    steps = [user("script: say by input"), output("by input")]
    assert text(await played("say by name", *steps)) == "by input"


async def test_a_configured_script_beats_the_name() -> None:
    model = Scripted(script="say configured")
    assert text(await model.generate(asked("say by name"))) == "configured"


async def test_a_name_that_is_no_script_echoes() -> None:
    assert text(await played("gemini-2.5-flash", user("a"), user("b"))) == "a\nb"


@pytest.mark.parametrize(
    "script",
    [
        "shout a",
        "say",
        "call",
        "call f {",
        "call f []",
        "words",
        "words 0",
        "words many",
        "usage 1 2 3 4 5",
        "usage -1",
        "finish soon",
        "finish blocked",
        "fail",
        "fail better",
        "fail failed soon",
        "fail failed 1 2",
        "reads 0",
        "hang on",
        "echo a",
    ],
)
def test_what_is_no_script_is_refused(script: str) -> None:
    with pytest.raises(ScriptError):
        parse(f"say a; {script}")


@pytest.mark.parametrize(
    ("model", "step", "field"),
    [
        ("say a; shout", user("Hello?"), "model"),
        ("say a", user("script: shout"), "input"),
    ],
)
async def test_a_wrong_script_is_the_callers_mistake(
    model: str, step: Step, field: str
) -> None:
    with pytest.raises(errors.RequestError, match="shout") as raised:
        await played(model, step)
    assert raised.value.field == field


def test_every_verb_is_documented() -> None:
    documented = parse.__globals__["__doc__"]
    assert all(f"\n    {verb.value}" in documented for verb in Verb)
