"""What chat servers answer becomes model events, as loosely as they write it."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from openinteractions.core import errors
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Text,
    Thought,
)
from openinteractions.models.profile import Profile
from tests.models.chat.reading import CALLS, SIGNED, STOP, chunk, streamed, turn

SIGNED_WITH_THOUGHT = Signature(
    base64.b64encode(
        b'{"version":1,"dialect":"chat","item":{"reasoning":"I think."}}'
    ).decode()
)


def answered(
    message: Any, finish: str | None = "stop", profile: Profile | None = None
) -> list[ModelEvent]:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return turn(profile).whole(orjson.dumps({"id": "1", "choices": [choice]}))


def piece(index: int | None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    function = {key: more.pop(key) for key in ["name"] if key in more}
    if arguments is not None:
        function["arguments"] = arguments
    placed = {} if index is None else {"index": index}
    return {"tool_calls": [placed | more | {"function": function}]}


STREAMS = [
    pytest.param(
        [{"role": "assistant", "content": ""}, {"content": "Hel"}, {"content": "lo"}],
        [Text("Hel"), Text("lo"), STOP],
        id="text",
    ),
    pytest.param([], [STOP], id="nothing"),
    pytest.param(
        [{"content": None, "tool_calls": None, "refusal": None}, {}, None],
        [STOP],
        id="nulls",
    ),
    pytest.param([{"refusal": "No."}], [Text("No."), STOP], id="a refusal"),
    pytest.param(
        [{"reasoning_content": "I "}, {"reasoning": "think."}, {"content": "A"}],
        [Thought("I "), Thought("think."), SIGNED, Text("A"), STOP],
        id="thoughts under either name",
    ),
    pytest.param(
        [{"reasoning_content": "Hm.", "reasoning": "Hm.", "content": "A"}],
        [Thought("Hm."), SIGNED, Text("A"), STOP],
        id="a thought under both names",
    ),
    pytest.param(
        [{"reasoning": "Hm."}], [Thought("Hm."), SIGNED, STOP], id="only a thought"
    ),
    pytest.param(
        [{"reasoning": "a"}, {"content": "A"}, {"reasoning": "b"}, {"content": "B"}],
        [Thought("a"), SIGNED, Text("A"), Thought("b"), SIGNED, Text("B"), STOP],
        id="two thoughts",
    ),
    pytest.param(
        [
            {"content": [{"type": "thinking", "thinking": [{"text": "Hm."}]}]},
            {"content": [{"type": "text", "text": "A"}, {"type": "x"}, "?"]},
        ],
        [Thought("Hm."), SIGNED, Text("A"), STOP],
        id="content in parts",
    ),
    pytest.param(
        [piece(0, "", id="c", name="f"), piece(0, '{"a"'), piece(0, ":1}")],
        [
            CallFragment(0, "c", "f", ""),
            CallFragment(0, "", "", '{"a"'),
            CallFragment(0, "", "", ":1}"),
            CALLS,
        ],
        id="a call",
    ),
    pytest.param(
        [{"reasoning": "Hm."}, {"content": "So "}, piece(0, "{}", id="c", name="f")],
        [
            Thought("Hm."),
            SIGNED,
            Text("So "),
            CallFragment(0, "c", "f", "{}"),
            CALLS,
        ],
        id="a thought and text before a call",
    ),
    pytest.param(
        [{"reasoning": "Hm."}, piece(0, "{}", id="c", name="f")],
        [Thought("Hm."), SIGNED, CallFragment(0, "c", "f", "{}"), CALLS],
        id="a thought before a call",
    ),
    pytest.param(
        [
            piece(0, "{", id="c", name="f"),
            piece(1, "{", id="d", name="g"),
            piece(0, "}"),
            piece(1, "}"),
        ],
        [
            CallFragment(0, "c", "f", "{"),
            CallFragment(1, "d", "g", "{"),
            CallFragment(0, "", "", "}"),
            CallFragment(1, "", "", "}"),
            CALLS,
        ],
        id="parallel calls, interleaved",
    ),
    pytest.param(
        [
            {
                "tool_calls": [
                    {"id": "c", "function": {"name": "f", "arguments": "{}"}},
                    {"id": "d", "function": {"name": "f", "arguments": "{}"}},
                ]
            }
        ],
        [CallFragment(0, "c", "f", "{}"), CallFragment(1, "d", "f", "{}"), CALLS],
        id="whole calls without an index",
    ),
    pytest.param(
        [piece(None, "{", id="c", name="f"), piece(None, "}")],
        [CallFragment(0, "c", "f", "{"), CallFragment(0, "", "", "}"), CALLS],
        id="fragments without an index",
    ),
    pytest.param(
        [piece(0, "{}", id="c", name="f"), piece(0, "{}", id="d", name="g")],
        [CallFragment(0, "c", "f", "{}"), CallFragment(1, "d", "g", "{}"), CALLS],
        id="whole calls that all have index 0",
    ),
    pytest.param(
        [piece(0, "{", id="c", name="f"), piece(0, "}", id="c", name="f")],
        [CallFragment(0, "c", "f", "{"), CallFragment(0, "", "", "}"), CALLS],
        id="id and name in every fragment",
    ),
    pytest.param(
        [piece(0, "{", id="c"), piece(0, "}", name="f")],
        [CallFragment(0, "c", "f", "{}"), CALLS],
        id="a name that comes late",
    ),
    pytest.param(
        [piece(0, "{}")], [CallFragment(0, "", "", "{}"), CALLS], id="no name at all"
    ),
    pytest.param(
        [piece(0, "{}", name="f")], [CallFragment(0, "", "f", "{}"), CALLS], id="no id"
    ),
    pytest.param(
        [piece(7, {"a": [1]}, id="c", name="f")],
        [CallFragment(0, "c", "f", '{"a":[1]}'), CALLS],
        id="arguments as an object",
    ),
    pytest.param(
        [piece(0, id="c", name="f")],
        [CallFragment(0, "c", "f", ""), CALLS],
        id="no arguments",
    ),
    pytest.param(
        [{"function_call": {"name": "f"}}, {"function_call": {"arguments": "{}"}}],
        [CallFragment(0, "", "f", ""), CallFragment(0, "", "", "{}"), CALLS],
        id="the older form of a call",
    ),
    pytest.param(
        [{"tool_calls": [None, {"index": 0, "function": None}]}, {"tool_calls": {}}],
        [CallFragment(0, "", "", ""), CALLS],
        id="a call that is none",
    ),
]


@pytest.mark.parametrize(("deltas", "expected"), STREAMS)
def test_chunks_become_events(deltas: list[Any], expected: list[ModelEvent]) -> None:
    assert streamed(*map(chunk, deltas), chunk({}, "stop"), b"[DONE]") == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param({"content": "Hi"}, [Text("Hi"), STOP], id="text"),
        pytest.param({"content": None, "refusal": "No."}, [Text("No."), STOP], id="no"),
        pytest.param(
            {"reasoning_content": "Hm.", "content": "Hi"},
            [Thought("Hm."), SIGNED, Text("Hi"), STOP],
            id="a thought",
        ),
        pytest.param(
            {
                "content": "See: ",
                "tool_calls": [
                    {"id": "c", "function": {"name": "f", "arguments": '{"a":1}'}},
                    {"id": "d", "function": {"name": "f", "arguments": None}},
                ],
            },
            [
                Text("See: "),
                CallFragment(0, "c", "f", '{"a":1}'),
                CallFragment(1, "d", "f", ""),
                CALLS,
            ],
            id="calls",
        ),
        pytest.param(
            {"function_call": {"name": "f", "arguments": "{}"}},
            [CallFragment(0, "", "f", "{}"), CALLS],
            id="the older form of a call",
        ),
    ],
)
def test_a_whole_body_becomes_events(message: Any, expected: list[ModelEvent]) -> None:
    assert answered(message) == expected


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("eos", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("model_length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.CALLS),
        ("function_call", FinishReason.CALLS),
    ],
)
def test_the_reason_to_stop_is_told(word: str, reason: FinishReason) -> None:
    assert answered({"content": "A"}, word) == [Text("A"), Finish(reason)]
    assert streamed(chunk({"content": "A"}, word)) == [Text("A"), Finish(reason)]


def test_an_answer_may_end_without_a_reason() -> None:
    assert answered({"content": "A"}, None) == [Text("A"), STOP]
    assert streamed(chunk({"content": "A"}), b" [DONE]") == [Text("A"), STOP]


def test_an_answer_finishes_once() -> None:
    twice = [chunk({"content": "A"}, "stop"), chunk({"content": "?"}, "stop")]
    assert streamed(*twice) == [Text("A"), STOP]


def test_nothing_after_the_end_of_the_stream_counts() -> None:
    assert streamed(chunk({}, "stop"), b"[DONE]", b"{garbage") == [STOP]


def test_a_stream_that_breaks_off_is_a_failure() -> None:
    with pytest.raises(errors.UpstreamFailedError, match="broke off"):
        streamed(chunk({"content": "A"}))


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        pytest.param(
            Profile(reasoning_member="thinking"),
            [Thought("I think."), SIGNED_WITH_THOUGHT, Text("A"), STOP],
            id="a member that the profile names, to be sent back",
        ),
        pytest.param(
            Profile(reasoning_member="reasoning"), [Text("A"), STOP], id="another"
        ),
        pytest.param(Profile(reasoning=False), [Text("A"), STOP], id="none"),
    ],
)
def test_the_profile_says_where_thoughts_are(
    profile: Profile, expected: list[ModelEvent]
) -> None:
    delta = {"thinking": "I think.", "content": "A"}
    assert streamed(chunk(delta), chunk({}, "stop"), profile=profile) == expected


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("content_filter", errors.ContentBlockedError),
        ("error", errors.UpstreamFailedError),
    ],
)
def test_some_reasons_to_stop_are_failures(
    word: str, error: type[errors.BackendError]
) -> None:
    with pytest.raises(error):
        answered({"content": "A"}, word)
    with pytest.raises(error):
        streamed(chunk({"content": "A"}, word))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"", errors.UpstreamFailedError, id="nothing"),
        pytest.param(b"<html>", errors.UpstreamFailedError, id="HTML"),
        pytest.param(b'{"choices":', errors.UpstreamFailedError, id="half of it"),
        pytest.param(b"[]", errors.UpstreamFailedError, id="a list"),
        pytest.param(b"{}", errors.UpstreamFailedError, id="an empty object"),
        pytest.param(b'{"choices":[]}', errors.UpstreamFailedError, id="no choice"),
        pytest.param(b'{"choices":[1]}', errors.UpstreamFailedError, id="a number"),
        pytest.param(
            b'{"choices":[{"message":7}]}', errors.UpstreamFailedError, id="no message"
        ),
        pytest.param(b"[" * 100_000, errors.UpstreamFailedError, id="depth"),
        pytest.param(
            b'{"error":{"message":"too long","code":400}}',
            errors.UpstreamRefusedError,
            id="an error with a status",
        ),
        pytest.param(
            b'{"error":{"message":"x","type":"rate_limit_error"}}',
            errors.UpstreamRateLimitedError,
            id="an error with a word",
        ),
        pytest.param(
            b'{"object":"error","message":"too long","code":"400"}',
            errors.UpstreamRefusedError,
            id="an error that is the body",
        ),
        pytest.param(
            b'{"error":"out of memory"}', errors.UpstreamFailedError, id="an error text"
        ),
        pytest.param(
            b'{"error":{"code":"insufficient_quota"}}',
            errors.UpstreamQuotaError,
            id="no quota",
        ),
        pytest.param(
            b'{"error":{"code":"content_filter"}}',
            errors.ContentBlockedError,
            id="a filter",
        ),
    ],
)
def test_a_body_that_is_no_answer_is_a_failure(
    body: bytes, error: type[errors.BackendError]
) -> None:
    with pytest.raises(error) as raised:
        turn().whole(body)
    assert type(raised.value) is error
    assert raised.value.metadata == {"endpoint": "vllm"}
