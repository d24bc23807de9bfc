"""What the parent and a worker say to each other: lines of JSON over a socket.

Connections go over another socket (see `door`).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

import msgspec

from openinteractions.config import Config

MAX_LINE_BYTES = 16 * 1024 * 1024
"""More than any configuration has."""


class Start(msgspec.Struct, frozen=True, tag=True):
    """To a worker, first of all: who it is, and what it is to serve."""

    number: int
    config: Config


class Ready(msgspec.Struct, frozen=True, tag=True):
    """To a worker: the server as a whole is ready."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """To a worker: there are no more connections; end what runs, and end."""


class Lent(msgspec.Struct, frozen=True, tag=True):
    """To a worker: where the embedded model that it asked for is, or why nowhere."""

    endpoint: str
    base_url: str = ""
    key: str = ""
    problem: str = ""
    missing: bool = False
    """Whether this server lacks something, else the model has failed."""


class Up(msgspec.Struct, frozen=True, tag=True):
    """From a worker: it can take connections."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """From a worker: it cannot serve, for a reason that a person can remove."""

    problem: str


class Leaving(msgspec.Struct, frozen=True, tag=True):
    """From a worker that was told by somebody else to end: no more connections."""


class Wanted(msgspec.Struct, frozen=True, tag=True):
    """From a worker: it needs the embedded model of an endpoint."""

    endpoint: str


Message = Start | Ready | Stop | Lent | Up | Failed | Leaving | Wanted


class Line:
    """One end of the conversation."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = msgspec.json.Decoder(Message)

    @classmethod
    async def open(cls, end: socket.socket) -> Line:
        """Take over one end of a pair of stream sockets."""
        end.settimeout(0)
        return cls(*await asyncio.open_unix_connection(sock=end, limit=MAX_LINE_BYTES))

    def say(self, message: Message) -> None:
        """Send a message; to an end that is gone it goes nowhere."""
        if not self._writer.is_closing():
            self._writer.write(msgspec.json.encode(message) + b"\n")

    async def hear(self) -> Message | None:
        """Return the next message, None when the other end is gone."""
        try:
            line = await self._reader.readline()
        except OSError:
            return None
        return self._decoder.decode(line) if line.endswith(b"\n") else None

    async def close(self) -> None:
        """Send what was said, and end the conversation."""
        with contextlib.suppress(OSError):
            await self._writer.drain()
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
