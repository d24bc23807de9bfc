"""Bytes as the answer: what an RPC streams as `google.api.HttpBody`, piece by piece.

The status line waits for the first piece, so that early failures are HTTP errors. A
failure after that cuts the connection: nobody is to take a part for the whole. A client
that leaves ends the stream.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

from aiohttp import ClientConnectionResetError, web
from google.protobuf.message import Message

from openinteractions.gateway.binding import Call
from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.upstream import Upstream

LENGTH = "x-openinteractions-length"
"""The response header of the service that says how many bytes there are."""

_UNKNOWN = "application/octet-stream"


class Downloader:
    """Makes calls whose answer is bytes."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def answer(self, exchange: Exchange, call: Call) -> web.StreamResponse:
        """Call the RPC, send its bytes, and return the finished response.

        Raises:
            StatusError: the call failed before there were bytes.
        """
        pieces = self._upstream.stream(
            call.method.name, call.message, exchange.metadata, exchange.headers
        )
        async with contextlib.aclosing(_bodies(pieces)) as bodies:
            first = await anext(bodies, None)
            if first is None:
                raise RefusedError(
                    Reason.ERROR_REASON_INTERNAL, "The service sent nothing."
                )
            response = _response(exchange, first)
            with contextlib.suppress(ClientConnectionResetError):  # the client has left
                await response.prepare(exchange.request)
                if exchange.request.method != "HEAD":
                    await _send(exchange, response, first, bodies)
        return response


async def _send(
    exchange: Exchange,
    response: web.StreamResponse,
    first: Any,
    bodies: AsyncIterator[Any],
) -> None:
    announced = response.content_length
    sent = 0
    try:
        body = first
        while body is not None:
            sent += len(body.data)
            if body.data and (announced is None or sent <= announced):
                await response.write(body.data)
            body = await anext(bodies, None)
        _compare(sent, announced)
        await response.write_eof()
    except ClientConnectionResetError:
        raise
    except Exception as error:  # noqa: BLE001 - the status is long sent
        exchange.note(error)
        transport = exchange.request.transport
        if transport is not None:
            transport.abort()


def _compare(sent: int, announced: int | None) -> None:
    if announced is not None and sent != announced:
        raise RefusedError(
            Reason.ERROR_REASON_INTERNAL,
            f"{sent} bytes are there, and {announced} should be.",
        )


async def _bodies(
    batches: AsyncIterator[Sequence[Message]],
) -> AsyncGenerator[Any, None]:
    try:
        async for batch in batches:
            for body in batch:
                yield body
    finally:
        close = getattr(batches, "aclose", None)
        if close is not None:
            await close()


def _response(exchange: Exchange, first: Any) -> web.StreamResponse:
    headers = exchange.response_headers(first.content_type or _UNKNOWN)
    # What was uploaded is not ours: no browser is to run it as a page of this host.
    headers["Content-Disposition"] = "attachment"
    headers["X-Content-Type-Options"] = "nosniff"
    response = web.StreamResponse(headers=headers)
    length = exchange.headers.get(LENGTH, "")
    if length.isascii() and length.isdigit():
        response.content_length = int(length)
    return response
