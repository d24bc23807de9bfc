"""The store of one machine: interactions in a SQLite file.

Writes go through the one `Writer`, reads through the `Reader`; this module has the
statements. What an interaction continues is a link between rows, kept apart from
the `previous_interaction_id` that it names: deleting moves the link, never the name.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Self

from openinteractions.core import ids, lifecycle
from openinteractions.core.errors import InternalError, QueueFullError
from openinteractions.engine.signal_ports import Signals
from openinteractions.engine.store_ports import Aged, Lease, Place, Record
from openinteractions.storage import sqlite_adding
from openinteractions.storage.database import LOCK_TIMEOUT_SECONDS, prepare
from openinteractions.storage.entries import FULL, head, packed, parts
from openinteractions.storage.events.sqlite import SqliteLog
from openinteractions.storage.reader import Reader
from openinteractions.storage.rows import record_of
from openinteractions.storage.sqlite_files import SqliteFiles
from openinteractions.storage.sqlite_runs import SqliteRuns, is_full
from openinteractions.storage.writer import Writer
from openinteractions.v1 import interaction_pb2

# What waits is claimed by nobody.
UPDATE = """
UPDATE interactions
SET status = ?, updated = ?, head = ?, remote = ?, attached = ?, attempts = ?,
    request = ?, interaction = ?, request_aside = ?, interaction_aside = ?
WHERE id = ? AND owner = ? AND EXISTS (
    SELECT 1 FROM runs
    WHERE runs.key = interactions.key AND epoch = ? AND turn IS NULL
)
RETURNING key
"""

END_RUN = "DELETE FROM runs WHERE key = ?"

FORGET_LOSSES = "UPDATE runs SET losses = 0 WHERE key = ? AND losses > 0"

IS_SO = """
SELECT 1 FROM interactions
WHERE id = ? AND owner = ? AND interaction = ? AND interaction_aside IS ?
    AND attempts IS ?
    AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.key = interactions.key)
"""

FIND = "SELECT key, context_parent FROM interactions WHERE id = ? AND owner = ?"

RELINK = "UPDATE interactions SET context_parent = ? WHERE context_parent = ?"

DELETE = "DELETE FROM interactions WHERE key = ?"

GET = """
SELECT owner, request, interaction, remote, attached,
    attempts, request_aside, interaction_aside
