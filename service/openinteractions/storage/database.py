"""Connections to a SQLite file, and its errors in the words of the domain.

Durability is decided here: WAL with `synchronous = FULL`, so that a commit is on the
disk when it returns, and `secure_delete`, so that what is deleted is overwritten.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.migrate import UnusableStoreError, migrate

READING = ["query_only = ON"]

WRITING = [
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",
    # The size in bytes to which the log shrinks after a burst of writing.
    "journal_size_limit = 67108864",
]

PRIVATE = 0o600
"""The rights of a new file: conversations are nobody else's business."""

LOCK_TIMEOUT_SECONDS = 5.0
"""How long to wait for a lock that another process holds."""

LOCK_PAUSE_SECONDS = 0.01

RETRY_AFTER_SECONDS = 1.0

LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def prepare(
    path: Path, lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS
) -> list[str]:
    """Make the database usable; return the names of the migrations applied.

    Raises:
        UnusableStoreError: it cannot be used; the text names the file and the reason.
    """
    try:
        _check_directory(path)
        _create(path)
        connection = connect(path, lock_timeout_seconds)
        try:
            _turn_on_log(connection, lock_timeout_seconds)
            return migrate(connection)
        finally:
            connection.close()
    except UnusableStoreError as error:
        raise UnusableStoreError(
            f"the database {path} cannot be used: {error}"
        ) from None
    except (sqlite3.Error, OSError) as error:
        raise UnusableStoreError(
            f"the database {path} cannot be used: {error}"
        ) from error


def _check_directory(path: Path) -> None:
    # SQLite says no more than "unable to open database file".
    if path.is_dir():
        raise UnusableStoreError("it is a directory")
    if not path.parent.is_dir():
        raise UnusableStoreError(f"the directory {path.parent} does not exist")


def _create(path: Path) -> None:
    """Make the file, if there is none, for this user alone.

    SQLite gives its companions, the log and its index, the same rights.
    """
    # An existing file is not opened: to close it would drop the locks that this
    # process has on it.
    with contextlib.suppress(FileExistsError):
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        os.close(os.open(path.resolve(), flags, PRIVATE))


def _turn_on_log(connection: sqlite3.Connection, lock_timeout_seconds: float) -> None:
    """Write by a log from now on, for all processes and for good.

    SQLite does not wait for locks here: two that change the mode at once would wait
    for each other, so it tells one of them at once that the database is locked.
    """
    deadline = time.monotonic() + lock_timeout_seconds
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            if primary_code(error) not in LOCKED or time.monotonic() >= deadline:
                raise
            time.sleep(LOCK_PAUSE_SECONDS)
    if mode != "wal":
        raise UnusableStoreError("its file system has no shared memory, as WAL needs")


def connect(
    path: Path, lock_timeout_seconds: float, *, read_only: bool = False
) -> sqlite3.Connection:
    """Open a connection in which each statement is its own transaction.

    It may be used by one thread at a time, whichever that is.
    """
    connection = sqlite3.connect(
        path,
        timeout=lock_timeout_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for setting in READING if read_only else WRITING:
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's result code without its extension; 0 when there is none."""
    # Errors of the driver itself, a closed connection for example, have no code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def unavailable(error: sqlite3.Error) -> UnavailableError:
    """Return the error that callers see; the log has the original."""
    reasons = {
        sqlite3.SQLITE_BUSY: "The store is locked.",
        sqlite3.SQLITE_LOCKED: "The store is locked.",
        sqlite3.SQLITE_FULL: "The store is full.",
        sqlite3.SQLITE_READONLY: "The store cannot be written.",
    }
    message = reasons.get(primary_code(error), "The store cannot be reached.")
    return UnavailableError(message, retry_after=RETRY_AFTER_SECONDS)
