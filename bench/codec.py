"""Micro-benchmarks of the codec: microseconds for one message, beside the alternatives.

`json` is orjson alone, which is what nobody can do without; `json_format` is protobuf's
own translation, which says something else, but shows what a generic one costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from google.protobuf import json_format

from openinteractions.gateway import sse
from openinteractions.gateway.codec import Codec
from openinteractions.v1 import (
    event_pb2,
    interaction_pb2,
    interaction_service_pb2,
)

REPEATS = 5

Request = interaction_service_pb2.CreateInteractionRequest
Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction

SMALL = {"model": "tokens-8", "input": "Say something, please."}
TOOL = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather at a place.",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["location"],
    },
}
LARGE = SMALL | {
    "input": [
        {"type": kind, "content": [{"type": "text", "text": f"Turn {turn}. " * 8}]}
        for turn in range(20)
        for kind in ("user_input", "model_output")
    ],
    "tools": [TOOL],
    "generation_config": {"temperature": 0.5, "max_output_tokens": 1000, "seed": 7},
    "system_instruction": "Be brief.",
}
EVENT = {
    "event_type": "step.delta",
    "event_id": "b3BhcXVlLWN1cnNvcg",
    "index": 1,
    "delta": {"type": "text", "text": " word"},
}
ANSWER = {
    "id": "v1_0123456789abcdef",
    "status": "completed",
    "model": "tokens-200",
    "object": "interaction",
    "created": "2026-06-01T10:00:00Z",
    "updated": "2026-06-01T10:00:05Z",
    "usage": {
        "total_input_tokens": 12,
        "total_output_tokens": 200,
        "total_tokens": 212,
    },
    "steps": [
        {
            "type": "model_output",
            "content": [{"type": "text", "text": " word" * 200}],
        }
    ],
}


def measure(seconds: float) -> dict[str, dict[str, float]]:
    """Return microseconds by case and by way; each is timed for about `seconds`."""
    codec = Codec(decoded=[Request], encoded=[Event, Interaction])
    found: dict[str, dict[str, float]] = {}
    for name, value in (("decode request", SMALL), ("decode 40 steps", LARGE)):
        data = orjson.dumps(value)
        message = codec.decode(Request, value)
        text = json_format.MessageToJson(message)
        found[name] = {
            "codec": _time(partial(_decode, codec, data), seconds),
            "json": _time(partial(orjson.loads, data), seconds),
            "json_format": _time(partial(_parse, text), seconds),
        }
    event = codec.decode(Event, EVENT, strict=False)
    answer = codec.decode(Interaction, ANSWER, strict=False)
    found["encode event"] = _encoded(
        event, EVENT, lambda: sse.frame(codec.encode(event)), seconds
    )
    found["encode interaction"] = _encoded(
        answer, ANSWER, lambda: orjson.dumps(codec.encode(answer)), seconds
    )
    found["store 40 steps"] = {
        "protobuf": _time(_copy(codec.decode(Request, LARGE)), seconds)
    }
    return found


def _decode(codec: Codec, data: bytes) -> Request:
    return codec.decode(Request, orjson.loads(data))


def _parse(text: str) -> Request:
    return json_format.Parse(text, Request())


def _encoded(
    message: Any, value: Any, encode: Callable[[], bytes], seconds: float
) -> dict[str, float]:
    return {
        "codec": _time(encode, seconds),
        "json": _time(lambda: orjson.dumps(value), seconds),
        "json_format": _time(lambda: json_format.MessageToJson(message), seconds),
    }


def _copy(request: Request) -> Callable[[], Request]:
    """Serialize and parse, as the store does with what it keeps."""
    return lambda: Request.FromString(request.SerializeToString())


def _time(work: Callable[[], object], seconds: float) -> float:
    """Return microseconds for one call: the best of a few batches."""
    began = time.perf_counter()
    work()
    once = max(time.perf_counter() - began, 1e-7)
    count = max(1, int(seconds / REPEATS / once / 2))
    best = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        for _ in range(count):
            work()
        best = min(best, (time.perf_counter() - began) / count)
    return best * 1e6