FROM interactions
WHERE id = ? AND owner = ?
"""

CONVERSATION = """
WITH RECURSIVE turn (key, context_parent, age) AS (
    SELECT key, context_parent, 0 FROM interactions WHERE id = ? AND owner = ?
    UNION ALL
    SELECT parent.key, parent.context_parent, turn.age + 1
    FROM turn JOIN interactions AS parent ON parent.key = turn.context_parent
)
SELECT owner, request, interaction, remote, attached
FROM turn JOIN interactions USING (key)
ORDER BY age DESC
"""

KNOWN = "SELECT id FROM interactions WHERE id IN (SELECT value FROM json_each(?))"

AGED = """
SELECT id, owner FROM interactions
WHERE id < ? AND NOT EXISTS (
    SELECT 1 FROM runs WHERE runs.key = interactions.key
    AND (process IS NOT NULL OR turn IS NOT NULL)
)
ORDER BY interactions.id LIMIT ?
"""

LIST = "SELECT head FROM interactions WHERE owner = ? ORDER BY id DESC LIMIT ?"

LIST_BEFORE = """
SELECT head FROM interactions WHERE owner = ? AND id < ? ORDER BY id DESC LIMIT ?
"""


class SqliteStore(SqliteRuns):
    """An `InteractionStore` in a SQLite file. Made by `open`.

    Other processes may use the file at the same time.
    """

    def __init__(
        self, writer: Writer, reader: Reader, now: Callable[[], float]
    ) -> None:
        super().__init__(writer, reader, now)
        self.files = SqliteFiles(writer, reader)
        """The files beside the interactions."""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done: it can be used from the beginning."""
        self.opened.set_result(None)

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> Self:
        """Open a database, made or brought to this version's schema where needed.

        `lock_timeout_seconds` is how long a call waits for other processes, `now` is
        the clock that leases go by.

        Raises:
            UnusableStoreError: it cannot be used.
        """
        await asyncio.to_thread(prepare, path, lock_timeout_seconds)
        reader = Reader(path, lock_timeout_seconds)
        return cls(Writer(path, lock_timeout_seconds), reader, now)

    async def add(
        self,
        record: Record,
        lineage: Sequence[str],
        *,
        lease: Lease | None = None,
        place: Place | None = None,
    ) -> None:
        """Store a new interaction; see `InteractionStore.add`."""
        interaction = record.interaction
        ended = lifecycle.has_ended(interaction.status)
        row = sqlite_adding.members(record)

        def insert(connection: sqlite3.Connection) -> int | None:
            if place is not None and not ended and is_full(connection, place):
                # An error would break up the transaction that it shares with others.
                return None
            parent = _youngest(connection, lineage, record.owner)
            identity = (interaction.id, record.owner, parent)
            added = connection.execute(sqlite_adding.INSERT, identity + row)
            if added.rowcount and not ended:
                self._begin_run(
                    connection, (added.lastrowid, interaction.id), lease, place
                )
            return added.rowcount

        added: int | None
        if ended and not lineage:
            whole = (interaction.id, record.owner, None, *row)
            added = await self._writer.add(sqlite_adding.insert, whole)
        else:
            added = await self._writer.write(insert)
        if added is None:
            raise QueueFullError(FULL)
        if not added:
            raise InternalError(f"The id {interaction.id} is taken.")

    async def update(self, record: Record, epoch: int) -> bool:
        """Replace an interaction that runs; see `InteractionStore.update`."""
        interaction = record.interaction
        ended = lifecycle.has_ended(interaction.status)
        messages = parts(record)
        row = (
            interaction.status,
            interaction.updated.seconds,
            head(interaction).SerializeToString(),
            record.remote and packed(record.remote),
            json.dumps(record.attached) if record.attached else None,
            record.attempts or None,
            *messages,
            interaction.id,
            record.owner,
            epoch,
        )

        def update(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(UPDATE, row).fetchone()
            if changed is not None:
                connection.execute(END_RUN if ended else FORGET_LOSSES, changed)
                return True
            _, made, _, aside = messages
            made_by = record.attempts or None
            same = (interaction.id, record.owner, made, aside, made_by)
            return ended and connection.execute(IS_SO, same).fetchone() is not None

        return await self._writer.write(update)

    async def get(
        self,
        id: str,  # noqa: A002 - the resource's own word
        owner: str,
        *,
        media: bool = True,  # noqa: ARG002 - rows have what they were given
    ) -> Record | None:
        """Return an interaction; see `InteractionStore.get`."""
        rows = await self._reader.read(GET, (id, owner))
        return record_of(rows[0]) if rows else None

    async def conversation(
        self,
        id: str,  # noqa: A002
        owner: str,
        *,
        media: bool = True,  # noqa: ARG002
    ) -> Sequence[Record]:
        """Return what led to an interaction; see `InteractionStore.conversation`."""
        rows = await self._reader.read(CONVERSATION, (id, owner))
        return [record_of(row) for row in rows]

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return those ids that are taken; see `InteractionStore.known`."""
        rows = await self._reader.read(KNOWN, (json.dumps(list(ids)),))
        return [found for (found,) in rows]

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove an interaction; see `InteractionStore.delete`.

        Its pages are overwritten at once, and the log is emptied as soon as nothing
        else is waiting to be written.
        """

        def erase(connection: sqlite3.Connection) -> bool:
            found = connection.execute(FIND, (id, owner)).fetchone()
            if found is None:
                return False
            key, context_parent = found
            connection.execute(RELINK, (context_parent, key))
            connection.execute(DELETE, (key,))
            return True

        return await self._writer.write(erase, erases=True)

    async def list(
        self, owner: str, *, limit: int, before: str | None
    ) -> Sequence[interaction_pb2.Interaction]:
        """Return a page of the owner's interactions; see `InteractionStore.list`."""
        if before is None:
            rows = await self._reader.read(LIST, (owner, limit))
        else:
            rows = await self._reader.read(LIST_BEFORE, (owner, before, limit))
        return [interaction_pb2.Interaction.FromString(entry) for (entry,) in rows]

    async def aged(self, before: float, limit: int) -> Sequence[Aged]:
        """Return the oldest that nobody runs; see `InteractionStore.aged`."""
        bound = (ids.interaction_id(int(before * 1000), b""), limit)
        return [Aged(*row) for row in await self._reader.read(AGED, bound)]

    def log(self, signals: Signals) -> SqliteLog:
        """Return the log of live events in the same file; it ends with the store."""
        return SqliteLog(self._writer, self._reader, signals)

    async def close(self) -> None:
        """Finish every write that was asked for, then let go of the file."""
        await self._reader.close()
        await self._writer.close()


def _youngest(
    connection: sqlite3.Connection, lineage: Sequence[str], owner: str
) -> int | None:
    """Return the key of the youngest turn that exists; nearly always it is the last."""
    for turn in reversed(lineage):
        found = connection.execute(FIND, (turn, owner)).fetchone()
        if found is not None:
            return int(found[0])
    return None
