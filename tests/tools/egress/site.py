"""A web server on loopback that answers byte by byte as a test wants it to.

Each path has a handler that writes whatever it likes, HTTP or not. What was asked is
kept, so that tests can see what the door sends, and to whom.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Handler = Callable[[asyncio.StreamWriter], Awaitable[None]]

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100)


class Site:
    """A running server."""

    def __init__(self) -> None:
        self.port = 0
        self.handlers: dict[str, Handler] = {}
        self.heads: list[str] = []
        """The head of every request that came, as text."""
        self.serving: set[asyncio.Task[None]] = set()

    def url(self, path: str, host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{path}"

    def answer(
        self,
        path: str,
        body: bytes = PNG,
        *headers: str,
        status: str = "200 OK",
    ) -> str:
        """Let a path give this answer; return its URL."""
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]

        async def write(writer: asyncio.StreamWriter) -> None:
            writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)

        return self.handle(path, write)

    def raw(self, path: str, *pieces: bytes) -> str:
        """Let a path answer these bytes and close; return its URL."""

        async def write(writer: asyncio.StreamWriter) -> None:
            writer.write(b"".join(pieces))

        return self.handle(path, write)

    def redirect(self, path: str, location: str, status: str = "302 Found") -> str:
        return self.answer(path, b"", f"Location: {location}", status=status)

    def handle(self, path: str, handler: Handler) -> str:
        self.handlers[path] = handler
        return self.url(path)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            await self.handlers[head.split(" ")[1]](writer)
            await writer.drain()
        except (ConnectionError, EOFError, asyncio.CancelledError):
            pass  # the door may leave at any time
        finally:
            self.serving.discard(task)
            writer.close()


@asynccontextmanager
async def running() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
        # Some handlers wait for good.
        for task in site.serving:
            task.cancel()
