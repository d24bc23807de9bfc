"""The HTTP face of the scripted model server, and the doors that tests look through.

`POST /v1/chat/completions` and `GET /v1/models` are OpenAI's. The doors: `GET /_seen`
and `GET /_requests` (what arrived for a model name), `GET /_active` (how many of its
answers are under way), `GET /_waiting` (returns once an answer of that name waits for
a release), `POST /_release` (lets `chunks` more through, or all). Waits are bounded.
"""

from __future__ import annotations

import asyncio
import collections
import json

from aiohttp import web

from tests.backend import conversation, scripts
from tests.backend.reply import (
    Ending,
    Failure,
    Json,
    Reply,
    Silence,
    body,
    chunk,
    deltas,
    frame,
    usage_chunk,
)

WAIT_SECONDS = 30.0
"""The longest that a door or a paced answer waits."""

_KEPT_REQUESTS = 32


class Gate:
    """Lets the chunks of paced answers of one model name through, as released."""

    def __init__(self) -> None:
        self.permits = 0
        self.waiting = 0
        self.changed = asyncio.Condition()

    async def release(self, chunks: int) -> None:
        """Let that many more chunks through."""
        async with self.changed:
            self.permits += chunks
            self.changed.notify_all()

    async def enter(self) -> None:
        """Wait for one permit and use it."""
        async with self.changed:
            self.waiting += 1
            self.changed.notify_all()
            try:
                await self.changed.wait_for(lambda: self.permits > 0)
            finally:
                self.waiting -= 1
            self.permits -= 1

    async def occupied(self) -> None:
        """Return once an answer waits here."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.waiting > 0)


class Backend:
    """State of one server: what it saw, and the gates of paced answers."""

    def __init__(self) -> None:
        self.seen: collections.Counter[str] = collections.Counter()
        self.active: collections.Counter[str] = collections.Counter()
        self.requests: dict[str, collections.deque[Json]] = {}
        self.gates: dict[str, Gate] = {}

    def gate(self, model: str) -> Gate:
        """Give the gate of a model name."""
        return self.gates.setdefault(model, Gate())

    def record(self, model: str, request: web.Request, asked: Json) -> int:
        """Remember a request; give how many this model name has had."""
        self.seen[model] += 1
        kept = self.requests.setdefault(model, collections.deque(maxlen=_KEPT_REQUESTS))
        headers = {name.lower(): value for name, value in request.headers.items()}
        kept.append({"headers": headers, "body": asked})
        return self.seen[model]

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/chat/completions`."""
        try:
            asked = await request.json()
        except json.JSONDecodeError:
            return _fail(Failure(400, "We could not parse the JSON body."))
        model = str(asked.get("model", ""))
        number = self.record(model, request, asked)
        self.active[model] += 1
        try:
            wrong = conversation.check(asked)
            if wrong:
                return _fail(wrong)
            answer = scripts.answer(model, asked, seen=number)
            match answer:
                case Failure():
                    return _fail(answer)
                case Silence():
                    return await _stay_silent(request, answer)
            if asked.get("stream"):
                return await self._stream(request, asked, answer)
            return await self._whole(request, asked, answer)
        finally:
            self.active[model] -= 1

    async def _whole(
        self, request: web.Request, asked: Json, reply: Reply
    ) -> web.StreamResponse:
        if reply.paced:
            for _ in reply.text[1:]:
                await self._pass(asked)
        data = json.dumps(body(reply, model=asked["model"], number=self.seen.total()))
        if reply.ending in {Ending.WHOLE, Ending.NO_DONE}:
            return web.Response(text=data, content_type="application/json")
        if reply.ending is Ending.ERROR:
            return _fail(Failure(500, "Scripted failure.", type="server_error"))
        if reply.ending is Ending.GARBAGE:
            return web.Response(text=data[:-9], content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(data)
        await response.prepare(request)
        await response.write(data[: len(data) // 2].encode())
        _cut(request)
        return response

    async def _stream(
        self, request: web.Request, asked: Json, reply: Reply
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        head: Json = {"model": asked["model"], "number": self.seen.total()}
        pieces = deltas(Reply() if reply.raw_chunks else reply)
        for at, delta in enumerate(pieces):
            if reply.paced and at > 1:  # 0 is the role, 1 the first content
                await self._pass(asked)
            await response.write(frame(chunk(delta, **head)))
        for raw in reply.raw_chunks:
            await response.write(frame(raw))
        match reply.ending:
            case Ending.CUT:
                _cut(request)
                return response
            case Ending.ERROR:
                failure = Failure(500, "Scripted failure.", type="server_error")
                await response.write(frame(failure.body()))
                return response
            case Ending.GARBAGE:
                await response.write(frame('{"choices": [{"index": 0, "del'))
                return response
        await response.write(frame(chunk({}, finish=reply.finish, **head)))
        options = asked.get("stream_options") or {}
        if reply.usage and options.get("include_usage"):
            await response.write(frame(usage_chunk(reply, **head)))
        if reply.ending is Ending.WHOLE:
            await response.write(frame("[DONE]"))
        return response

    async def _pass(self, asked: Json) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            await self.gate(asked["model"]).enter()


async def _stay_silent(request: web.Request, answer: Silence) -> web.StreamResponse:
    if answer is Silence.HANG:
        # Cancelled when the caller leaves; the bound only guards a forgotten test.
        await asyncio.sleep(WAIT_SECONDS)
    _cut(request)
    return web.Response()


def _cut(request: web.Request) -> None:
    # Not aborted: a reset may take bytes with it that were sent before.
    if request.transport is not None:
        request.transport.close()


def _fail(failure: Failure) -> web.Response:
    return web.json_response(
        failure.body(), status=failure.status, headers=failure.headers
    )
