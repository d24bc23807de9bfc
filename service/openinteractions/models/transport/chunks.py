"""The chunks of a streamed answer, joined before aiohttp sees them.

Model servers send each event as an HTTP chunk of its own, and each chunk costs aiohttp
five calls in Python, however many come in one read. So those of one read are made one.
All else goes on as it came, broken framing included: aiohttp judges it.
"""

from __future__ import annotations

import asyncio
import re

_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")

_LARGEST_HEAD = 64 * 1024
_LONGEST_SIZE = 128
"""Bytes of a line with a size that is waited for; extensions are next to unknown."""


class ChunkJoiner(asyncio.Protocol):
    """Stands between a connection and its protocol.

    Args:
        protocol: what the connection was made for.
    """

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self.begin()

    def begin(self) -> None:
        """Expect the head of an answer next."""
        self._head: bytes | None = b""
        self._chunked = False
        self._left = 0
        """Bytes to come of a chunk that has begun, with the line break behind it."""
        self._line = b""
        """The beginning of a line with a size."""

    def data_received(self, data: bytes) -> None:
        """Take a read, and hand it on."""
        if self._head is not None:
            body = self._find_body(data)
            if self._chunked:
                data = data[:body] + self._joined(data[body:])
        elif self._chunked:
            data = self._joined(data)
        if data:
            self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand it on."""
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand it on."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Hand it on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Hand it on."""
        self._protocol.resume_writing()

    def _find_body(self, data: bytes) -> int:
        """Return where in a read the body begins, at its end if not in it."""
        assert self._head is not None  # noqa: S101 - for the type checker
        head = self._head + data
        end = head.find(b"\r\n\r\n")
        if end < 0:
            self._head = head if len(head) <= _LARGEST_HEAD else None
            return len(data)
        # What follows an interim answer is another head; those are too rare to join.
        interim = head.startswith(b"HTTP/1.1 1")
        self._chunked = not interim and bool(_CHUNKED.search(head, 0, end + 2))
        begin = end + 4 - len(self._head)
        self._head = None
        return begin

    def _joined(self, data: bytes) -> bytes:
        """Return a read of the body with all chunks that are whole made one."""
        if self._line:
            data, self._line = self._line + data, b""
        begin = 0
        if self._left:
            begin = min(self._left, len(data))
            self._left -= begin
        at = begin
        pieces: list[bytes] = []
        while line := _SIZE.match(data, at):
            start = line.end()
            end = start + int(line[1], 16)
            if end == start or not data.startswith(b"\r\n", end):
                self._left = end + 2 - len(data)
                # What has no more to come is the last chunk, or no chunk.
                self._chunked = end > start and self._left > 0
                break
            pieces.append(data[start:end])
            at = end + 2
        else:
            if at < len(data):
                data = self._without_line(data, at)
        if len(pieces) < 2:  # noqa: PLR2004 - nothing to join
            return data
        joined = b"".join(pieces)
        return b"%b%x\r\n%b\r\n%b" % (data[:begin], len(joined), joined, data[at:])

    def _without_line(self, data: bytes, at: int) -> bytes:
        """Keep the beginning of a line with a size for the next read, if it is one."""
        if len(data) - at > _LONGEST_SIZE or b"\n" in data[at:]:
            self._chunked = False
            return data
        self._line = data[at:]
        return data[:at]
