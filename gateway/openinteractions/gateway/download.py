"""Bytes as the answer: what an RPC streams as `google.api.HttpBody`, piece by piece.

The status line waits for the first piece, so that early failures are HTTP errors. A
failure after that cuts the connection: nobody is to take a part for the whole. A client
that leaves ends the stream.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientConnectionResetError, web
from google.protobuf.message import Message

from openinteractions.gateway.binding import Call
from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.upstream import Upstream

LENGTH = "x-openinteractions-length"
"""The response header of the service that says how many bytes there are."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

_UNKNOWN = "application/octet-stream"


class Downloader:
    """Makes calls whose answer is bytes."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def answer(self, exchange: Exchange, call: Call) -> web.StreamResponse:
        """Call the RPC, send its bytes, and return the finished response.

        Of one range of the bytes only that is sent, when their number is known; other
        ranges are not followed.

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
            extent = _extent(exchange)
            response = _response(exchange, first.content_type, extent)
            with contextlib.suppress(ClientConnectionResetError):  # the client has left
                await response.prepare(exchange.request)
                if exchange.request.method != "HEAD":
                    parts = _parts(_data(first, bodies), extent)
                    await _send(exchange, response, parts)
        return response


@dataclass(frozen=True, slots=True)
class _Extent:
    """Which of the bytes are sent."""

    length: int | None
    """How many there are, when that is known."""
    begin: int = 0
    end: int | None = None
    """Where the part ends that is asked for; None for all of them."""


async def _send(
    exchange: Exchange, response: web.StreamResponse, parts: AsyncIterator[bytes]
) -> None:
    try:
        async for part in parts:
            if part:
                await response.write(part)
        await response.write_eof()
    except ClientConnectionResetError:
        raise
    except Exception as error:  # noqa: BLE001 - the status is long sent
        exchange.note(error)
        transport = exchange.request.transport
        if transport is not None:
            transport.abort()


async def _parts(data: AsyncIterator[bytes], extent: _Extent) -> AsyncIterator[bytes]:
    """Yield the bytes that are sent; fail unless there are as many as was said."""
    seen = 0
    async for piece in data:
        before, seen = seen, seen + len(piece)
        if extent.end is not None:
            yield piece[max(extent.begin - before, 0) : extent.end - before]
            if seen >= extent.end:
                return
        elif extent.length is not None and seen > extent.length:
            break
        else:
            yield piece
    if extent.length is not None and seen != extent.length:
        raise RefusedError(
            Reason.ERROR_REASON_INTERNAL,
            f"{seen} bytes are there, and {extent.length} should be.",
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


async def _data(first: Any, bodies: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    yield first.data
    async for body in bodies:
        yield body.data


def _extent(exchange: Exchange) -> _Extent:
    text = exchange.headers.get(LENGTH, "")
    if not (text.isascii() and text.isdigit()):
        return _Extent(None)
    length = int(text)
    headers = exchange.request.headers
    asked = _RANGE.fullmatch(headers.get("Range", ""))
    if asked is None or asked[0] == "bytes=-" or "If-Range" in headers:
        return _Extent(length)
    begin, end = 0, length
    if asked[1]:
        begin = int(asked[1])
        end = min(int(asked[2]) + 1, length) if asked[2] else length
    else:
        begin = max(length - int(asked[2]), 0)
    return _Extent(length, begin, end) if begin < end else _Extent(length)


def _response(
    exchange: Exchange, content_type: str, extent: _Extent
) -> web.StreamResponse:
    headers = exchange.response_headers(content_type or _UNKNOWN)
    # What was uploaded is not ours: no browser is to run it as a page of this host.
    headers["Content-Disposition"] = "attachment"
    headers["X-Content-Type-Options"] = "nosniff"
    response = web.StreamResponse(headers=headers)
    response.content_length = extent.length
    if extent.length is not None:
        response.headers["Accept-Ranges"] = "bytes"
    if extent.end is not None:
        response.set_status(206)
        response.content_length = extent.end - extent.begin
        last = f"{extent.begin}-{extent.end - 1}/{extent.length}"
        response.headers["Content-Range"] = f"bytes {last}"
    return response
