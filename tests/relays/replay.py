"""A server that answers as the contract's fixtures say: a small Google."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

FIXTURES = Path(__file__).parents[1] / "fixtures" / "contract"

Answer = dict[str, Any]


def fixture(name: str) -> dict[str, Any]:
    """Return a fixture."""
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return found


def names(*families: str) -> list[str]:
    """Return the names of all fixtures of some families."""
    return sorted(
        path.stem for path in FIXTURES.glob("*.json") if path.stem.startswith(families)
    )


def answers(name: str) -> list[Answer]:
    """Return the canned answers of a fixture."""
    found = fixture(name)
    return list(found.get("responses") or [found["response"]])


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Replay:
    """What is answered, and what was asked.

    Answers are taken in turn, the last one again and again.
    """

    answers: list[Answer]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Lets answers go on that wait."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        text = await request.text()
        self.asked.append(
            Asked(
                request.method,
                request.path,
                dict(request.query),
                {name.lower(): value for name, value in request.headers.items()},
                json.loads(text) if text else None,
            )
        )
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await send(request, answer, self.released)


async def send(
    request: web.Request, answer: Answer, released: asyncio.Event
) -> web.StreamResponse:
    """Send a canned answer."""
    headers = dict(answer.get("headers", {}).items())
    streams = "sse" in answer or "sse_raw" in answer
    if "json" in answer:
        headers.setdefault("Content-Type", "application/json")
    elif streams:
        headers.setdefault("Content-Type", "text/event-stream")
    else:
        headers.setdefault("Content-Type", "text/plain")
    response = web.StreamResponse(status=answer.get("status", 200), headers=headers)
    await response.prepare(request)
    for chunk in _chunks(answer):
        await response.write(chunk)
        await asyncio.sleep(0)
    if answer.get("waits"):
        await released.wait()
    if answer.get("abort"):
        assert request.transport is not None
        request.transport.abort()
    if answer.get("hangs"):
        await asyncio.Event().wait()
    await response.write_eof()
    return response


def _chunks(answer: Answer) -> Iterator[bytes]:
    if "json" in answer:
        yield json.dumps(answer["json"]).encode()
    elif "text" in answer:
        yield answer["text"].encode()
    elif "sse_raw" in answer:
        raw = answer["sse_raw"].encode()
        size = answer.get("chunk_bytes") or len(raw)
        for start in range(0, len(raw), size):
            yield raw[start : start + size]
    else:
        for block in answer.get("sse", []):
            yield _block(block)


def _block(block: dict[str, Any]) -> bytes:
    lines = []
    if "comment" in block:
        lines.append(f": {block['comment']}")
    if "id" in block:
        lines.append(f"id: {block['id']}")
    data = block.get("data")
    event = block.get("event")
    if event is None and isinstance(data, dict):
        event = data.get("event_type")
    if event is not None and not block.get("no_event"):
        lines.append(f"event: {event}")
    if data is not None:
        text = data if isinstance(data, str) else json.dumps(data)
        lines.append(f"data: {text}")
    return ("\n".join(lines) + "\n\n").encode()


def said(answer: Answer) -> list[Any]:
    """Return the events that clients are to read in a canned stream."""
    if "sse_raw" not in answer:
        found = []
        for block in answer["sse"]:
            if block.get("data") == "[DONE]":
                break
            if isinstance(block.get("data"), dict):
                found.append(block["data"])
        return found
    return events(answer["sse_raw"])


def events(text: str) -> list[Any]:
    """Return the events of a stream's text, up to `[DONE]`."""
    found = []
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for block in text.split("\n\n"):
        lines = [
            re.sub(r"^data:? ?", "", line)
            for line in block.split("\n")
            if line.startswith("data")
        ]
        data = "\n".join(lines)
        if data == "[DONE]":
            break
        if data:
            found.append(json.loads(data))
    return found


@asynccontextmanager
async def replaying(*answers: Answer) -> AsyncIterator[Replay]:
    """Serve canned answers."""
    replay = Replay(list(answers))
    app = web.Application(client_max_size=2**28)
    app.router.add_route("*", "/{tail:.*}", replay.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        replay.url = f"http://{host}:{port}/v1beta"
        yield replay
    finally:
        await runner.cleanup()
