"""Turns at writing, among the processes that share a SQLite file.

A courtesy: SQLite's own lock decides who writes. But who waits for that one sleeps and
looks again, so that a busy process writes many times before another does once. Here
who waits is woken by the system, and what has gathered meanwhile is written with it.
Who waits too long goes on without: a process that hangs holds up nobody for ever.

The turn is a lock on the log (`-wal`), on which SQLite itself has none. It is there as
long as any process has a connection.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
from pathlib import Path

REMEMBERED = 64
"""After how many turns that were free at once one counts as alone again."""

log = logging.getLogger(__name__)


class Turns:
    """The turns of one connection, which one thread uses.

    To be made once the connection is there, and left before it is closed.

    Args:
        file: the log of the SQLite file.
        patience_seconds: how long to wait for a turn.
    """

    def __init__(self, file: Path, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._file: int | None = None
        with contextlib.suppress(OSError):
            self._file = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._waiter: threading.Thread | None = None
        self._wanted = threading.Semaphore(0)
        self._had = threading.Semaphore(0)
        self._late = False
        """Whether the waiter waits for a turn that is wanted no more."""
        self._left = False
        self.rivals = 0
        """Above 0 when other processes write at the same time."""

    def take(self) -> bool:
        """Wait for a turn; False when it does not come, and one goes on without."""
        if self._file is None or self._late:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.rivals = REMEMBERED
            return self._wait()
        except OSError as error:
            # Not every file system has such locks.
            log.warning("processes do not take turns at writing: %s", error)
            self.leave()
            return False
        if self.rivals:
            self.rivals -= 1
        return True

    def give_back(self) -> None:
        """End a turn that was taken; without effect after `leave`."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Give back the turn, if there is one, and have no more."""
        with self._lock:
            self._left = True
            if not self._late:
                self._close()
        self._wanted.release()

    def _wait(self) -> bool:
        """Wait by another thread, the only way to wait no longer than for a while."""
        if self._waiter is None:
            self._waiter = threading.Thread(
                target=self._wait_on, name="turns", daemon=True
            )
            self._waiter.start()
        self._wanted.release()
        if self._had.acquire(timeout=self._patience_seconds):
            return True
        with self._lock:
            # It may have come just now.
            self._late = not self._had.acquire(blocking=False)
            return not self._late

    def _wait_on(self) -> None:
        while True:
            self._wanted.acquire()
            if self._file is None:
                return
            fcntl.flock(self._file, fcntl.LOCK_EX)
            with self._lock:
                if not self._late:
                    self._had.release()
                    continue
                self._late = False
                self.give_back()
                if self._left:
                    self._close()
                    return

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
