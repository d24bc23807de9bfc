"""Clients of crowds: what looks at many interactions, and many who read streams.

They do little while the server works, since they share its cores: whoever reads a
stream keeps the bytes, and looks into them when everything is over.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

OK = b"HTTP/1.1 200 "
HEAD_END = b"\r\n\r\n"
CONNECTING = 50
"""Connections that are being made at a time."""


class CallerError(Exception):
    """A server has answered with something else than was asked for."""


class Caller:
    """A connection that is kept, for one request after the other."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._path = path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, rest: str = "") -> dict[str, Any]:
        """Return the JSON under the path, with something behind it.

        Raises:
            CallerError: it is not there.
        """
        return await self._ask(f"GET {self._path}{rest}", b"")

    async def post(self, body: bytes) -> dict[str, Any]:
        """Return what a POST of JSON to the path brings.

        Raises:
            CallerError: no success.
        """
        return await self._ask(f"POST {self._path}", body)

    async def close(self) -> None:
        """Close the connection."""
        if self._streams:
            self._streams[1].close()
            await self._streams[1].wait_closed()

    async def _ask(self, line: str, body: bytes) -> dict[str, Any]:
        if not self._streams:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(_request(line, body))
        head = (await reader.readuntil(HEAD_END)).decode("latin-1").lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0]
        said = await reader.readexactly(int(length))
        if not head.encode().startswith(OK.lower()):
            raise CallerError(said[:200].decode("utf-8", "replace"))
        found: dict[str, Any] = json.loads(said)
        return found


class Reading(asyncio.Protocol):
    """One stream, read to its end."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        """Set as soon as anything has come."""
        self._parts: list[bytes] = []
        self._ended: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """Keep what comes."""
        self.began.set()
        self._parts.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give all of it to whoever waits."""
        self.began.set()
        if exc:
            self._ended.set_exception(CallerError(f"the stream has broken: {exc}"))
        else:
            self._ended.set_result(b"".join(self._parts))

    async def bytes(self) -> bytes:
        """Wait for the end of the connection and return all that came."""
        return await self._ended


@dataclass(frozen=True, slots=True)
class Told:
    """What a stream has told."""

    events: int
    text: str


def told(said: bytes) -> Told:
    """Take an answer of server-sent events apart.

    Raises:
        CallerError: it is none, is cut, does not end in a completed interaction, or
            an event of it came twice.
    """
    head, _, body = said.partition(HEAD_END)
    if not head.startswith(OK):
        raise CallerError(said[:200].decode("utf-8", "replace"))
    lines = _joined(body).decode().split("\n")
    data = [line[len("data: ") :] for line in lines if line.startswith("data: ")]
    events = [json.loads(one) for one in data if one.startswith("{")]
    kinds = [event["event_type"] for event in events]
    if kinds[-1:] != ["interaction.completed"] or kinds.count("step.start") != 1:
        raise CallerError(f"a stream has begun and ended with {kinds[:3]}…{kinds[-1:]}")
    if len({event["event_id"] for event in events}) < len(events):
        raise CallerError("an event came twice")
    deltas = [event["delta"] for event in events if "delta" in event]
    return Told(len(events), "".join(delta["text"] for delta in deltas))


def _joined(chunks: bytes) -> bytes:
    """Take a body out of its HTTP chunks.

    Raises:
        CallerError: the last one is missing.
    """
    parts: list[bytes] = []
    at = 0
    while (end := chunks.find(b"\r\n", at)) >= 0:
        size = int(chunks[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(chunks[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    raise CallerError("a stream is cut")


async def read(port: int, paths: Sequence[str]) -> list[Reading]:
    """Begin to read streams, each on a connection of its own."""
    loop = asyncio.get_running_loop()
    some = asyncio.Semaphore(CONNECTING)

    async def begin(path: str) -> Reading:
        async with some:
            made = await loop.create_connection(Reading, "127.0.0.1", port)
        made[0].write(_request(f"GET {path}", b"", "Connection: close\r\n"))
        return made[1]

    return await asyncio.gather(*map(begin, paths))


def _request(line: str, body: bytes, headers: str = "") -> bytes:
    head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Type: application/json\r\n{headers}\r\n"
    return head.encode() + body
