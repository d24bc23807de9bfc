"""The library's client, for one life of a connection.

What it does not do, or does otherwise than is wanted here, is set right here: it
connects once and to one server, says nothing in the clear where TLS is configured, and
knows when it has stopped to read.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from nats.aio.client import Client, ErrorCallback
from nats.errors import ConnectionClosedError, Error, SecureConnRequiredError

T = TypeVar("T")

CONNECT_SECONDS = 2.0
"""How long each step of connecting may take."""

FAILURES = (Error, OSError, TimeoutError)
"""What the client raises when a server cannot be reached, or does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the servers are and how to get in."""

    urls: Sequence[str]
    """Any of them will do; they tell of the others."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials: Path | None = None
    """A file with a JWT and the seed of a key, as the tools of NATS write it."""
    tls: ssl.SSLContext | None = None
    """With it, nothing is said in the clear."""


class OneClient(Client):
    """A client for one life of the connection."""

    def __init__(self, access: Access) -> None:
        super().__init__()
        self._access = access
        self.lost = asyncio.Event()
        self.is_known = False
        """Whether it has been connected."""

    async def join(self, url: str, name: str, complain: ErrorCallback) -> None:
        """Connect to a server, once."""
        access = self._access
        async with asyncio.timeout(2 * CONNECT_SECONDS):
            await self.connect(
                url,
                name=name,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=CONNECT_SECONDS,  # type: ignore[arg-type]
                flush_timeout=CONNECT_SECONDS,
                error_cb=complain,
                closed_cb=self._lose,
                tls=access.tls,
                user=access.user,
                password=access.password,
                token=access.token,
                user_credentials=access.credentials,
            )
        self.is_known = True

    @property
    def works(self) -> bool:
        """Whether it still reads what the server says."""
        reading = self._reading_task
        return self.is_connected and reading is not None and not reading.done()

    def others(self) -> list[str]:
        """Return the servers that its server has told of."""
        return [url.geturl() for url in self.discovered_servers]

    async def leave(self) -> None:
        """Close it, soon."""
        with contextlib.suppress(*FAILURES):
            async with asyncio.timeout(CONNECT_SECONDS):
                await heeding(self.close())

    async def _lose(self) -> None:
        self.lost.set()
        # By itself, the client would let those who ask wait to the end of their time.
        for answer in list(self._resp_map.values()):
            if not answer.done():
                answer.set_exception(ConnectionClosedError())

    def _connect_command(self) -> bytes:
        # By itself, the client would say its password in the clear when the server
        # does not ask for TLS.
        if self._access.tls is not None and not self._server_info.get("tls_required"):
            raise SecureConnRequiredError
        return super()._connect_command()


async def heeding(call: Awaitable[T]) -> T:
    """Await a call of the client, and be cancelled where that is asked for.

    The client catches cancellation here and there, and before Python 3.12 `wait_for`
    forgets it when what was waited for comes at the same moment.
    """
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    try:
        return await call
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError


def text_of(error: BaseException) -> str:
    """Return what an error says, at least what it is."""
    return str(error) or type(error).__name__
