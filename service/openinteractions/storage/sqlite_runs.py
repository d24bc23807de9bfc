"""Who runs what, in a SQLite file: claims, the queue, and signs of life.

Statements for the `Writer` and the `Reader`, as in `sqlite`, beside which it stands.
A process gives its sign of life in one row of its own, however much it runs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from openinteractions.engine.store_ports import (
    Claimed,
    Holder,
    Lease,
    Place,
    Renewed,
    Wish,
)
from openinteractions.storage.entries import begun
from openinteractions.storage.reader import Reader, Row
from openinteractions.storage.rows import record_of
from openinteractions.storage.writer import Writer
from openinteractions.v1 import interaction_pb2

Status = interaction_pb2.InteractionStatus

RUN = """
INSERT INTO runs (key, id, epoch, process, deadline, turn, caller)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

QUEUED = "SELECT count(*) FROM runs WHERE turn IS NOT NULL"

TURN = """
SELECT 1 + max(
    ifnull((SELECT min(turn) FROM runs WHERE turn IS NOT NULL), 0),
    ifnull((SELECT max(turn) FROM runs WHERE turn IS NOT NULL AND caller = ?), 0)
)
"""

SIGN_OF_LIFE = """
INSERT INTO processes (process, deadline) VALUES (?, ?)
ON CONFLICT (process) DO UPDATE SET deadline = excluded.deadline
"""

HELD = "SELECT id, epoch, wishes FROM runs WHERE process = ?"

# From process to process, and not from run to run: nearly all of them live.
LOST = """
WITH RECURSIVE holding (process) AS (
    SELECT min(process) FROM runs WHERE process IS NOT NULL
    UNION ALL
    SELECT (SELECT min(process) FROM runs WHERE process > holding.process)
    FROM holding WHERE holding.process IS NOT NULL
)
SELECT key
FROM holding CROSS JOIN runs USING (process)
WHERE runs.deadline <= :now AND NOT EXISTS (
    SELECT 1 FROM processes AS alive
    WHERE alive.process = holding.process AND alive.deadline > :now
)
LIMIT :limit
"""

WAITING = "SELECT key FROM runs WHERE turn IS NOT NULL ORDER BY turn, key LIMIT ?"

CLAIMABLE = """
SELECT key FROM interactions JOIN runs USING (key)
WHERE interactions.id = :id AND owner = :owner AND (
    turn IS NOT NULL
    OR runs.deadline <= :now AND NOT EXISTS (
        SELECT 1 FROM processes AS alive
        WHERE alive.process = runs.process AND alive.deadline > :now
    )
)
"""

TAKE = """
UPDATE runs
SET losses = losses + (process IS NOT NULL), epoch = epoch + 1, turn = NULL,
    process = ?, deadline = ?
WHERE key = ?
"""

# What comes last counts in a serialized message: these members are appended.
BEGIN = """
UPDATE interactions
SET status = ?, updated = ?,
    head = CAST(head || ? AS BLOB), interaction = CAST(interaction || ? AS BLOB)
WHERE key = ? AND status = ?
"""

CLAIMED = """
SELECT owner, request, interaction, remote, attached,
    attempts, request_aside, interaction_aside, epoch, wishes, losses
FROM runs JOIN interactions USING (key) WHERE key = ?
"""

FORGET_PROCESSES = """
DELETE FROM processes WHERE deadline <= ? AND NOT EXISTS (
    SELECT 1 FROM runs WHERE runs.process = processes.process
)
"""

# The first turn of all.
RELEASE = """
UPDATE runs SET process = NULL, deadline = NULL, turn = 0
WHERE key = (SELECT key FROM interactions WHERE id = ?) AND process = ? AND epoch = ?
"""

ASK = """
UPDATE runs SET wishes = wishes | ?
WHERE key = (SELECT key FROM interactions WHERE id = ? AND owner = ?)
"""

HOLDER = """
SELECT runs.process, max(runs.deadline, ifnull(processes.deadline, 0))
FROM interactions JOIN runs USING (key) LEFT JOIN processes USING (process)
WHERE interactions.id = ? AND owner = ?
"""


