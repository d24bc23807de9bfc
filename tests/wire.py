"""A TCP proxy that cuts and stalls connections, for tests of what breaks."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Way(enum.Enum):
    """A direction."""

    THERE = enum.auto()
    BACK = enum.auto()


class Wire:
    """Connections to one address, through another."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._left: dict[Way, int] = {}
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0
        self.cuts = 0
        """How many connections were cut."""

    def cut_after(self, size: int, way: Way) -> None:
        """Cut the connection on which so many more bytes have come, in a direction.

        Later ones are left alone. The bytes after that arrive nowhere.
        """
        self._left = {way: size}

    def mend(self) -> None:
        """Cut nothing any more."""
        self._left = {}

    def stall(self) -> None:
        """Let nothing through, and close nothing."""
        self._flows.clear()

    def flow(self) -> None:
        """Let everything through again."""
        self._flows.set()

    def cut(self) -> None:
        """Cut all connections that there are."""
        for writer in self._open:
            self.cuts += 1
            writer.transport.abort()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Connect one caller."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there_reader, there_writer = await asyncio.open_connection(
                "127.0.0.1", self._port
            )
        except OSError:
            writer.transport.abort()
            return
        ends = (writer, there_writer)
        self._open.add(writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, there_writer, Way.THERE))
                group.create_task(self._pump(there_reader, writer, Way.BACK))
        except* OSError:
            pass
        finally:
            self._open.discard(writer)
            for end in ends:
                end.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way
    ) -> None:
        while data := await reader.read(65536):
            await self._flows.wait()
            left = self._left.get(way)
            if left is not None:
                self._left[way] = left - len(data)
                if left < len(data):
                    writer.write(data[:left])
                    await writer.drain()
                    self._left, self.cuts = {}, self.cuts + 1
                    raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    async def close(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    """Open a way to a port of this machine."""
    made = Wire(port)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()
        await server.wait_closed()
