"""The model server at the other end of the wire: prepared bytes for every request.

`tokens-N` is answered as by the backend of the benchmark: each event of a stream is an
HTTP chunk. They come in one read (`tokens-N`) or in one read each (`tokens-N-singly`),
the next of which comes only when the server has dealt with the one before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from bench.opcodes.wire import Wire

WORD = " word"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%b\r\n\r\n"


class ModelServer:
    """Answers requests on any number of wires.

    Args:
        arrivals: where the pieces of answers go (see `still.StillLoop`).
    """

    def __init__(self, arrivals: Callable[[], deque[Callable[[], None]]]) -> None:
        self._arrivals = arrivals

    def dial(self) -> Wire:
        """Return a connection to it."""
        received = bytearray()

        def written(data: bytes) -> None:
            received.extend(data)
            head, blank, body = bytes(received).partition(b"\r\n\r\n")
            if blank and len(body) >= _length(head):
                received.clear()
                self._answer(wire, orjson.loads(body))

        wire = Wire(written)
        return wire

    def _answer(self, wire: Wire, request: dict[str, Any]) -> None:
        _, count, *singly = str(request["model"]).split("-")
        if request.get("stream"):
            pieces = _stream(int(count), singly=bool(singly))
        else:
            pieces = [_whole(int(count))]
        self._arrivals().extend(partial(wire.receive, piece) for piece in pieces)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _whole(count: int) -> bytes:
    message = {"role": "assistant", "content": WORD * count}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = orjson.dumps(_frame("chat.completion", [choice], count))
    length = b"Content-Length: %d" % len(body)
    return _HEAD % (b"application/json", length) + body


def _stream(count: int, *, singly: bool) -> list[bytes]:
    deltas = [{"role": "assistant", "content": ""}, *([{"content": WORD}] * count)]
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": delta, "finish_reason": None} for delta in deltas
    ]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    kind = "chat.completion.chunk"
    frames = [_frame(kind, [choice]) for choice in choices]
    frames.append(_frame(kind, [], count))
    events = [b"data: %b\n\n" % orjson.dumps(frame) for frame in frames]
    events.append(b"data: [DONE]\n\n")
    chunks = [b"%x\r\n%b\r\n" % (len(event), event) for event in events]
    chunks[0] = (
        _HEAD % (b"text/event-stream", b"Transfer-Encoding: chunked") + chunks[0]
    )
    chunks[-1] += b"0\r\n\r\n"
    return chunks if singly else [b"".join(chunks)]


def _frame(
    kind: str, choices: list[dict[str, Any]], spent: int | None = None
) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "id": "chatcmpl-b1",
        "object": kind,
        "created": 1_790_000_000,
        "model": "tokens",
        "choices": choices,
    }
    if spent is not None:
        frame["usage"] = {
            "prompt_tokens": 12,
            "completion_tokens": spent,
            "total_tokens": spent + 12,
        }
    return frame
