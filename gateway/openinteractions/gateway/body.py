"""The body of a request, read and decompressed up to a limit.

What is sent and what it inflates to are both counted while they come, so that a small
body cannot become a large one first and be refused after. Inflating takes turns with
the other requests. Large bodies wait for room first.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from openinteractions.gateway.errors import Reason, RefusedError, unknown_word
from openinteractions.gateway.room import RETRY_SECONDS, SMALL_BYTES, Room

ENCODINGS = ("gzip", "deflate")
"""Those that a body may have; `x-gzip` is an old name of the first."""

PIECE_BYTES = 256 * 1024
"""How much is inflated at once."""

IDLE_SECONDS = 120.0
"""How long nothing of a body may come."""

_GZIP = 16 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS

# The low half of a zlib header's first byte. Some clients send deflate without header.
_METHOD_BITS, _DEFLATED = 0x0F, 8


async def read_body(
    request: web.BaseRequest, limit: int, room: Room | None = None
) -> bytes:
    """Return the body of a request, decompressed.

    A body that is announced as too large is not read at all; one that turns out to be
    is read no further. It takes room until its request leaves.

    Raises:
        RefusedError: it has more than `limit` bytes, as sent or decompressed
            (too_large), is damaged, stops coming, has an encoding that is not
            supported, or there is no room for it (unavailable).
    """
    inflater = _inflater(request)
    announced = request.content_length
    if announced is not None:
        if announced > limit:
            raise _too_large(limit)
        if announced > SMALL_BYTES:
            await _enter(room, request, announced)
    await invite(request)
    try:
        chunks = await _chunks(request, inflater, limit, room)
    except (web.RequestPayloadError, HttpProcessingError, zlib.error):
        raise _refused("The request body cannot be decoded.") from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def pieces(request: web.BaseRequest) -> AsyncIterator[bytes]:
    """Yield the body of a request as it comes, decompressed, however long it is.

    What is not asked for is not read: whoever sends faster is made to wait.

    Raises:
        RefusedError: it is damaged, or has an encoding that is not supported.
    """
    inflater = _inflater(request)
    await invite(request)
    try:
        while chunk := await request.content.readany():
            if inflater is None:
                yield chunk
                continue
            for piece in inflater.feed(chunk):
                yield piece
                await asyncio.sleep(0)
        if inflater is not None:
            inflater.end()
    except (web.RequestPayloadError, HttpProcessingError, zlib.error):
        raise _refused("The request body cannot be decoded.") from None


async def invite(request: web.BaseRequest) -> None:
    """Tell a client to send the body, if it waits to be told."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the response has not begun


async def _next(content: StreamReader) -> bytes:
    """Return what has come of a body, waiting for something; empty at the end."""
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            return await content.readany()
    except TimeoutError:
        raise _refused("The request body has stopped coming.") from None


async def _enter(room: Room | None, request: web.BaseRequest, size: int) -> None:
    if room is None:
        return
    try:
        await room.enter(request, size)
    except TimeoutError:
        raise RefusedError(
            Reason.ERROR_REASON_UNAVAILABLE,
            "The server is busy with other large requests; try again later.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        ) from None


async def _chunks(
    request: web.BaseRequest,
    inflater: Inflater | None,
    limit: int,
    room: Room | None,
) -> list[bytes]:
    chunks = []
    sent = inflated = 0
    content = request.content
    # Nearly always all of it has come.
    while chunk := await (content.readany() if content.is_eof() else _next(content)):
        sent += len(chunk)
        if sent > limit:
            raise _too_large(limit)
        if sent > SMALL_BYTES:
            await _enter(room, request, sent)
        if inflater is None:
            chunks.append(chunk)
            continue
        for piece in inflater.feed(chunk):
            inflated += len(piece)
            if inflated > limit:
                raise _too_large(limit)
            if inflated > SMALL_BYTES:
                await _enter(room, request, inflated)
            chunks.append(piece)
            await asyncio.sleep(0)
    if inflater is not None:
        inflater.end()
    return chunks


class Inflater:
    """Decompresses one body, which comes in chunks.

    Args:
        encoding: `gzip`, perhaps of several members, or `deflate`, with or without its
            zlib header.
    """

    def __init__(self, encoding: str) -> None:
        self._gzip = encoding == "gzip"
        self._stream: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what a chunk of at least one byte inflates to, in pieces.

        Raises:
            zlib.error: it is damaged, or something follows the end.
        """
        stream = self._stream or self._begin(data)
        while True:
            if stream.eof:
                if not self._gzip:
                    raise zlib.error("data behind the end")
                stream = self._begin(data)
            piece = stream.decompress(data, PIECE_BYTES)
            if piece:
                yield piece
            data = stream.unused_data if stream.eof else stream.unconsumed_tail
            # A full piece may leave output behind, even with no input left.
            if not data and (stream.eof or len(piece) < PIECE_BYTES):
                return

    def _begin(self, data: bytes) -> zlib._Decompress:
        bits = _GZIP
        if not self._gzip:
            wrapped = data[0] & _METHOD_BITS == _DEFLATED
            bits = zlib.MAX_WBITS if wrapped else _RAW
        self._stream = zlib.decompressobj(bits)
        return self._stream

    def end(self) -> None:
        """Say that there are no more chunks; a body may have none.

        Raises:
            zlib.error: the data has not come to its end.
        """
        if self._stream is not None and not self._stream.eof:
            raise zlib.error("no end")


def _inflater(request: web.BaseRequest) -> Inflater | None:
    lines = request.headers.getall("Content-Encoding", ())
    if not lines:
        return None
    words = [word.strip().lower() for line in lines for word in line.split(",")]
    words = [word for word in words if word not in {"", "identity"}]
    if not words:
        return None
    encoding = ", ".join(words).removeprefix("x-")
    if encoding not in ENCODINGS:
        error = unknown_word(encoding, ENCODINGS)
        raise _refused(error.message("Content-Encoding"))
    return Inflater(encoding)


def _refused(message: str) -> RefusedError:
    return RefusedError(Reason.ERROR_REASON_INVALID_REQUEST, message)


def _too_large(limit: int) -> RefusedError:
    return RefusedError(
        Reason.ERROR_REASON_TOO_LARGE,
        f"The request body is larger than {limit} bytes.",
    )
