"""New interactions that wait: they are counted, and given their turns.

One transaction at a time does so, for all that come together.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from openinteractions.storage.postgres.adding import (
    FIND,
    Added,
    New,
    insert,
    insert_late,
)
from openinteractions.storage.postgres.pool import Pool, transaction

LOCK = "SELECT pg_advisory_xact_lock(7315904)"

QUEUE = "SELECT count(*), min(turn) FROM runs WHERE turn IS NOT NULL"

TURNS = """
SELECT caller, max(turn) FROM runs
WHERE turn IS NOT NULL AND caller = ANY ($1::text[])
GROUP BY caller
"""


async def enqueue(pool: Pool, rows: Sequence[New]) -> list[Added]:
    """Store rows of different ids, in their order, as far as there is place."""

    async def statements(
        connection: asyncpg.Connection,
        again: bool,  # noqa: FBT001
    ) -> dict[str, Added]:
        async with transaction(connection):
            await connection.execute(LOCK)
            done = await _found(connection, rows) if again else {}
            left = [row for row in rows if row.id not in done]
            placed = await _placed(connection, left)
            stored = await insert(connection, placed) if placed else []
            done |= dict.fromkeys(stored, Added.STORED)
            for row in placed:
                if row.id not in done:
                    late = await insert_late(connection, row, again=again)
                    done[row.id] = Added.STORED if late else Added.TAKEN
        return done

    done = await pool.run(statements)
    return [done.get(row.id, Added.FULL) for row in rows]


async def _found(
    connection: asyncpg.Connection, rows: Sequence[New]
) -> dict[str, Added]:
    """Return those that are there, from the time before."""
    done = {}
    for row in rows:
        mine = await connection.fetchval(FIND, row.id, row.owner, row.created)
        if mine:
            done[row.id] = Added.STORED
    return done


async def _placed(connection: asyncpg.Connection, rows: Sequence[New]) -> list[New]:
    """Return the rows for which there is place, with their turns."""
    count, first = await connection.fetchrow(QUEUE)
    callers = list({row.caller for row in rows})
    last = dict(await connection.fetch(TURNS, callers))
    placed = []
    for row in rows:
        if count >= row.limit:
            continue
        turn = 1 + max(first or 0, last.get(row.caller, 0))
        placed.append(row._replace(turn=turn))
        count += 1
        last[row.caller] = turn
        first = turn if first is None else min(first, turn)
    return placed
