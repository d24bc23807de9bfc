"""How to get a connection to a PostgreSQL server, also while it restarts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import asyncpg

from openinteractions.storage.postgres.failures import ERRORS, TOO_MANY, passes, state

CONNECT_SECONDS = 5.0

ANSWER_SECONDS = 15.0

CONNECTIONS = 10

PATIENCE_SECONDS = 5.0

PAUSES_SECONDS = (0.02, 0.5)
"""The first pause between two attempts to connect, and the longest."""

SETTINGS = """
SET statement_timeout = '10s';
SET lock_timeout = '5s';
SET idle_in_transaction_session_timeout = '20s';
SET tcp_keepalives_idle = '60s';
SET default_transaction_isolation = 'read committed';
SET jit = off;
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off';
"""
"""Whatever the database's own settings are: what was committed is on the disk, and no
statement waits for ever, or is compiled for longer than it would run. All of them go
by indexes, for a plan made while a table was small is kept when it is large."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a database is, and how to use it."""

    url: str
    """`postgresql://…`, maybe with a password. What it leaves out comes from where
    PostgreSQL's own tools look: `PGHOST` and its like, `~/.pgpass`."""
    password: str | None = None
    """Instead of the one in the URL."""
    connections: int = CONNECTIONS
    """The most connections at a time."""
    patience_seconds: float = PATIENCE_SECONDS
    """How long a server that went away is waited for, and a free connection."""
    answer_seconds: float | None = ANSWER_SECONDS
    """How long a statement may take until the connection is given up; the server gives
    the statement up before that, and says so."""

    async def connect(self) -> asyncpg.Connection:
        """Open a connection with our settings, or raise one of the driver's errors."""
        connection = await asyncpg.connect(
            self.url,
            password=self.password,
            timeout=CONNECT_SECONDS,
            command_timeout=self.answer_seconds,
            max_cached_statement_lifetime=0,
            server_settings={"application_name": "openinteractions"},
        )
        try:
            await connection.execute(SETTINGS)
        except BaseException:
            connection.terminate()
            raise
        return connection


class Knocker:
    """Opens connections, and waits for a server that went away a moment ago."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._away: tuple[float, float] | None = None
        """Since when the server is away, and when that was seen last."""

    async def connect(self, *, insist: bool = True) -> asyncpg.Connection:
        """Open a connection, or raise the driver's last error.

        With `insist`, a server that has too many connections is waited for as well.
        """
        pause, longest = PAUSES_SECONDS
        while True:
            try:
                connection = await self._server.connect()
            except ERRORS as error:
                crowded = state(error) == TOO_MANY and not insist
                if crowded or not passes(error) or self._is_lost(pause):
                    raise
            else:
                self._away = None
                return connection
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    def _is_lost(self, pause: float) -> bool:
        """Note another failure; say whether the server has been away for too long."""
        now, patience = self._loop.time(), self._server.patience_seconds
        since, seen = self._away or (now, now)
        if now - seen > 2 * patience:
            # Nobody has looked for so long that it may have been back in between.
            since = now
        self._away = (since, now)
        return now + pause > since + patience
