"""The HTTP face of the scripted model server, and the doors that tests look through.

`POST /v1/chat/completions`, `POST /v1/responses` and `GET /v1/models` are OpenAI's.
The doors: `GET /_seen` and `GET /_requests` (what arrived for a model name),
`GET /_active` (how many of its answers are under way), `GET /_waiting` (returns once
an answer of that name waits for a release), `POST /_release` (lets `chunks` more
through, or all). Waits are bounded.
"""

from __future__ import annotations

import asyncio
import collections
import json

from aiohttp import web

from tests.backend import scripts
from tests.backend.dialects import Chat, Dialect, Responses, Said
from tests.backend.reply import (
    Ending,
    Failure,
    Json,
    Silence,
    frame,
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

    def record(self, model: str, request: web.Request, asked: Json, chat: Json) -> int:
        """Remember a request; give how many this model name has had."""
        self.seen[model] += 1
        kept = self.requests.setdefault(model, collections.deque(maxlen=_KEPT_REQUESTS))
        headers = {name.lower(): value for name, value in request.headers.items()}
        kept.append({"headers": headers, "body": asked, "chat": chat})
        return self.seen[model]

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/chat/completions`."""
        return await self._answer(request, Chat())

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/responses`."""
        return await self._answer(request, Responses())

    async def _answer(
        self, request: web.Request, dialect: Dialect
    ) -> web.StreamResponse:
        try:
            asked = await request.json()
        except json.JSONDecodeError:
            return fail(Failure(400, "We could not parse the JSON body."))
        model = str(asked.get("model", ""))
        wrong = dialect.check(asked)
        chat = asked if wrong else dialect.as_chat(asked)
        number = self.record(model, request, asked, chat)
        self.active[model] += 1
        try:
            if wrong:
                return fail(wrong)
            answer = scripts.answer(model, chat, seen=number)
            match answer:
                case Failure():
                    return fail(answer)
                case Silence():
                    return await stay_silent(request, answer)
            said = Said(answer, asked, self.seen.total())
            if asked.get("stream"):
                return await self._stream(request, dialect, said)
            return await self._whole(request, dialect, said)
        finally:
            self.active[model] -= 1

    async def _whole(
        self, request: web.Request, dialect: Dialect, said: Said
    ) -> web.StreamResponse:
        reply = said.reply
        if reply.paced:
            for _ in reply.text[1:]:
                await self._pass(said.asked)
        data = json.dumps(dialect.whole(said))
        if reply.ending in {Ending.WHOLE, Ending.NO_DONE}:
            return web.Response(text=data, content_type="application/json")
        if reply.ending is Ending.ERROR:
            return fail(Failure(500, "Scripted failure.", type="server_error"))
        if reply.ending is Ending.GARBAGE:
            return web.Response(text=data[:-9], content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(data)
        await response.prepare(request)
        await response.write(data[: len(data) // 2].encode())
        cut(request)
        return response

    async def _stream(
        self, request: web.Request, dialect: Dialect, said: Said
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        reply = said.reply
        for data in dialect.beginning(said):
            await response.write(data)
        for at, data in enumerate(dialect.content(said)):
            if reply.paced and at > 0:
                await self._pass(said.asked)
            await response.write(data)
        for raw in reply.raw_chunks:
            await response.write(frame(raw))
        match reply.ending:
            case Ending.CUT:
                cut(request)
                return response
            case Ending.ERROR:
                failure = Failure(500, "Scripted failure.", type="server_error")
                await response.write(frame(failure.body()))
                return response
            case Ending.GARBAGE:
                await response.write(frame('{"choices": [{"index": 0, "del'))
                return response
        for data in dialect.ending(said):
            await response.write(data)
        return response

    async def _pass(self, asked: Json) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            await self.gate(asked["model"]).enter()


async def stay_silent(request: web.Request, answer: Silence) -> web.StreamResponse:
    """Give no answer, in one of the ways there are."""
    if answer is Silence.HANG:
        # Cancelled when the caller leaves; the bound only guards a forgotten test.
        await asyncio.sleep(WAIT_SECONDS)
    cut(request)
    return web.Response()


def cut(request: web.Request) -> None:
    """Close the connection."""
    # Not aborted: a reset may take bytes with it that were sent before.
    if request.transport is not None:
        request.transport.close()


def fail(failure: Failure) -> web.Response:
    """Answer with an error."""
    return web.json_response(
        failure.body(), status=failure.status, headers=failure.headers
    )
