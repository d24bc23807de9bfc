"""What readers were told is taken for whole only when it is."""

from __future__ import annotations

import json

import pytest

from bench.callers import CallerError, told

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def stream(*events: dict[str, object], end: bytes = b"0\r\n\r\n") -> bytes:
    texts = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
    chunks = [b"%x\r\n%b\r\n" % (len(text), text) for text in texts]
    return HEAD + b"".join(chunks) + end


def event(number: int, kind: str, **members: object) -> dict[str, object]:
    return {"event_id": str(number), "event_type": kind, **members}


def delta(number: int, text: str) -> dict[str, object]:
    return event(number, "step.delta", delta={"type": "text", "text": text})


START = event(0, "step.start")
END = event(9, "interaction.completed")


def test_texts_are_joined_and_events_counted() -> None:
    found = told(stream(START, delta(1, " a"), delta(2, " b"), END))

    assert (found.events, found.text) == (4, " a b")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 503 no\r\n\r\n{}", "503"),
        (stream(START, delta(1, " a"), END, end=b""), "cut"),
        (stream(START, delta(1, " a")), "begun and ended"),
        (stream(START, delta(1, " a"), START, END), "begun and ended"),
        (stream(START, delta(1, " a"), delta(1, " a"), END), "twice"),
    ],
)
def test_what_is_not_whole_is_refused(said: bytes, why: str) -> None:
    with pytest.raises(CallerError, match=why):
        told(said)
