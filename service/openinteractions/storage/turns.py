"""Turns at writing, among the processes that share a SQLite file.

A courtesy: SQLite's own lock decides who writes. But who waits for that one sleeps
ever longer, up to 100 ms, so that a busy process writes many times before another does
once. Here who waits looks again after half a millisecond, and what has gathered
meanwhile is written with it. Who waits too long goes on without: a process that hangs
holds up nobody for ever.

The turn is a lock on the log (`-wal`), on which SQLite itself has none. It is there as
long as any process has a connection.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from pathlib import Path

REMEMBERED = 64
"""After how many turns that were free at once one counts as alone again."""

LOOK_SECONDS = 0.0005
"""Between two looks. To be woken instead takes a thread for who waits, since one
cannot wait for such a lock for a time; that costs more than a few looks."""

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
        self._late = False
        """Whether it was waited for in vain, and has not been free since."""
        self.rivals = 0
        """Above 0 when other processes write at the same time."""

    def take(self) -> bool:
        """Wait for a turn; False when it does not come, and one goes on without."""
        if self._is_had():
            self._late = False
            if self.rivals:
                self.rivals -= 1
            return True
        if self._are_none():
            return False
        self.rivals = REMEMBERED
        end = time.monotonic() + self._patience_seconds
        while time.monotonic() < end and not self._are_none():
            time.sleep(LOOK_SECONDS)
            if self._is_had():
                return True
        self._late = True
        return False

    def _are_none(self) -> bool:
        """Say whether there are no turns to wait for."""
        return self._file is None or self._late

    def _is_had(self) -> bool:
        """Take the turn if it is free."""
        if self._file is None:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            self._do_without(error)
            return False
        return True

    def _do_without(self, error: OSError) -> None:
        # Not every file system has such locks.
        log.warning("processes do not take turns at writing: %s", error)
        self.leave()
        self.rivals = 0

    def give_back(self) -> None:
        """End a turn that was taken; without effect after `leave`."""
        if self._file is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        except OSError as error:
            self._do_without(error)

    def leave(self) -> None:
        """Give back the turn, if there is one, and have no more."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                os.close(file)
