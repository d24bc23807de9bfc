"""The body of an answer under way, read by read.

Closing it closes the connection, unless the answer was read to its end: then the
connection has gone back to be used again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp

from openinteractions.models.transport.failures import Failures

LINGER_SECONDS = 0.25
"""How long a finished stream may take to end properly. Ending takes no time at all
where it happens, and saves opening a connection for the next request."""


class Answer:
    """A successful answer whose body is still to come.

    Args:
        response: the answer, its head read.
        failures: makes the errors.
        max_bytes: the largest body.
        between_chunks: seconds between reads, from the first on.
    """

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        *,
        failures: Failures,
        max_bytes: int,
        between_chunks: float,
    ) -> None:
        self._response = response
        self._content = response.content
        self._failures = failures
        self._left = max_bytes
        self._between_chunks = between_chunks
        self._begun = False

    @property
    def content_type(self) -> str:
        """What the body is, without parameters."""
        return self._response.content_type

    def header(self, name: str) -> str:
        """Return a header; empty when there is none."""
        return self._response.headers.get(name, "")

    async def read(self) -> bytes:
        """Return what has arrived, at least one byte; empty at the end.

        Raises:
            BackendError: the body broke off, took too long or is too large.
        """
        try:
            read = await self._content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise self._failures.from_exception(error) from error
        self._left -= len(read)
        if self._left < 0:
            raise self._failures.broken("answered with more than can be read")
        if not self._begun:
            self._begun = True
            self._tighten()
        return read

    async def rest(self) -> bytes:
        """Return everything that has not been read. Raises what `read` raises."""
        reads = []
        while read := await self.read():
            reads.append(read)
        return b"".join(reads)

    async def finish(self) -> None:
        """Wait for the end of a body that has nothing of interest left."""
        with suppress(aiohttp.ClientError, OSError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._content.at_eof() and await self._content.readany():
                    pass

    def close(self) -> None:
        """Stop reading."""
        self._response.close()

    def _tighten(self) -> None:
        """Go over from the time for the first byte to the time between reads."""
        connection = self._response.connection
        protocol = connection.protocol if connection is not None else None
        if protocol is not None:
            protocol.read_timeout = self._between_chunks
            protocol.start_timeout()
