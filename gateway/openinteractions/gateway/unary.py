"""One message as the answer: an HTTP response with a JSON body.

A client that leaves cancels the call. One that gives up on response headers after a
minute gets them in time, and then spaces, which every JSON parser skips; what fails
after that can no longer be an HTTP error, and is a failed interaction (design §5).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
from aiohttp import ClientConnectionResetError, web
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from openinteractions.gateway import revisions
from openinteractions.gateway.binding import Call
from openinteractions.gateway.clients import impatient
from openinteractions.gateway.codec import Codec
from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.upstream import Upstream

INTERACTION = "openinteractions.v1.Interaction"
"""The type of message that has revisions, and that can say that it failed."""

_LARGE_MESSAGE = 1024 * 1024
"""Bytes of a message that is written on a thread, one at a time (see `app`)."""


class UnaryCaller:
    """Makes calls with one answer.

    Args:
        upstream: the service.
        codec: has the types of all answers.
        headers_after: seconds after which an impatient client gets its headers.
        space_every: seconds between the spaces that it gets from then on.
    """

    def __init__(
        self,
        upstream: Upstream,
        codec: Codec,
        *,
        headers_after: float,
        space_every: float,
    ) -> None:
        self._upstream = upstream
        self._codec = codec
        self._headers_after = headers_after
        self._space_every = space_every
        self._writing = asyncio.Lock()

    async def answer(self, exchange: Exchange, call: Call) -> web.StreamResponse:
        """Call the RPC and return the response.

        Raises:
            StatusError: the call failed.
        """
        if call.method.output_type.full_name == INTERACTION and impatient(
            exchange.request.headers
        ):
            return await self._answer_early(exchange, call)
        message = await self._call(exchange, call)
        if message.ByteSize() < _LARGE_MESSAGE:  # as `_body` says, without the detour
            return exchange.json(self._write(call.method, message, exchange.revision))
        return exchange.json(await self._aside(call.method, message, exchange.revision))

    async def _call(self, exchange: Exchange, call: Call) -> Message:
        return await self._upstream.unary(
            call.method.name, call.message, exchange.metadata, exchange.headers
        )

    async def _body(
        self, method: MethodDescriptor, message: Message, revision: revisions.Revision
    ) -> bytes:
        if message.ByteSize() < _LARGE_MESSAGE:
            return self._write(method, message, revision)
        return await self._aside(method, message, revision)

    async def _aside(
        self, method: MethodDescriptor, message: Message, revision: revisions.Revision
    ) -> bytes:
        """Write a large message, whose size is not asked for again: that takes long."""
        async with self._writing:
            return await asyncio.to_thread(self._write, method, message, revision)

    def _write(
        self, method: MethodDescriptor, message: Message, revision: revisions.Revision
    ) -> bytes:
        value = self._codec.encode(message)
        if method.output_type.full_name == INTERACTION:
            # Python 2.3 to 2.8 stumble over an interaction without them (contract §3).
            value.setdefault("steps", [])
            value = revisions.render(value, revision)
        return orjson.dumps(value)

    async def _answer_early(self, exchange: Exchange, call: Call) -> web.StreamResponse:
        headers = exchange.response_headers("application/json")
        early = web.StreamResponse(headers=headers)
        try:
            async with self._spaces(exchange, early):
                message = await self._call(exchange, call)
            body = await self._body(call.method, message, exchange.revision)
        except Exception as error:
            if not early.prepared:
                raise
            body = orjson.dumps(_failed(exchange, error))
        if not early.prepared:
            return exchange.json(body)
        with contextlib.suppress(ClientConnectionResetError):  # the client has left
            await early.write(body)
            await early.write_eof()
        return early

    @contextlib.asynccontextmanager
    async def _spaces(
        self, exchange: Exchange, early: web.StreamResponse
    ) -> AsyncIterator[None]:
        """Send headers and spaces for as long as the block takes."""
        sending = asyncio.create_task(self._send_spaces(exchange, early))
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.wait([sending])

    async def _send_spaces(self, exchange: Exchange, early: web.StreamResponse) -> None:
        await asyncio.sleep(self._headers_after)
        with contextlib.suppress(ClientConnectionResetError):  # the client has left
            await early.prepare(exchange.request)
            while True:
                await early.write(b" ")
                await asyncio.sleep(self._space_every)


def _failed(exchange: Exchange, error: Exception) -> dict[str, Any]:
    """Return a failed interaction for a failure that comes too late for a status."""
    failed = exchange.note(error)
    value: dict[str, Any] = {
        "object": "interaction",
        "status": "failed",
        "errors": [failed.error],
        "steps": [],
    }
    return revisions.render(value, exchange.revision)
