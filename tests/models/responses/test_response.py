"""Answers of the Responses API become model events, whole and piece by piece."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from openinteractions.models import signature
from openinteractions.models.responses.response import Turn
from openinteractions.models.transport.failures import Failures
from tests.models.events import joined

TEXT = {"type": "output_text", "text": "Hello."}
MESSAGE = {"type": "message", "id": "msg_1", "content": [TEXT]}
REFUSAL = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
SUMMARY = [{"type": "summary_text", "text": text} for text in ("One.", "Two.")]
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": SUMMARY,
    "encrypted_content": "gAAAA",
    "status": None,
}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
STOP, CALLS = Finish(FinishReason.STOP), Finish(FinishReason.CALLS)
KEPT = {"id": "rs_1", "summary": SUMMARY, "encrypted_content": "gAAAA"}
SIGNED = Signature(signature.encode("responses", {"reasoning": KEPT}))


def turn(*, thoughts: bool = True) -> Turn:
    return Turn(Failures("up"), thoughts=thoughts)


def response(*output: Any, **more: Any) -> dict[str, Any]:
    return {"status": "completed", "output": list(output), **more}


def whole(found: Any, *, thoughts: bool = True) -> list[ModelEvent]:
    return turn(thoughts=thoughts).whole(orjson.dumps(found))


def streamed(*found: dict[str, Any], thoughts: bool = True) -> list[ModelEvent]:
    reading = turn(thoughts=thoughts)
    events = [e for piece in found for e in reading.chunk(orjson.dumps(piece))]
    return events + reading.end()


def event(kind: str, index: int = 0, **members: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", "output_index": index, **members}


def delta(kind: str, text: str, index: int = 0, **members: Any) -> dict[str, Any]:
    return event(f"{kind}.delta", index, delta=text, **members)


def done(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return event("output_item.done", index, item=item)


COMPLETED = event("completed", response=response())
ADDED = event("output_item.added", item={**CALL, "arguments": ""})


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param([], [STOP], id="nothing"),
        pytest.param([MESSAGE], [Text("Hello."), STOP], id="text"),
        pytest.param([REFUSAL], [Text("No."), STOP], id="a refusal"),
        pytest.param(
            [REASONING, MESSAGE],
            [Thought("One.\n\nTwo."), SIGNED, Text("Hello."), STOP],
            id="reasoning",
        ),
        pytest.param(
            [MESSAGE, CALL],
            [Text("Hello."), CallFragment(1, "c1", "f", '{"a":1}'), CALLS],
            id="a call",
        ),
        pytest.param(
            [{"type": "web_search_call", "id": "w"}, MESSAGE],
            [Text("Hello."), STOP],
            id="an item that nobody asked for",
        ),
    ],
)
def test_a_body(output: list[Any], expected: list[ModelEvent]) -> None:
    assert whole(response(*output)) == expected
    told = [done(item, index) for index, item in enumerate(output)]
    assert streamed(*told, COMPLETED) == expected, "a stream without any pieces"


def test_reasoning_in_the_open_is_read_when_there_is_no_summary() -> None:
    content = [{"type": "reasoning_text", "text": "Hm."}]
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "content": content}
    assert whole(response(item))[0] == Thought("Hm.")


def test_thoughts_that_are_not_wanted_are_left_out() -> None:
    assert whole(response(REASONING), thoughts=False) == [STOP]
    piece = delta("reasoning_summary_text", "One.", summary_index=0)
    told = streamed(piece, done(REASONING), COMPLETED, thoughts=False)
    assert told == [STOP]


def test_a_stream_tells_pieces_and_never_twice() -> None:
    told = streamed(
        event("created", response={}),
        delta("reasoning_summary_text", "On", summary_index=0),
        delta("reasoning_summary_text", "e.", summary_index=0),
        delta("reasoning_summary_text", "Two.", summary_index=1),
        done(REASONING),
        delta("output_text", "Hel", 1),
        delta("output_text", "lo.", 1),
        done(MESSAGE, 1),
        event("output_item.added", 2, item={**CALL, "arguments": ""}),
        delta("function_call_arguments", '{"a"', 2),
        delta("function_call_arguments", ":1}", 2),
        done(CALL, 2),
        COMPLETED,
    )
    assert len([e for e in told if isinstance(e, Text)]) == 2
    assert joined(told) == [
        Thought("One.\n\nTwo."),
        SIGNED,
        Text("Hello."),
        CallFragment(2, "c1", "f", '{"a":1}'),
        CALLS,
    ]


def test_arguments_that_came_in_no_piece_are_taken_from_the_item() -> None:
    told = joined(streamed(ADDED, done(CALL), COMPLETED))
    assert told == [CallFragment(0, "c1", "f", '{"a":1}'), CALLS]


@pytest.mark.parametrize(
    ("why", "expected"),
    [("max_output_tokens", FinishReason.LENGTH), (None, FinishReason.LENGTH)],
)
def test_an_answer_that_was_cut(why: str | None, expected: FinishReason) -> None:
    details = {"reason": why} if why else None
    cut = response(MESSAGE, status="incomplete", incomplete_details=details)
    assert whole(cut)[-1] == Finish(expected)
    assert streamed(event("incomplete", response=cut))[-1] == Finish(expected)


def test_a_filter() -> None:
    details = {"reason": "content_filter"}
    cut = response(status="incomplete", incomplete_details=details)
    with pytest.raises(errors.ContentBlockedError):
        whole(cut)
    with pytest.raises(errors.ContentBlockedError):
        streamed(event("incomplete", response=cut))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", errors.UpstreamFailedError),
        ("rate_limit_exceeded", errors.UpstreamRateLimitedError),
        ("invalid_request_error", errors.UpstreamRefusedError),
    ],
)
def test_failures(code: str, kind: type[errors.BackendError]) -> None:
    error = {"code": code, "message": "It did not work."}
    failed = response(status="failed", error=error)
    for body in (failed, {"error": error}):
        with pytest.raises(kind):
            whole(body)
    for piece in (
        event("failed", response=failed),
        {"type": "error", **error},
        {"type": "error", "error": error},
        {"error": error},
    ):
        with pytest.raises(kind):
            streamed(piece)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"output":1}', b'{"output":[1]}', b"nonsense"]
)
def test_a_body_that_is_no_answer(body: bytes) -> None:
    with pytest.raises(errors.UpstreamFailedError):
        turn().whole(body)


@pytest.mark.parametrize(
    "piece",
    [
        b"[]",
        b"nonsense",
        b"[DONE]",
        b'{"type":"response.output_text.delta"}',
        b'{"type":"response.completed"}',
        b'{"type":"response.output_item.done"}',
    ],
)
def test_a_piece_that_is_none(piece: bytes) -> None:
    with pytest.raises(errors.UpstreamFailedError):
        turn().chunk(piece)


def test_a_stream_that_ends_without_an_end() -> None:
    reading = turn()
    reading.chunk(orjson.dumps(delta("output_text", "so far")))
    with pytest.raises(errors.UpstreamFailedError):
        reading.end()


def test_halves_of_a_character_are_put_together() -> None:
    before, after = b'{"type":"response.output_text.delta","delta":"', b'"}'
    reading = turn()
    events = reading.chunk(before + rb"\ud83d" + after)
    events += reading.chunk(before + rb"\ude00" + after)
    events += reading.chunk(before + rb"\ud83d" + after)
    events += reading.chunk(orjson.dumps(COMPLETED))
    assert joined(events) == [Text("😀\ufffd"), STOP]


def test_tokens() -> None:
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 8,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 18,
    }
    (_, spent) = whole(response(usage=usage))
    assert isinstance(spent, Spent)
    assert spent.usage.total_input_tokens == 10
    assert spent.usage.total_output_tokens == 3
    assert spent.usage.total_thought_tokens == 5
    assert spent.usage.total_cached_tokens == 4
    assert spent.usage.total_tokens == 18


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "item",
                    "delta",
                    "output",
                    "response",
                    "content",
                    "summary",
                    "text",
                    "call_id",
                    "name",
                    "arguments",
                    "output_index",
                    "error",
                ]
            ),
            inner
            | st.sampled_from(["message", "reasoning", "function_call"])
            | st.sampled_from(["response.completed", "response.output_item.done"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JUNK)
def test_whatever_a_server_says_is_an_answer_or_a_failure(found: Any) -> None:
    data = orjson.dumps(found)
    for read in (turn().whole, turn().chunk):
        try:
            events = read(data)
        except errors.BackendError:
            continue
        assert all(not isinstance(e, Text | Thought) or e.text for e in events)