class SqliteRuns:
    """The part of an `InteractionStore` that has to do with claims.

    `now` gives the time in seconds since 1970; it is called in the writer's thread.
    """

    def __init__(
        self, writer: Writer, reader: Reader, now: Callable[[], float]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._now = now

    async def renew(self, lease: Lease) -> Renewed:
        """Give a sign of life; see `InteractionStore.renew`."""

        def renew(connection: sqlite3.Connection) -> list[Row]:
            sign = (lease.process, self._now() + lease.seconds)
            connection.execute(SIGN_OF_LIFE, sign)
            return connection.execute(HELD, (lease.process,)).fetchall()

        rows = await self._writer.write(renew)
        return Renewed(
            {id: epoch for id, epoch, _ in rows},  # noqa: A001 - the resource's own word
            {id: Wish(wishes) for id, _, wishes in rows if wishes},  # noqa: A001
        )

    async def claim(self, lease: Lease, limit: int) -> Sequence[Claimed]:
        """Claim what is lost or waits; see `InteractionStore.claim`."""

        def claim(connection: sqlite3.Connection) -> list[Row]:
            now = self._now()
            asked = {"now": now, "limit": limit}
            keys = _keys(connection.execute(LOST, asked))
            keys += _keys(connection.execute(WAITING, (limit - len(keys),)))
            rows = _take(connection, keys, lease, now)
            connection.execute(FORGET_PROCESSES, (now,))
            return rows

        return [_claimed(row) for row in await self._writer.write(claim)]

    async def claim_one(self, id: str, owner: str, lease: Lease) -> Claimed | None:  # noqa: A002
        """Claim one if that is possible; see `InteractionStore.claim_one`."""

        def claim(connection: sqlite3.Connection) -> list[Row]:
            now = self._now()
            asked = {"now": now, "id": id, "owner": owner}
            keys = _keys(connection.execute(CLAIMABLE, asked))
            return _take(connection, keys, lease, now)

        rows = await self._writer.write(claim)
        return _claimed(rows[0]) if rows else None

    async def release(self, process: str, epochs: Mapping[str, int]) -> None:
        """Give back what was claimed; see `InteractionStore.release`."""
        rows = [(id, process, epoch) for id, epoch in epochs.items()]  # noqa: A001
        await self._writer.write(
            lambda connection: connection.executemany(RELEASE, rows).rowcount
        )

    async def ask(self, id: str, owner: str, wish: Wish) -> Holder | None:  # noqa: A002
        """Note a wish; see `InteractionStore.ask`."""

        def ask(connection: sqlite3.Connection) -> list[Row]:
            connection.execute(ASK, (int(wish), id, owner))
            return connection.execute(HOLDER, (id, owner)).fetchall()

        return self._holder(await self._writer.write(ask))

    async def holder(self, id: str, owner: str) -> Holder | None:  # noqa: A002
        """Say who runs an interaction; see `InteractionStore.holder`."""
        return self._holder(await self._reader.read(HOLDER, (id, owner)))

    async def queued(self) -> int:
        """Return how many wait; see `InteractionStore.queued`."""
        ((count,),) = await self._reader.read(QUEUED, ())
        return int(count)

    def _begin_run(
        self,
        connection: sqlite3.Connection,
        identity: tuple[int | None, str],
        lease: Lease | None,
        place: Place | None,
    ) -> None:
        """Write who runs an interaction that was just added."""
        row: tuple[Any, ...] = (0, None, None, None, None)
        if lease is not None:
            row = (1, lease.process, self._now() + lease.seconds, None, None)
        elif place is not None:
            (turn,) = connection.execute(TURN, (place.caller,)).fetchone()
            row = (0, None, None, turn, place.caller)
        connection.execute(RUN, identity + row)

    def _holder(self, rows: Sequence[Row]) -> Holder | None:
        if not rows:
            return None
        ((process, deadline),) = rows
        return Holder(process, process is not None and deadline <= self._now())


def is_full(connection: sqlite3.Connection, place: Place) -> bool:
    """Say whether so much waits already that there is no such place."""
    (count,) = connection.execute(QUEUED).fetchone()
    return bool(count >= place.limit)


def _keys(rows: Iterable[Row]) -> list[int]:
    return [key for (key,) in rows]


def _take(
    connection: sqlite3.Connection, keys: Collection[int], lease: Lease, now: float
) -> list[Row]:
    """Claim runs by their keys; return them as they are then."""
    deadline = now + lease.seconds
    connection.executemany(TAKE, [(lease.process, deadline, key) for key in keys])
    change, queued = begun(now), Status.INTERACTION_STATUS_QUEUED
    told = (Status.INTERACTION_STATUS_IN_PROGRESS, int(now), change, change)
    connection.executemany(BEGIN, [(*told, key, queued) for key in keys])
    return [connection.execute(CLAIMED, (key,)).fetchone() for key in keys]


def _claimed(row: Row) -> Claimed:
    epoch, wishes, losses = row[-3:]
    return Claimed(record_of(row[:-3]), epoch, Wish(wishes), losses)
