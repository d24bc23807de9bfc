"""Reads a body piece by piece, under limits of size and type.

Both the bytes that come and the bytes that they expand to are counted; expanding never
makes more than what is still allowed. The type is judged as soon as enough has come,
so that nobody waits for gigabytes of the wrong thing.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Collection
from typing import Protocol

from openinteractions.core import mime
from openinteractions.tools.egress.refusal import Failure, Refusal

OCTETS = "application/octet-stream"

_PIECE_BYTES = 8 * 1024

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class _Expander(Protocol):
    def expand(self, data: bytes, most: int) -> bytes:
        """Return what the bytes expand to; if that is more than `most`, `most` + 1."""

    def end(self) -> None:
        """Raise Failure if more should have come."""


async def read(
    chunks: AsyncIterable[bytes],
    *,
    encoding: str,
    declared: str | None,
    limit: int,
    mime_types: Collection[str] | None,
) -> tuple[bytes, str]:
    """Return the whole body, expanded, and its type.

    Args:
        chunks: the body as it comes.
        encoding: the answer's `Content-Encoding`.
        declared: the answer's `Content-Type`.
        limit: the most bytes, before and after expanding.
        mime_types: as in `engine.media_ports.Egress.fetch`.

    Raises:
        Refusal: there is more than `limit`, or it is of another type.
        Failure: it is empty, or broken.
    """
    expander = _expander(encoding)
    data = bytearray()
    came = 0
    judged = mime_types is None
    pieces = chunks if isinstance(expander, _Plain) else _pieces(chunks)
    async for piece in pieces:
        came += len(piece)
        data += expander.expand(piece, limit - len(data))
        if max(came, len(data)) > limit:
            raise too_large(limit)
        if not judged and len(data) >= mime.HEAD_BYTES:
            _judge(declared, data, mime_types)
            judged = True
    expander.end()
    if not data:
        raise Failure("there is nothing at it")
    whole = bytes(data)
    return whole, _judge(declared, whole, mime_types)


async def _pieces(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Cut chunks small, and let others have the loop in between.

    A few kilobytes may expand to a thousand times as much.
    """
    async for chunk in chunks:
        for start in range(0, len(chunk), _PIECE_BYTES):
            yield chunk[start : start + _PIECE_BYTES]
            await asyncio.sleep(0)


def too_large(limit: int) -> Refusal:
    """Return the refusal of a body above the limit."""
    return Refusal(f"what stands there has more than {limit} bytes")


def _judge(
    declared: str | None, data: bytes | bytearray, wanted: Collection[str] | None
) -> str:
    found = mime.settle(declared, bytes(data[: mime.HEAD_BYTES]))
    if wanted is None:
        return found or OCTETS
    essences = {mime.essence(entry) for entry in wanted}
    family = (found or "").partition("/")[0]
    if found is not None and not essences.isdisjoint({found, f"{family}/*"}):
        return found
    names = ", ".join(sorted(wanted))
    what = f"is {found[:80]}" if found else "has a type that cannot be told"
    raise Refusal(f"what stands there {what}; here it has to be one of: {names}")


def _expander(encoding: str) -> _Expander:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case other:
            raise Failure(f'it came in an encoding not asked for, "{other[:20]}"')


class _Plain:
    def expand(self, data: bytes, most: int) -> bytes:
        return data[: most + 1]

    def end(self) -> None:
        pass


class _Gzip:
    """One or more members, one after the other."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._inside = False

    def expand(self, data: bytes, most: int) -> bytes:
        expanded = bytearray()
        while data and len(expanded) <= most:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP_WINDOW)
            expanded += _expand(self._member, data, most + 1 - len(expanded))
            data = self._member.unused_data
        self._inside = not self._member.eof
        return bytes(expanded)

    def end(self) -> None:
        if self._inside:
            raise Failure("its body ended too early")


class _Deflate:
    """With the frame that the standard wants, or without it, as some send it."""

    def __init__(self) -> None:
        self._stream: zlib._Decompress | None = None

    def expand(self, data: bytes, most: int) -> bytes:
        if self._stream is None:
            if not data:
                return b""
            framed = data[0] & 0x0F == zlib.DEFLATED
            self._stream = zlib.decompressobj(
                zlib.MAX_WBITS if framed else -zlib.MAX_WBITS
            )
        return _expand(self._stream, data, most + 1)

    def end(self) -> None:
        if self._stream is not None and not self._stream.eof:
            raise Failure("its body ended too early")


def _expand(stream: zlib._Decompress, data: bytes, most: int) -> bytes:
    try:
        return stream.decompress(data, most)
    except zlib.error:
        raise Failure("its body is not compressed as its server says") from None
