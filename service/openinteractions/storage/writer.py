"""The one thread that writes to a SQLite file.

It commits everything that is waiting as one transaction: one flush to the disk for
all. It is woken once per batch and reports once per batch, and the event loop never
waits for it, for the disk or for a lock. Knows statements, not interactions.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard, TypeVar

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.database import (
    LOCKED,
    connect,
    primary_code,
    unavailable,
)
from openinteractions.storage.gathering import Gathering
from openinteractions.storage.turns import Turns

log = logging.getLogger(__name__)

T = TypeVar("T")

Row = tuple[Any, ...]

Insert = Callable[[sqlite3.Connection, Sequence[Row]], Sequence[T]]
"""Inserts rows, and returns what is to be said of each."""

UNHARMED = LOCKED | {sqlite3.SQLITE_FULL}
"""Errors after which the connection is as good as before."""


class Job(NamedTuple):
    """Statements that happen together or not at all, and who waits for them."""

    statements: Callable[..., Any]
    waiting: asyncio.Future[Any]
    erases: bool = False
    row: Row | None = None
    """What the statements insert along with the rows of other jobs, if they do."""


class Outcome(NamedTuple):
    """What came of a job: a value, or the error."""

    waiting: asyncio.Future[Any]
    value: Any
    error: Exception | None


class Writer:
    """Group commit. Belongs to the event loop in which it is made."""

    def __init__(self, path: Path, lock_timeout_seconds: float) -> None:
        # The working directory may change before the next connection is made.
        self._path = path.absolute()
        self._lock_timeout_seconds = lock_timeout_seconds
        self._connection: sqlite3.Connection | None = None
        self._traces = False
        self._turns: Turns | None = None
        self._loop = asyncio.get_running_loop()
        self._gathering = Gathering[Job]()
        self._closed: asyncio.Future[None] | None = None
        # A daemon, so that a process that forgets to close can still end.
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    async def write(
        self, statements: Callable[[sqlite3.Connection], T], *, erases: bool = False
    ) -> T:
        """Run statements in a transaction and return their value once it is durable.

        Writes happen in the order in which they were asked for. With `erases`, what
        they delete is soon gone from the log as well. A caller that is cancelled may
        find either: that its statements have run or that they have not.

        Raises:
            UnavailableError: the transaction failed; nothing has changed.
        """
        job = Job(statements, self._loop.create_future(), erases)
        return await self._take(job)  # type: ignore[no-any-return] # statements' own type

    async def add(self, insert: Insert[T], row: Row) -> T:
        """Insert a row, as `write` does, together with those that wait beside it."""
        job = Job(insert, self._loop.create_future(), row=row)
        return await self._take(job)  # type: ignore[no-any-return]

    def _take(self, job: Job) -> asyncio.Future[Any]:
        if self._closed is not None:
            raise UnavailableError("The store is closing.")
        self._gathering.add(job)
        return job.waiting

    async def close(self) -> None:
        """Finish what was asked for, then end the thread. Can be called again."""
        if self._closed is None:
            self._closed = self._loop.create_future()
            self._gathering.close()
        await asyncio.shield(self._closed)
        self._thread.join()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            goes_on = self._gathering.wait()
            if not self._gathering.is_empty():
                self._take_turn()
        self._disconnect()
        self._report(self._complete_close)

    def _take_turn(self) -> None:
        turns = self._turns
        taken = turns is not None and turns.take()
        # What was asked for while others had their turn is done in this one.
        batch = [job for job in self._gathering.take() if not job.waiting.cancelled()]
        outcomes = self._commit(batch) if batch else []
        if turns is not None and taken:
            turns.give_back()
        self._traces |= any(job.erases for job in batch)
        rivals = turns is not None and turns.rivals > 0
        self._report(self._complete, outcomes, rivals)
        if self._traces and self._gathering.is_empty():
            self._scrub()

    def _commit(self, batch: Sequence[Job]) -> list[Outcome]:
        try:
            values = self._transaction(batch)
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            if len(batch) > 1 and not _is_locked(error):
                return self._one_by_one(batch)
            self._judge(error)
            return [Outcome(job.waiting, None, _shown(error)) for job in batch]
        return [
            Outcome(job.waiting, value, None)
            for job, value in zip(batch, values, strict=True)
        ]

    def _one_by_one(self, batch: Sequence[Job]) -> list[Outcome]:
        """Give each job a transaction of its own: one must not fail the others."""
        outcomes: list[Outcome] = []
        cause: BaseException | None = None
        for job in batch:
            if _is_locked(cause):
                # Nobody gets a lock that somebody else holds, and each would wait.
                outcomes.append(Outcome(job.waiting, None, _shown(cause)))
                continue
            outcomes += self._commit([job])
            error = outcomes[-1].error
            cause = error and error.__cause__
        return outcomes

    def _transaction(self, batch: Sequence[Job]) -> list[Any]:
        if self._connection is None:
            self._connection = connect(self._path, self._lock_timeout_seconds)
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            values = _run(connection, batch)
            connection.execute("COMMIT")
            if self._turns is None:
                # The log is there from the first write on.
                log_file = self._path.with_name(f"{self._path.name}-wal")
                self._turns = Turns(log_file, self._lock_timeout_seconds)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return values

    def _judge(self, error: Exception) -> None:
        if not isinstance(error, sqlite3.Error):
            return
        log.warning("The store could not be written: %s", error)
        if primary_code(error) not in UNHARMED:
            # A connection that has seen its file fail may go on failing.
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            if self._turns is not None:
                self._turns.leave()
                self._turns = None
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _scrub(self) -> None:
        """Empty the log, which still has the pages as they were.

        Without the lock it is tried again after the next batch.
        """
        if self._connection is None:
            return
        milliseconds = round(self._lock_timeout_seconds * 1000)
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                (busy, _, _) = self._connection.execute(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                ).fetchone()
                self._traces = bool(busy)
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {milliseconds}")

    def _report(self, function: Callable[..., None], *arguments: Any) -> None:
        # A loop that has ended has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _complete(self, outcomes: Sequence[Outcome], rivals: bool) -> None:  # noqa: FBT001
        self._gathering.done(len(outcomes), rivals=rivals)
        for waiting, value, error in outcomes:
            if waiting.done():
                continue
            if error is None:
                waiting.set_result(value)
            else:
                waiting.set_exception(error)

    def _complete_close(self) -> None:
        if self._closed is not None:
            self._closed.set_result(None)


def _run(connection: sqlite3.Connection, batch: Sequence[Job]) -> list[Any]:
    """Do jobs in their order, rows that come one after the other together."""
    values: list[Any] = []
    for insert, jobs in groupby(batch, _insert):
        if insert is None:
            values += [job.statements(connection) for job in jobs]
        else:
            values += insert(connection, [job.row for job in jobs])
    return values


def _insert(job: Job) -> Callable[..., Any] | None:
    return None if job.row is None else job.statements


def _is_locked(error: BaseException | None) -> TypeGuard[sqlite3.Error]:
    return isinstance(error, sqlite3.Error) and primary_code(error) in LOCKED


def _shown(error: Exception) -> Exception:
    """Return what callers see, with the original as its cause."""
    if not isinstance(error, sqlite3.Error):
        return error
    shown = unavailable(error)
    shown.__cause__ = error
    return shown
