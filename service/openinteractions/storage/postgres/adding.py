"""New interactions: one statement for all that are stored at the same time.

Each continues the youngest turn of its lineage that exists, nearly always the last.
The statement takes those whose last turn is there; the others follow one by one.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.postgres.clock import NOW
from openinteractions.storage.postgres.pool import Pool

COLUMNS = """
id, owner, status, created, updated, head, remote, attached, attempts,
request, interaction, request_aside, interaction_aside
"""

ARRAYS = ", ".join(
    f"${place}::{name}[]"
    for place, name in enumerate(
        (
            *("text", "text", "integer", "bigint", "bigint"),
            *("bytea", "text", "text", "text"),
            *("bytea", "bytea", "bytea", "bytea"),
            *("integer", "text", "double precision", "text", "bigint", "text"),
        ),
        start=1,
    )
)

# What has not ended has an epoch.
ADD = f"""
WITH new AS (
    SELECT * FROM unnest({ARRAYS}) AS new (
        {COLUMNS}, epoch, process, seconds, caller, turn, continues
    )
), added AS (
    INSERT INTO interactions ({COLUMNS}, context_parent)
    SELECT {COLUMNS}, parent FROM (
        SELECT new.*, (
            SELECT key FROM interactions
            WHERE id = new.continues AND owner = new.owner
        ) AS parent
        FROM new
    ) AS linked
    WHERE continues IS NULL OR parent IS NOT NULL
    ON CONFLICT (id) DO NOTHING
    RETURNING key, id
), begun AS (
    INSERT INTO runs (key, id, epoch, process, deadline, caller, turn)
    SELECT key, id, epoch, process, {NOW} + seconds, caller, turn
    FROM added JOIN new USING (id)
    WHERE epoch IS NOT NULL
)
SELECT id FROM added
"""  # noqa: S608 - of constants

FIND = "SELECT owner = $2 AND created = $3 FROM interactions WHERE id = $1"

YOUNGEST = """
SELECT id FROM interactions WHERE id = ANY ($1::text[]) AND owner = $2
ORDER BY array_position($1, id) DESC LIMIT 1
"""

ATTEMPTS = 10


class New(NamedTuple):
    """A row to add, in the order of `ADD`, but for the last two."""

    id: str
    owner: str
    status: int
    created: int
    updated: int
    head: bytes
    remote: str | None
    attached: str | None
    attempts: str
    request: bytes
    interaction: bytes
    request_aside: bytes | None
    interaction_aside: bytes | None
    epoch: int | None
    """None for one that has ended."""
    process: str | None
    seconds: float | None
    caller: str | None
    turn: int | None
    lineage: Sequence[str]
    limit: int
    """How many may wait, for one that is to."""

    @property
    def size(self) -> int:
        """About how many bytes it has."""
        texts = (self.head, self.request, self.interaction, self.request_aside)
        return sum(len(text) for text in texts if text)


class Added(enum.Enum):
    """What came of a new row."""

    STORED = enum.auto()
    TAKEN = enum.auto()
    """Another has its id."""
    FULL = enum.auto()
    """Too many wait."""


async def add(pool: Pool, rows: Sequence[New]) -> list[Added]:
    """Store rows of different ids; each that was when it raises is stored whole."""
    left = {row.id: row for row in rows}
    taken: set[str] = set()

    async def statements(connection: asyncpg.Connection, again: bool) -> None:  # noqa: FBT001
        for new in await insert(connection, list(left.values())):
            del left[new]
        for row in list(left.values()):
            if not await insert_late(connection, row, again=again):
                taken.add(row.id)
            del left[row.id]

    await pool.run(statements)
    return [Added.TAKEN if row.id in taken else Added.STORED for row in rows]


async def insert(connection: asyncpg.Connection, rows: Sequence[New]) -> list[str]:
    """Insert rows whose ids are free and whose last turns are there; return the ids."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    continues = [row.lineage[-1] if row.lineage else None for row in rows]
    added = await connection.fetch(ADD, *columns[:-2], continues)
    return [id for (id,) in added]  # noqa: A001 - the resource's own word


async def insert_late(connection: asyncpg.Connection, row: New, *, again: bool) -> bool:
    """Insert a row of which `insert` did not; say whether it is there.

    With `again`, it may be there already: ids are never given out twice.
    """
    for _ in range(ATTEMPTS):
        mine = await connection.fetchval(FIND, row.id, row.owner, row.created)
        if mine is not None:
            return again and bool(mine)
        parent = await connection.fetchval(YOUNGEST, list(row.lineage), row.owner)
        linked = row._replace(lineage=[parent] if parent else [])
        if await insert(connection, [linked]):
            return True
    # Each time what it continues was deleted in between.
    raise UnavailableError("The store is busy.", retry_after=1.0)
