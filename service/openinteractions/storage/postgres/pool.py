"""The connections of a process, and what happens when they break.

A connection that breaks is replaced and its statements run again; whether they have
already had their effect is for them to find out, because a broken connection does not
tell. Calls wait a little for a server that went away, and fail at once when it has
been away for longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.postgres.failures import (
    CLASHES,
    ERRORS,
    READ_ONLY,
    RETRY_AFTER_SECONDS,
    TOO_MANY,
    breaks,
    state,
    unavailable,
)
from openinteractions.storage.postgres.server import Knocker, Server

log = logging.getLogger(__name__)

T = TypeVar("T")

Statements = Callable[[asyncpg.Connection, bool], Awaitable[T]]

TRIES = 5
"""How often statements are run that clash or lose their connection."""

CROWDED_SECONDS = 1.0
"""How long no more connections are asked for after one was refused."""

QUIET_SECONDS = 5.0
"""How long a failure is not told again: while the server is away, all calls fail."""

CLOSE_SECONDS = 2.0

ABSENT = "The store is not there yet."


@asynccontextmanager
async def transaction(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Make statements happen together or not at all, within `Pool.run`.

    Only a connection that goes on is rolled back; the others are dropped, without
    waiting for a server that does not answer.
    """
    await connection.execute("BEGIN")
    try:
        yield
    except asyncpg.PostgresError as error:
        if not breaks(error):
            await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")


class Pool:
    """Runs statements, once it is open. Belongs to the event loop in which it is made.

    Until it is open, calls fail at once.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._knocker = Knocker(server)
        self._loop = asyncio.get_running_loop()
        self._idle: list[asyncpg.Connection] = []
        self._open: dict[asyncpg.Connection, int] = {}
        """All connections, with the generation in which they were opened."""
        self._opening = 0
        self._generation = 0
        self._crowded_until = 0.0
        self._quiet_until: dict[str, float] = {}
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()
        self._open_to_calls = False
        self._closed = False

    def open(self) -> None:
        """Let calls come: the database is known to be the right one."""
        self._open_to_calls = True

    async def run(self, statements: Statements[T]) -> T:
        """Run statements on a connection and return their value.

        They run again when they have met others' (`CLASHES`), and on another
        connection when theirs has broken. Their second argument says whether they may
        have had their effect already. A caller who is cancelled may find either.

        Raises:
            UnavailableError: they failed; nothing has changed. Or the server went
                away in the middle and has not come back; then it is not known.
        """
        end = self._loop.time() + self._server.patience_seconds
        again = False
        for tries in range(1, TRIES + 1):
            connection = await self._take()
            try:
                value = await statements(connection, again)
            except ERRORS as error:
                broken = self._judge(connection, error)
                again |= broken
                worth = broken or state(error) in CLASHES
                if worth and tries < TRIES and self._loop.time() < end:
                    continue
                if isinstance(error, asyncpg.InterfaceError) and not broken:
                    raise
                self._complain(error)
                raise unavailable(error) from error
            except BaseException:
                # Whoever asked has left in the middle, or has stumbled.
                self._drop(connection)
                raise
            self._give(connection)
            return value
        raise AssertionError

    def _complain(self, error: BaseException) -> None:
        """Log a failure, and others of its kind not for a while."""
        kind = state(error) or type(error).__name__
        now = self._loop.time()
        if now >= self._quiet_until.get(kind, now):
            self._quiet_until[kind] = now + QUIET_SECONDS
            log.warning("The store has failed: %r", error)

    def _judge(self, connection: asyncpg.Connection, error: BaseException) -> bool:
        """Take back a connection after an error; say whether it was broken."""
        if isinstance(error, asyncpg.InterfaceError) and not connection.is_closed():
            # A mistake in the call; nothing was sent.
            self._drop(connection)
            return False
        broken = breaks(error) or connection.is_closed()
        if broken or state(error) == READ_ONLY:
            # The others lead to the same server, which is none any more.
            self._generation += 1
            idle, self._idle = self._idle, []
            for other in (connection, *idle):
                self._drop(other)
        else:
            self._give(connection)
        return broken

    async def _take(self) -> asyncpg.Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._drop(connection)
        if self._closed:
            raise UnavailableError("The store is closed.")
        if not self._open_to_calls:
            raise UnavailableError(ABSENT, retry_after=RETRY_AFTER_SECONDS)
        if self._may_open():
            return await self._connect()
        return await self._wait()

    def _may_open(self) -> bool:
        # One who is refused need not try again for as long as others will do.
        crowded = self._open and self._loop.time() < self._crowded_until
        taken = len(self._open) + self._opening
        return not crowded and taken < self._server.connections

    async def _connect(self) -> asyncpg.Connection:
        self._opening += 1
        generation = self._generation
        try:
            connection = await self._knocker.connect(insist=not self._open)
        except ERRORS as error:
            if state(error) == TOO_MANY and self._open:
                self._crowded_until = self._loop.time() + CROWDED_SECONDS
                return await self._wait()
            self._complain(error)
            raise unavailable(error) from error
        else:
            self._open[connection] = generation
            return connection
        finally:
            self._opening -= 1
            if self._may_open():
                self._pass_on(None)

    async def _wait(self) -> asyncpg.Connection:
        """Wait until somebody gives a connection back, or a place to open one."""
        waiting = self._loop.create_future()
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self._server.patience_seconds):
                connection = await waiting
        except BaseException as error:
            if waiting.done() and not waiting.cancelled():
                self._pass_on(waiting.result())
            if isinstance(error, TimeoutError):
                raise UnavailableError("The store is busy.", retry_after=1.0) from None
            raise
        return connection or await self._take()

    def _give(self, connection: asyncpg.Connection) -> None:
        current = self._open.get(connection) == self._generation
        if current and not connection.is_closed() and not self._closed:
            self._pass_on(connection)
        else:
            self._drop(connection)

    def _drop(self, connection: asyncpg.Connection) -> None:
        self._open.pop(connection, None)
        connection.terminate()
        self._pass_on(None)

    def _pass_on(self, connection: asyncpg.Connection | None) -> None:
        """Give a connection, or a place for one, to whoever has waited longest."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(connection)
                return
        if connection is not None:
            self._idle.append(connection)

    async def close(self) -> None:
        """Close every connection; those in use are cut. Can be called again."""
        self._closed = True
        while self._waiting:
            self._pass_on(None)
        idle, self._idle = self._idle, []
        for connection in idle:
            with contextlib.suppress(*ERRORS):
                await connection.close(timeout=CLOSE_SECONDS)
        for connection in list(self._open):
            self._drop(connection)
