"""Streams of the chat dialect: as a server writes them, and what is read."""

from __future__ import annotations

import asyncio

import orjson

from openinteractions.core.model_events import ModelEvent
from openinteractions.models.chat.model import Chat
from tests.clock import WAIT_SECONDS
from tests.models.asking import asked
from tests.models.events import flat


async def stream(chat: Chat, model: str, **members: object) -> list[ModelEvent]:
    async with asyncio.timeout(WAIT_SECONDS):
        return flat([batch async for batch in chat.stream(asked(model, **members))])


def data(delta: object, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"
