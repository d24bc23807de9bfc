"""Brings a SQLite database to the schema of this version.

Migrations are the files `sql/sqlite/NNNN_name.sql`, forward only, each applied in
one transaction of its own. The database's `user_version` is the number of the last
one; its `application_id` says that it is ours. `sql/sqlite/schema.sql` is what they
add up to, for people; a test compares.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

APPLICATION_ID = 0x6F694442
""""oiDB", in the header of every database of ours."""


class UnusableStoreError(Exception):
    """The database cannot be used; the text is one line for a person."""


class AbsentStoreError(UnusableStoreError):
    """The database is not there, or not yet."""


class Migration(NamedTuple):
    """One step of the schema."""

    number: int
    name: str
    script: str


def migrations(database: str = "sqlite") -> list[Migration]:
    """Return the migrations in the order in which they are applied."""
    folder = resources.files("openinteractions.storage") / "sql" / database
    found = [
        Migration(int(match[1]), file.name, file.read_text("utf-8"))
        for file in folder.iterdir()
        if (match := re.fullmatch(r"(\d{4})_\w+\.sql", file.name))
    ]
    return sorted(found)


def migrate(connection: sqlite3.Connection) -> list[str]:
    """Apply what is missing and return the names of what was applied.

    Several processes may do so at once: each migration happens in one of them.

    Raises:
        UnusableStoreError: the database is newer than this version, or not ours.
        sqlite3.Error: the database cannot be read or written.
    """
    applied = []
    for migration in migrations():
        # Reading first leaves the lock alone when there is nothing to do.
        connection.execute("BEGIN")
        try:
            version = _version(connection)
        finally:
            connection.execute("ROLLBACK")
        if version >= migration.number:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) < migration.number:
                _apply(connection, migration)
                applied.append(migration.name)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return applied


def _version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration that the database has seen.

    To be called in a transaction: another process may be migrating.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables or version or application:
            raise UnusableStoreError("it is the database of another application")
    check_number(version, migrations()[-1].number)
    return int(version)


def check_number(number: int, newest: int) -> None:
    """Refuse the schema of a later version, whatever the database.

    Raises:
        UnusableStoreError: the schema is newer.
    """
    if number > newest:
        raise UnusableStoreError(
            f"its schema is number {number}, newer than number {newest} of this "
            "version; use the version of openinteractions that made it, or a newer one"
        )


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in _statements(migration.script):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {migration.number}")


def _statements(script: str) -> Iterator[str]:
    """Take a script apart; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"a statement without an end: {statement.strip()!r}")
