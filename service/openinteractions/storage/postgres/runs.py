"""Who runs what, in PostgreSQL: claims, and signs of life.

A process gives its sign of life in one row of its own, however much it runs. Whoever
takes from a process what it has lost, and the process itself when it gives a sign,
hold the lock of that process: one of them is first, and the other sees it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from openinteractions.engine.store_ports import (
    Claimed,
    Holder,
    Lease,
    Renewed,
    Wish,
)
from openinteractions.storage.entries import begun
from openinteractions.storage.postgres.clock import NOW
from openinteractions.storage.postgres.pool import Pool, transaction
from openinteractions.storage.postgres.rows import ASIDE, record_of
from openinteractions.storage.postgres.text import original, plain
from openinteractions.v1 import interaction_pb2

Status = interaction_pb2.InteractionStatus

# In one order, so that two who want several never wait for each other.
LOCK = """
SELECT pg_advisory_xact_lock(7315907, number) FROM (
    SELECT DISTINCT hashtext(process) AS number
    FROM unnest($1::text[]) AS asked (process) ORDER BY 1
) AS numbers
"""

SIGN_OF_LIFE = f"""
INSERT INTO processes (process, deadline) VALUES ($1, {NOW} + $2)
ON CONFLICT (process) DO UPDATE SET deadline = excluded.deadline
"""  # noqa: S608 - of constants

FORGET_PROCESSES = f"""
DELETE FROM processes WHERE process IN (
    SELECT process FROM processes
    WHERE deadline <= {NOW} AND NOT EXISTS (
        SELECT FROM runs WHERE runs.process = processes.process
    )
    FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608 - of constants

HELD = "SELECT id, epoch, wishes FROM runs WHERE process = $1"

# From process to process, and not from run to run: nearly all of them live.
LOSERS = f"""
WITH RECURSIVE holding (process) AS (
    SELECT min(process) FROM runs WHERE process IS NOT NULL
    UNION ALL
    SELECT (SELECT min(process) FROM runs WHERE process > holding.process)
    FROM holding WHERE holding.process IS NOT NULL
)
SELECT process FROM holding
WHERE process IS NOT NULL AND NOT EXISTS (
    SELECT FROM processes AS alive
    WHERE alive.process = holding.process AND alive.deadline > {NOW}
) AND EXISTS (
    SELECT FROM runs WHERE process = holding.process AND deadline <= {NOW}
)
"""  # noqa: S608

LOST = f"""
runs.deadline <= {NOW} AND NOT EXISTS (
    SELECT FROM processes AS alive
    WHERE alive.process = runs.process AND alive.deadline > {NOW}
)
"""

# A statement sees interactions as they were before it, so that what it changes of
# them is put to what it returns. What comes last counts in a serialized message.
TAKE = f"""
taken AS (
    UPDATE runs
    SET losses = losses + (process IS NOT NULL)::integer, epoch = epoch + 1,
        turn = NULL, process = $1, deadline = {NOW} + $2
    FROM next WHERE runs.key = next.key
    RETURNING runs.key, epoch, wishes, losses, next.turn AS place
), begun AS (
    UPDATE interactions
    SET status = {Status.INTERACTION_STATUS_IN_PROGRESS:d}, updated = $3,
        head = head || $4, interaction = interaction || $4
    FROM taken
    WHERE interactions.key = taken.key
        AND status = {Status.INTERACTION_STATUS_QUEUED:d}
)
SELECT owner, epoch, wishes, losses, remote, attached, attempts, request,
    CASE status
        WHEN {Status.INTERACTION_STATUS_QUEUED:d} THEN interaction || $4
        ELSE interaction
    END,
    {ASIDE}
FROM taken JOIN interactions USING (key)
ORDER BY place NULLS FIRST, key
"""  # noqa: S608

CLAIM_WAITING = f"""
WITH next AS (
    SELECT key, turn FROM runs WHERE turn IS NOT NULL
    ORDER BY turn, key LIMIT $5
    FOR UPDATE SKIP LOCKED
), {TAKE}
"""  # noqa: S608

CLAIM_LOST = f"""
WITH next AS (
    SELECT key, turn FROM runs WHERE process = ANY ($6::text[]) AND {LOST}
    LIMIT $5
    FOR UPDATE SKIP LOCKED
), {TAKE}
"""  # noqa: S608

CLAIM_ONE = f"""
WITH next AS (
    SELECT runs.key, turn FROM interactions JOIN runs USING (key)
    WHERE interactions.id = $5 AND owner = $6 AND (turn IS NOT NULL OR {LOST})
    FOR UPDATE OF runs
), {TAKE}
"""  # noqa: S608

RELEASE = """
UPDATE runs SET process = NULL, deadline = NULL, turn = 0
FROM unnest($2::text[], $3::integer[]) AS given (id, epoch)
WHERE process = $1 AND runs.id = given.id AND runs.epoch = given.epoch
"""

_WHO = f"""
SELECT held.process,
    held.process IS NOT NULL
    AND greatest(held.deadline, processes.deadline) <= {NOW}
FROM held LEFT JOIN processes USING (process)
"""  # noqa: S608

ASK = f"""
WITH held AS (
    UPDATE runs SET wishes = wishes | $3
    FROM interactions
    WHERE runs.key = interactions.key AND interactions.id = $1 AND owner = $2
    RETURNING process, deadline
)
{_WHO}
"""  # noqa: S608

HOLDER = f"""
WITH held AS (
    SELECT process, deadline FROM interactions JOIN runs USING (key)
    WHERE interactions.id = $1 AND owner = $2
)
{_WHO}
"""  # noqa: S608

RUNNER = """
SELECT process FROM interactions JOIN runs USING (key)
WHERE interactions.id = $1 AND owner = $2
"""

QUEUED = "SELECT count(*) FROM runs WHERE turn IS NOT NULL"


class PostgresRuns:
    """The part of an `InteractionStore` that has to do with claims."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def renew(self, lease: Lease) -> Renewed:
        """Give a sign of life; see `InteractionStore.renew`."""
        process = plain(lease.process)

        async def renew(connection: asyncpg.Connection, _: bool) -> Any:  # noqa: FBT001
            async with transaction(connection):
                await connection.execute(LOCK, [process])
                await connection.execute(SIGN_OF_LIFE, process, lease.seconds)
                held = await connection.fetch(HELD, process)
            await connection.execute(FORGET_PROCESSES)
            return held

        rows = await self._pool.run(renew)
        return Renewed(
            {original(id): epoch for id, epoch, _ in rows},  # noqa: A001 - the resource's own word
            {original(id): Wish(wishes) for id, _, wishes in rows if wishes},  # noqa: A001
        )

    async def claim(self, lease: Lease, limit: int) -> Sequence[Claimed]:
        """Claim what is lost or waits; see `InteractionStore.claim`."""

        async def claim(connection: asyncpg.Connection, _: bool) -> Any:  # noqa: FBT001
            losers = [row[0] for row in await connection.fetch(LOSERS)]
            if not losers:
                return await connection.fetch(CLAIM_WAITING, *_terms(lease), limit)
            async with transaction(connection):
                await connection.execute(LOCK, losers)
                terms = _terms(lease)
                rows = await connection.fetch(CLAIM_LOST, *terms, limit, losers)
                left = limit - len(rows)
                return rows + await connection.fetch(CLAIM_WAITING, *terms, left)

        return [_claimed(row) for row in await self._pool.run(claim)]

    async def claim_one(self, id: str, owner: str, lease: Lease) -> Claimed | None:  # noqa: A002
        """Claim one if that is possible; see `InteractionStore.claim_one`."""
        name = (plain(id), plain(owner))

        async def claim(connection: asyncpg.Connection, _: bool) -> Any:  # noqa: FBT001
            async with transaction(connection):
                runner = await connection.fetchval(RUNNER, *name)
                await connection.execute(LOCK, [runner] if runner else [])
                return await connection.fetchrow(CLAIM_ONE, *_terms(lease), *name)

        row = await self._pool.run(claim)
        return None if row is None else _claimed(row)

    async def release(self, process: str, epochs: Mapping[str, int]) -> None:
        """Give back what was claimed; see `InteractionStore.release`."""
        ids = [plain(id) for id in epochs]  # noqa: A001
        given = (plain(process), ids, list(epochs.values()))
        await self._pool.run(lambda connection, _: connection.execute(RELEASE, *given))

    async def ask(self, id: str, owner: str, wish: Wish) -> Holder | None:  # noqa: A002
        """Note a wish; see `InteractionStore.ask`."""
        return _holder(await self._row(ASK, plain(id), plain(owner), int(wish)))

    async def holder(self, id: str, owner: str) -> Holder | None:  # noqa: A002
        """Say who runs an interaction; see `InteractionStore.holder`."""
        return _holder(await self._row(HOLDER, plain(id), plain(owner)))

    async def queued(self) -> int:
        """Return how many wait; see `InteractionStore.queued`."""
        (count,) = await self._row(QUEUED)
        return int(count)

    async def _row(self, query: str, *parameters: Any) -> Any:
        return await self._pool.run(
            lambda connection, _: connection.fetchrow(query, *parameters)
        )

    async def _rows(self, query: str, *parameters: Any) -> Any:
        return await self._pool.run(
            lambda connection, _: connection.fetch(query, *parameters)
        )


def _terms(lease: Lease) -> tuple[Any, ...]:
    """Return the first parameters of a claim."""
    # Times that people read are told by the server's machine, as everywhere.
    now = time.time()
    return (plain(lease.process), lease.seconds, int(now), begun(now))


def _holder(row: Any) -> Holder | None:
    if row is None:
        return None
    process, lost = row
    return Holder(process and original(process), bool(lost))


def _claimed(row: Any) -> Claimed:
    owner, epoch, wishes, losses, *columns = row
    record = record_of(original(owner), columns)
    return Claimed(record, epoch, Wish(wishes), losses)
