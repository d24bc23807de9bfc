"""What chat servers write, read in one turn."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from openinteractions.core.model_events import (
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
)
from openinteractions.models.chat.response import Turn
from openinteractions.models.profile import Profile
from openinteractions.models.transport.failures import Failures

STOP, CALLS = Finish(FinishReason.STOP), Finish(FinishReason.CALLS)
SIGNED = Signature(
    base64.b64encode(b'{"version":1,"dialect":"chat","item":{}}').decode()
)


def turn(profile: Profile | None = None) -> Turn:
    return Turn(profile or Profile(), Failures("vllm"))


def chunk(delta: Any, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return orjson.dumps({"id": "1", "choices": [choice]})


def streamed(*chunks: bytes, profile: Profile | None = None) -> list[ModelEvent]:
    reading = turn(profile)
    events = [event for data in chunks for event in reading.chunk(data)]
    return events + reading.end()
