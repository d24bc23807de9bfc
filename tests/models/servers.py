"""Model servers for tests, on real sockets: the scripted one, and one of raw bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from tests.backend.app import Backend
from tests.backend.doors import application
from tests.clock import WAIT_SECONDS


@asynccontextmanager
async def scripted_backend(backend: Backend | None = None) -> AsyncIterator[str]:
    """Serve `tests.backend`; give its base URL."""
    runner = web.AppRunner(application(backend), handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()


class Connection:
    """One connection to a server of raw bytes."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        silent: asyncio.Event,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._silent = silent

    async def request(self) -> tuple[str, bytes]:
        """Read one request; give its head and its body."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.lower().split("\r\n")
        length = next(line for line in lines if line.startswith("content-length:"))
        return head, await self._reader.readexactly(int(length.partition(":")[2]))

    async def write(self, *pieces: bytes) -> None:
        """Write pieces, each for itself."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()

    async def closed(self) -> None:
        """Say nothing until the other side has closed the connection."""
        self._silent.set()
        while await self._reader.read(1024):
            pass

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    def reset(self) -> None:
        """Break the connection off."""
        self._writer.transport.abort()


Talk = Callable[[Connection], Awaitable[None]]


class RawServer:
    """A server that does with each connection what a test says."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.connections = 0
        self.silent = asyncio.Event()
        """Set when a connection waits for the other side to close it."""

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Hold one connection."""
        self.connections += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._talk(Connection(reader, writer, self.silent))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has left
        finally:
            writer.close()


@asynccontextmanager
async def raw_server(talk: Talk) -> AsyncIterator[tuple[str, RawServer]]:
    """Serve raw bytes; give the base URL and the server."""
    raw = RawServer(talk)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1", raw
    finally:
        server.close()


def http(
    body: bytes, *, status: str = "200 OK", headers: str = "", close: bool = False
) -> bytes:
    """Give a whole HTTP answer."""
    connection = "Connection: close\r\n" if close else ""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{connection}"
        f"Content-Type: application/json\r\n{headers}\r\n"
    )
    return head.encode() + body


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
STREAM_END = b"0\r\n\r\n"


def chunked(data: bytes) -> bytes:
    """Give data as one chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
