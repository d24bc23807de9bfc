"""The schema of a PostgreSQL database: what it is, and how it becomes ours.

Migrations are the files `sql/postgres/NNNN_name.sql`, forward only, each applied in
one transaction of its own. The table `openinteractions_migrations` has a row for each.
Servers only look: what many use is changed when a person says so.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from openinteractions.config.store import without_password
from openinteractions.storage.migrate import (
    AbsentStoreError,
    Migration,
    UnusableStoreError,
    check_number,
    migrations,
)
from openinteractions.storage.postgres.failures import ERRORS, is_absent
from openinteractions.storage.postgres.pool import transaction
from openinteractions.storage.postgres.server import Knocker, Server

FOLDER = "postgres"

COMMAND = "openinteractions migrate"

LOCK = "SELECT pg_advisory_xact_lock(7315906)"
"""Held while one migration is applied, so that no two processes do it."""

NOTES = "openinteractions_migrations"

EXISTING = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
    AND relname = ANY ($1::text[])
"""

MAKE_NOTES = f"""
CREATE TABLE {NOTES} (
    number integer PRIMARY KEY,
    name text NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
)
"""

NUMBER = f"SELECT coalesce(max(number), 0) FROM {NOTES}"  # noqa: S608 - of a constant

NOTE = f"INSERT INTO {NOTES} (number, name) VALUES ($1, $2)"  # noqa: S608

OURS = ("interactions", "files", "uploads")
"""Tables that nobody else may have made."""


async def check(server: Server) -> None:
    """See that a database has the schema of this version. A server is not waited for.

    Raises:
        AbsentStoreError: there is no server, or it does not let anybody in yet.
        UnusableStoreError: the schema is another, or the database cannot be used.
    """
    connection = await _connect(replace(server, patience_seconds=0))
    try:
        number = await _number(connection)
    except UnusableStoreError as error:
        raise _unusable(server, error) from None
    except ERRORS as error:
        raise _unusable(server, error) from error
    finally:
        connection.terminate()
    newest = migrations(FOLDER)[-1].number
    if number < newest:
        reason = (
            f"its schema is number {number}, older than number {newest} of this version"
            if number
            else "it is empty"
        )
        raise _unusable(server, f"{reason}; run `{COMMAND}`")


async def migrate(server: Server) -> list[str]:
    """Apply what is missing and return the names of what was applied.

    Several processes may do so at once: each migration happens in one of them.

    Raises:
        UnusableStoreError: the database is newer than this version, or not ours, or
            cannot be used.
    """
    applied = []
    # Moving many rows takes longer than there is for a request.
    connection = await _connect(replace(server, answer_seconds=None))
    try:
        await connection.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        for migration in migrations(FOLDER):
            async with transaction(connection):
                await connection.execute(LOCK)
                if await _number(connection) < migration.number:
                    await _apply(connection, migration)
                    applied.append(migration.name)
    except UnusableStoreError as error:
        raise _unusable(server, error) from None
    except ERRORS as error:
        raise _unusable(server, error) from error
    finally:
        connection.terminate()
    return applied


async def _connect(server: Server) -> asyncpg.Connection:
    try:
        return await Knocker(server).connect()
    except (*ERRORS, ValueError) as error:
        raise _unusable(server, error) from error


async def _number(connection: asyncpg.Connection) -> int:
    """Return the number of the last migration that the database has seen."""
    found = {name for (name,) in await connection.fetch(EXISTING, [NOTES, *OURS])}
    if NOTES in found:
        number = await connection.fetchval(NUMBER)
    elif found:
        raise UnusableStoreError("it has tables of another application")
    else:
        number = 0
    check_number(number, migrations(FOLDER)[-1].number)
    return int(number)


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    if migration.number == 1:
        await connection.execute(MAKE_NOTES)
    await connection.execute(migration.script)
    await connection.execute(NOTE, migration.number, migration.name)


def _unusable(server: Server, error: BaseException | str) -> UnusableStoreError:
    place = without_password(server.url)
    kind, reason = UnusableStoreError, _reason(error)
    if isinstance(error, FileNotFoundError) and _is_far(server):
        # Only a socket in the file system may come later.
        reason = "a certificate or key that it names is not there"
    elif isinstance(error, BaseException) and is_absent(error):
        kind = AbsentStoreError
    return kind(f"the database {place} cannot be used: {reason}")


def _is_far(server: Server) -> bool:
    """Say whether a URL names a host, and no folder with a socket in it."""
    parts = urlsplit(server.url)
    host = unquote(parts.hostname or "")
    return bool(host) and "/" not in host and "host" not in parse_qs(parts.query)


def _reason(error: BaseException | str) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, ConnectionError) and is_absent(error):
        return "it hangs up"
    return " ".join(str(error).split()) or type(error).__name__
