"""The store of one machine: interactions in a SQLite file.

Writes go through the one `Writer`, reads through the `Reader`; this module has the
statements. What an interaction continues is a link between rows, kept apart from
the `previous_interaction_id` that it names: deleting moves the link, never the name.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

from openinteractions.core import lifecycle
from openinteractions.core.errors import InternalError
from openinteractions.engine.store_ports import Record
from openinteractions.engine.signal_ports import Signals
from openinteractions.storage.database import LOCK_TIMEOUT_SECONDS, prepare
from openinteractions.storage.entries import fail, head, packed, unpacked
from openinteractions.storage.events.sqlite import SqliteLog
from openinteractions.storage.reader import Reader, Row
from openinteractions.storage.sqlite_files import SqliteFiles
from openinteractions.storage.writer import Writer
from openinteractions.v1 import (
    error_pb2,
    interaction_pb2,
    interaction_service_pb2,
)

INSERT = """
INSERT INTO interactions (
    id, owner, context_parent, deadline,
    status, created, updated, request, interaction, head, remote, attached
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""

# A row has a deadline exactly while its interaction runs.
UPDATE = """
UPDATE interactions
SET deadline = iif(?, NULL, deadline),
    status = ?, updated = ?, request = ?, interaction = ?, head = ?, remote = ?,
    attached = ?
WHERE id = ? AND owner = ? AND deadline IS NOT NULL
"""

RENEW = """
UPDATE interactions SET deadline = ?
WHERE id IN (SELECT value FROM json_each(?)) AND deadline IS NOT NULL
"""

EXPIRED = """
SELECT key, interaction FROM interactions WHERE deadline <= ?
ORDER BY deadline LIMIT ?
"""

EXPIRE = """
UPDATE interactions
SET deadline = NULL, status = ?, updated = ?, interaction = ?, head = ?
WHERE key = ?
"""

EXPIRED_AT_ONCE = 100
"""How many rows are expired in one transaction."""

FIND = "SELECT key, context_parent FROM interactions WHERE id = ? AND owner = ?"

RELINK = "UPDATE interactions SET context_parent = ? WHERE context_parent = ?"

DELETE = "DELETE FROM interactions WHERE key = ?"

GET = """
SELECT owner, request, interaction, remote, attached FROM interactions
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

LIST = "SELECT head FROM interactions WHERE owner = ? ORDER BY id DESC LIMIT ?"

LIST_BEFORE = """
SELECT head FROM interactions WHERE owner = ? AND id < ? ORDER BY id DESC LIMIT ?
"""


class SqliteStore:
    """An `InteractionStore` in a SQLite file. Made by `open`.

    Other processes may use the file at the same time.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader
        self.files = SqliteFiles(writer, reader)
        """The files beside the interactions."""

    @classmethod
    async def open(
        cls, path: Path, *, lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS
    ) -> Self:
        """Open a database, made or brought to this version's schema where needed.

        `lock_timeout_seconds` is how long a call waits for other processes.

        Raises:
            UnusableStoreError: it cannot be used.
        """
        await asyncio.to_thread(prepare, path, lock_timeout_seconds)
        reader = Reader(path, lock_timeout_seconds)
        return cls(Writer(path, lock_timeout_seconds), reader)

    async def add(
        self, record: Record, lineage: Sequence[str], *, deadline: float | None = None
    ) -> None:
        """Store a new interaction; see `InteractionStore.add`."""
        interaction = record.interaction
        if lifecycle.has_ended(interaction.status):
            deadline = None
        elif deadline is None:
            deadline = 0.0
        row = (
            deadline,
            interaction.status,
            interaction.created.seconds,
            interaction.updated.seconds,
            record.request.SerializeToString(),
            interaction.SerializeToString(),
            head(interaction).SerializeToString(),
            record.remote and packed(record.remote),
            json.dumps(record.attached) if record.attached else None,
        )

        def insert(connection: sqlite3.Connection) -> int:
            parent = _youngest(connection, lineage, record.owner)
            identity = (interaction.id, record.owner, parent)
            return connection.execute(INSERT, identity + row).rowcount

        if not await self._writer.write(insert):
            raise InternalError(f"The id {interaction.id} is taken.")

    async def update(self, record: Record) -> bool:
        """Replace an interaction that runs; see `InteractionStore.update`."""
        interaction = record.interaction
        row = (
            lifecycle.has_ended(interaction.status),
            interaction.status,
            interaction.updated.seconds,
            record.request.SerializeToString(),
            interaction.SerializeToString(),
            head(interaction).SerializeToString(),
            record.remote and packed(record.remote),
            json.dumps(record.attached) if record.attached else None,
            interaction.id,
            record.owner,
        )
        changed = await self._writer.write(
            lambda connection: connection.execute(UPDATE, row).rowcount
        )
        return changed > 0

    async def renew(self, ids: Sequence[str], deadline: float) -> None:
        """Move the deadline of interactions; see `InteractionStore.renew`."""
        row = (deadline, json.dumps(list(ids)))
        await self._writer.write(
            lambda connection: connection.execute(RENEW, row).rowcount
        )

    async def expire(self, now: float, error: error_pb2.Error) -> Sequence[str]:
        """End what its process has left; see `InteractionStore.expire`."""
        expired: list[str] = []
        while True:
            batch = await self._writer.write(
                lambda connection: _expire(connection, now, error)
            )
            expired += batch
            if len(batch) < EXPIRED_AT_ONCE:
                return expired

    async def get(
        self,
        id: str,  # noqa: A002 - the resource's own word
        owner: str,
        *,
        media: bool = True,  # noqa: ARG002 - rows have what they were given
    ) -> Record | None:
        """Return an interaction; see `InteractionStore.get`."""
        rows = await self._reader.read(GET, (id, owner))
        return _record(rows[0]) if rows else None

    async def conversation(
        self,
        id: str,  # noqa: A002
        owner: str,
        *,
        media: bool = True,  # noqa: ARG002
    ) -> Sequence[Record]:
        """Return what led to an interaction; see `InteractionStore.conversation`."""
        rows = await self._reader.read(CONVERSATION, (id, owner))
        return [_record(row) for row in rows]

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


def _expire(
    connection: sqlite3.Connection, now: float, error: error_pb2.Error
) -> list[str]:
    """Expire the rows that have waited longest and return their ids."""
    expired = []
    for key, stored in connection.execute(EXPIRED, (now, EXPIRED_AT_ONCE)).fetchall():
        interaction = interaction_pb2.Interaction.FromString(stored)
        fail(interaction, now, error)
        row = (
            interaction.status,
            interaction.updated.seconds,
            interaction.SerializeToString(),
            head(interaction).SerializeToString(),
            key,
        )
        connection.execute(EXPIRE, row)
        expired.append(interaction.id)
    return expired


def _record(row: Row) -> Record:
    owner, request, interaction, remote, attached = row
    return Record(
        owner,
        interaction_service_pb2.CreateInteractionRequest.FromString(request),
        interaction_pb2.Interaction.FromString(interaction),
        remote and unpacked(remote),
        tuple(json.loads(attached)) if attached else (),
    )
