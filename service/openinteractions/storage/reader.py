"""Reading a SQLite file without making the event loop wait.

A read runs on the event loop for as long as it is short: an interaction takes 6 µs
there and a conversation of 1,000 turns 2 ms, less than handing it to a thread and
back does under load. WAL readers wait for no writer. A read that meets a lock all
the same, a large value or a slow disk is started anew on a thread.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.database import (
    LOCKED,
    connect,
    primary_code,
    unavailable,
)

log = logging.getLogger(__name__)

Row = tuple[Any, ...]

BUDGET_SECONDS = 0.005
"""How long a read may run on the event loop."""

STEPS_PER_CHECK = 100
"""How many steps of SQLite's virtual machine pass between two looks at the clock;
a row of a conversation takes some 20."""

HASTY_BYTES = 256 * 1024
"""The largest value that is read on the event loop."""

WORTH_WAITING = LOCKED | {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_TOOBIG}


class Reader:
    """Runs queries. Belongs to the event loop in which it is made."""

    def __init__(self, path: Path, lock_timeout_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = 0.0
        self._closed = False
        self._hasty = connect(path, 0, read_only=True)
        self._hasty.set_progress_handler(self._is_over, STEPS_PER_CHECK)
        self._hasty.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, HASTY_BYTES)
        self._patient = connect(path, lock_timeout_seconds, read_only=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")

    async def read(self, query: str, parameters: Sequence[Any]) -> list[Row]:
        """Return all rows of a query.

        Raises:
            UnavailableError: it failed.
        """
        if self._closed:
            raise UnavailableError("The store is closed.")
        self._ending = time.perf_counter() + BUDGET_SECONDS
        try:
            return self._hasty.execute(query, parameters).fetchall()
        except sqlite3.Error as error:
            if primary_code(error) not in WORTH_WAITING:
                raise _failure(error) from error
        try:
            return await self._loop.run_in_executor(
                self._thread, self._read_patiently, query, parameters
            )
        except sqlite3.Error as error:
            raise _failure(error) from error

    def _read_patiently(self, query: str, parameters: Sequence[Any]) -> list[Row]:
        return self._patient.execute(query, parameters).fetchall()

    def _is_over(self) -> bool:
        return time.perf_counter() > self._ending

    async def close(self) -> None:
        """End the thread after the reads that it has begun. Can be called again."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._thread.shutdown)
        self._hasty.close()
        self._patient.close()


def _failure(error: sqlite3.Error) -> UnavailableError:
    log.warning("The store could not be read: %s", error)
    return unavailable(error)
