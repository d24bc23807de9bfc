"""Interactions in PostgreSQL.

What an interaction continues is a link between rows, kept apart from the
`previous_interaction_id` that it names: deleting moves the link, never the name.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Self

import asyncpg

from openinteractions.core import ids, lifecycle
from openinteractions.core.errors import InternalError, QueueFullError
from openinteractions.engine.store_ports import Aged, Lease, Place, Record
from openinteractions.storage.entries import FULL, head, packed, parts
from openinteractions.storage.migrate import AbsentStoreError
from openinteractions.storage.postgres.adding import Added, New, add
from openinteractions.storage.postgres.files import PostgresFiles
from openinteractions.storage.postgres.group import Group
from openinteractions.storage.postgres.pool import Pool, transaction
from openinteractions.storage.postgres.queueing import enqueue
from openinteractions.storage.postgres.rows import ASIDE, COLUMNS, record_of
from openinteractions.storage.postgres.runs import PostgresRuns
from openinteractions.storage.postgres.schema import check
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.text import original, plain
from openinteractions.storage.postgres.updating import Changed, update
from openinteractions.storage.postgres.waiting import appearance
from openinteractions.v1 import interaction_pb2

# The links of neighbours that are deleted at the same time would wait for each other.
TAKE_TURNS = "SELECT pg_advisory_xact_lock(7315905, hashtext($1))"

# First, as everywhere; see `updating`.
STOP = """
SELECT FROM interactions JOIN runs USING (key)
WHERE interactions.id = $1 AND owner = $2
FOR UPDATE OF runs
"""

# What is added meanwhile makes the constraint fail, and then all of it runs again.
DELETE = """
WITH gone AS (
    DELETE FROM interactions WHERE id = $1 AND owner = $2
    RETURNING key, context_parent
), moved AS (
    UPDATE interactions AS child SET context_parent = gone.context_parent
    FROM gone WHERE child.context_parent = gone.key
)
SELECT FROM gone
"""

GET = f"""
SELECT {COLUMNS}, {ASIDE} FROM interactions WHERE id = $1 AND owner = $2
"""  # noqa: S608 - of constants

CONVERSATION = f"""
WITH RECURSIVE turn (key, context_parent, age) AS (
    SELECT key, context_parent, 0 FROM interactions WHERE id = $1 AND owner = $2
    UNION ALL
    SELECT parent.key, parent.context_parent, turn.age + 1
    FROM turn JOIN interactions AS parent ON parent.key = turn.context_parent
)
SELECT {COLUMNS} FROM turn JOIN interactions USING (key)
ORDER BY age DESC
"""  # noqa: S608

KNOWN = "SELECT id FROM interactions WHERE id = ANY ($1::text[])"

AGED = """
SELECT id, owner FROM interactions
WHERE id < $1 AND NOT EXISTS (
    SELECT FROM runs WHERE runs.key = interactions.key
    AND (process IS NOT NULL OR turn IS NOT NULL)
)
ORDER BY id LIMIT $2
"""

LIST = """
SELECT head FROM interactions WHERE owner = $1 ORDER BY id DESC LIMIT $2
"""

LIST_BEFORE = """
SELECT head FROM interactions WHERE owner = $1 AND id < $3 ORDER BY id DESC LIMIT $2
"""


class PostgresStore(PostgresRuns):
    """An `InteractionStore` in PostgreSQL. Made by `open`.

    Any number of processes may use the database at the same time.
    """

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._adds = Group[New, Added](partial(add, pool))
        self._waiting = Group[New, Added](partial(enqueue, pool), lanes=1)
        self._updates = Group[Changed, bool](partial(update, pool))
        self.files = PostgresFiles(pool)
        """The files beside the interactions."""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the database can be used, or with an `UnusableStoreError`."""

    @classmethod
    async def open(cls, server: Server) -> Self:
        """Open a database that has this version's schema.

        A server that is not there yet is waited for in the background; see `opened`.

        Raises:
            UnusableStoreError: it cannot be used.
        """
        self = cls(Pool(server))
        try:
            await check(server)
        except AbsentStoreError as problem:
            self.opened = asyncio.create_task(self._wait(server, problem))
        else:
            self._pool.open()
            self.opened.set_result(None)
        return self

    async def _wait(self, server: Server, problem: AbsentStoreError) -> None:
        await appearance(server, problem)
        self._pool.open()

    async def add(
        self,
        record: Record,
        lineage: Sequence[str],
        *,
        lease: Lease | None = None,
        place: Place | None = None,
    ) -> None:
        """Store a new interaction; see `InteractionStore.add`."""
        limit = place.limit if place else 0
        turns = [plain(turn) for turn in lineage]
        row = New._make(
            (*_members(record), *_claim(record, lease, place), None, turns, limit)
        )
        group = self._adds if row.caller is None else self._waiting
        added = await group.call(
            row, row.id, row.size, after=turns[-1] if turns else None
        )
        if added is Added.FULL:
            raise QueueFullError(FULL)
        if added is Added.TAKEN:
            raise InternalError(f"The id {record.interaction.id} is taken.")

    async def update(self, record: Record, epoch: int) -> bool:
        """Replace an interaction that runs; see `InteractionStore.update`."""
        name, owner, status, _, *rest = _members(record)
        ended = lifecycle.has_ended(record.interaction.status)
        row = Changed(name, owner, epoch, ended, status, *rest)
        return await self._updates.call(row, row.id, row.size)

    async def get(
        self,
        id: str,  # noqa: A002 - the resource's own word
        owner: str,
        *,
        media: bool = True,  # noqa: ARG002 - rows have what they were given
    ) -> Record | None:
        """Return an interaction; see `InteractionStore.get`."""
        row = await self._row(GET, plain(id), plain(owner))
        return None if row is None else record_of(owner, row)

    async def conversation(
        self,
        id: str,  # noqa: A002
        owner: str,
        *,
        media: bool = True,  # noqa: ARG002
    ) -> Sequence[Record]:
        """Return what led to an interaction; see `InteractionStore.conversation`."""
        rows = await self._rows(CONVERSATION, plain(id), plain(owner))
        return [record_of(owner, row) for row in rows]

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return those ids that are taken; see `InteractionStore.known`."""
        names = [plain(id) for id in ids]  # noqa: A001
        return [original(name) for (name,) in await self._rows(KNOWN, names)]

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove an interaction; see `InteractionStore.delete`."""
        name = (plain(id), plain(owner))
        found = False

        async def erase(connection: asyncpg.Connection, _: bool) -> None:  # noqa: FBT001
            nonlocal found
            async with transaction(connection):
                await connection.execute(TAKE_TURNS, name[1])
                await connection.fetch(STOP, *name)
                # What was found may be gone when this runs again.
                found = bool(await connection.fetch(DELETE, *name)) or found

        await self._pool.run(erase)
        return found

    async def list(
        self, owner: str, *, limit: int, before: str | None
    ) -> Sequence[interaction_pb2.Interaction]:
        """Return a page of the owner's interactions; see `InteractionStore.list`."""
        if before is None:
            rows = await self._rows(LIST, plain(owner), limit)
        else:
            rows = await self._rows(LIST_BEFORE, plain(owner), limit, plain(before))
        return [interaction_pb2.Interaction.FromString(entry) for (entry,) in rows]

    async def aged(self, before: float, limit: int) -> Sequence[Aged]:
        """Return the oldest that nobody runs; see `InteractionStore.aged`."""
        bound = ids.interaction_id(int(before * 1000), b"")
        return [
            Aged(original(name), original(owner))
            for name, owner in await self._rows(AGED, bound, limit)
        ]

    async def close(self) -> None:
        """Finish every write that was asked for, then close the connections."""
        if not self.opened.done():
            self.opened.cancel()
            await asyncio.wait({self.opened})
        for group in (self._adds, self._waiting, self._updates):
            await group.close()
        await self._pool.close()


def _members(record: Record) -> tuple[Any, ...]:
    """Return what a row has of a record, in the order of `New`."""
    interaction = record.interaction
    return (
        plain(interaction.id),
        plain(record.owner),
        interaction.status,
        interaction.created.seconds,
        interaction.updated.seconds,
        head(interaction).SerializeToString(),
        record.remote and packed(record.remote),
        json.dumps(record.attached) if record.attached else None,
        record.attempts,
        *parts(record),
    )


def _claim(record: Record, lease: Lease | None, place: Place | None) -> tuple[Any, ...]:
    """Return epoch, process, seconds and caller of a new interaction."""
    if lifecycle.has_ended(record.interaction.status):
        return (None, None, None, None)
    if lease is not None:
        return (1, plain(lease.process), lease.seconds, None)
    return (0, None, None, place and plain(place.caller))
