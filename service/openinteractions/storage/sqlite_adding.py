"""Rows of new interactions in a SQLite file: as many with one statement as there are.

Between statements Python's lock changes hands, and what takes a turn at the file makes
others wait for that, so there are as few as can be.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from openinteractions.engine.store_ports import Record
from openinteractions.storage.entries import head, packed, parts

Row = tuple[Any, ...]

COLUMNS = (
    "id, owner, context_parent, status, created, updated, head, remote, attached, "
    "attempts, request, interaction, request_aside, interaction_aside"
)
"""What rows have, in their order."""

SIZES = (16, 8, 4, 2, 1)
"""How many rows statements take: few statements, so that all stay prepared."""

_ONE = f"({', '.join('?' for _ in COLUMNS.split(','))})"

INSERTS = {
    size: f"INSERT INTO interactions ({COLUMNS}) VALUES {', '.join([_ONE] * size)} "  # noqa: S608 - of constants
    "ON CONFLICT (id) DO NOTHING"
    for size in SIZES
}

INSERT = INSERTS[1]

NEWEST = "SELECT id FROM interactions ORDER BY key DESC LIMIT ?"


def members(record: Record) -> Row:
    """Return what a row has after its id, its owner and what it continues."""
    interaction = record.interaction
    return (
        interaction.status,
        interaction.created.seconds,
        interaction.updated.seconds,
        head(interaction).SerializeToString(),
        record.remote and packed(record.remote),
        json.dumps(record.attached) if record.attached else None,
        record.attempts or None,
        *parts(record),
    )


def insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> list[bool]:
    """Insert rows in their order; say of each whether its id was free.

    To be called within a transaction.
    """
    if len(rows) == 1:
        return [connection.execute(INSERT, rows[0]).rowcount == 1]
    added: list[bool] = []
    for part in _parts(rows):
        values = list(chain.from_iterable(part))
        count = connection.execute(INSERTS[len(part)], values).rowcount
        if count == len(part):
            added += [True] * count
        else:
            added += _which(connection, part, count)
    return added


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def _which(
    connection: sqlite3.Connection, rows: Sequence[Row], count: int
) -> Iterator[bool]:
    """Say which rows were inserted just now, of which there are so many."""
    new = {name for (name,) in connection.execute(NEWEST, (count,))}
    for name, *_ in rows:
        yield name in new
        # Another one with the same id came too late.
        new.discard(name)
