"""Changes of interactions: one statement for all that happen at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from openinteractions.storage.postgres.pool import Pool

# The row in `runs` is locked first, here and everywhere: who claims it meanwhile is
# before or after, and the second look at it tells. What waits is claimed by nobody.
UPDATE = """
WITH held AS (
    SELECT runs.key, new.*
    FROM unnest(
        $1::text[], $2::text[], $3::integer[], $4::boolean[], $5::integer[],
        $6::bigint[], $7::bytea[], $8::text[], $9::text[], $10::text[],
        $11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[]
    ) AS new (
        id, owner, epoch, ended, status,
        updated, head, remote, attached, attempts,
        request, interaction, request_aside, interaction_aside
    )
    JOIN interactions AS old ON old.id = new.id AND old.owner = new.owner
    JOIN runs ON runs.key = old.key
    WHERE runs.epoch = new.epoch AND runs.turn IS NULL
    FOR UPDATE OF runs
), changed AS (
    UPDATE interactions AS old
    SET status = held.status, updated = held.updated, head = held.head,
        remote = held.remote, attached = held.attached, attempts = held.attempts,
        request = held.request, interaction = held.interaction,
        request_aside = held.request_aside,
        interaction_aside = held.interaction_aside
    FROM held WHERE old.key = held.key
), over AS (
    DELETE FROM runs USING held WHERE runs.key = held.key AND held.ended
), kept AS (
    UPDATE runs SET losses = 0
    FROM held WHERE runs.key = held.key AND NOT held.ended AND losses > 0
)
SELECT id FROM held
"""

IS_SO = """
SELECT FROM interactions
WHERE id = $1 AND owner = $2 AND interaction = $3
    AND interaction_aside IS NOT DISTINCT FROM $4 AND attempts = $5
    AND NOT EXISTS (SELECT FROM runs WHERE runs.key = interactions.key)
"""


class Changed(NamedTuple):
    """What a row becomes, in the order of `UPDATE`."""

    id: str
    owner: str
    epoch: int
    ended: bool
    status: int
    updated: int
    head: bytes
    remote: str | None
    attached: str | None
    attempts: str
    request: bytes
    interaction: bytes
    request_aside: bytes | None
    interaction_aside: bytes | None

    @property
    def size(self) -> int:
        """About how many bytes it has."""
        texts = (self.head, self.request, self.interaction, self.request_aside)
        return sum(len(text) for text in texts if text)


async def update(pool: Pool, rows: Sequence[Changed]) -> list[bool]:
    """Change rows of different ids, all or none; say of each whether it is so now."""

    async def statements(connection: asyncpg.Connection, _: bool) -> set[str]:  # noqa: FBT001
        columns = [list(column) for column in zip(*rows, strict=True)]
        changed = {id for (id,) in await connection.fetch(UPDATE, *columns)}  # noqa: A001 - the resource's own word
        for row in rows:
            if row.ended and row.id not in changed:
                # It may be this very end, written by the time before.
                messages = (row.interaction, row.interaction_aside)
                same = (row.id, row.owner, *messages, row.attempts)
                if await connection.fetchrow(IS_SO, *same) is not None:
                    changed.add(row.id)
        return changed

    changed = await pool.run(statements)
    return [row.id in changed for row in rows]
