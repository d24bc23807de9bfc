"""The store of one machine: interactions in a SQLite file.

Writes go through the one `Writer`, reads through the `Reader`; this module has the
statements. What an interaction continues is a link between rows, kept apart from
the `previous_interaction_id` that it names: deleting moves the link, never the name.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from openinteractions.core import lifecycle
from openinteractions.core.errors import InternalError
from openinteractions.engine.ports import Record
from openinteractions.storage.database import LOCK_TIMEOUT_SECONDS, prepare
from openinteractions.storage.reader import Reader, Row
from openinteractions.storage.writer import Writer
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

INSERT = """
INSERT INTO interactions
    (id, owner, context_parent, status, created, updated, request, interaction)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""

UPDATE = f"""
UPDATE interactions SET status = ?, updated = ?, request = ?, interaction = ?
WHERE id = ? AND owner = ?
    AND status NOT IN ({", ".join(str(int(s)) for s in sorted(lifecycle.ENDED))})
"""  # noqa: S608 - numbers of our own

FIND = "SELECT key, context_parent FROM interactions WHERE id = ? AND owner = ?"

RELINK = "UPDATE interactions SET context_parent = ? WHERE context_parent = ?"

DELETE = "DELETE FROM interactions WHERE key = ?"

GET = "SELECT owner, request, interaction FROM interactions WHERE id = ? AND owner = ?"

CONVERSATION = """
WITH RECURSIVE turn (key, context_parent, age) AS (
    SELECT key, context_parent, 0 FROM interactions WHERE id = ? AND owner = ?
    UNION ALL
    SELECT parent.key, parent.context_parent, turn.age + 1
    FROM turn JOIN interactions AS parent ON parent.key = turn.context_parent
)
SELECT owner, request, interaction
FROM turn JOIN interactions USING (key)
ORDER BY age DESC
"""

LIST = """
SELECT owner, request, interaction FROM interactions
WHERE owner = ? ORDER BY id DESC LIMIT ?
"""

LIST_BEFORE = """
SELECT owner, request, interaction FROM interactions
WHERE owner = ? AND id < ? ORDER BY id DESC LIMIT ?
"""


class SqliteStore:
    """An `InteractionStore` in a SQLite file. Made by `open`.

    Other processes may use the file at the same time.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

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

    async def add(self, record: Record, lineage: Sequence[str]) -> None:
        """Store a new interaction; see `InteractionStore.add`."""
        interaction = record.interaction
        row = (
            interaction.status,
            interaction.created.seconds,
            interaction.updated.seconds,
            record.request.SerializeToString(),
            interaction.SerializeToString(),
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
            interaction.status,
            interaction.updated.seconds,
            record.request.SerializeToString(),
            interaction.SerializeToString(),
            interaction.id,
            record.owner,
        )
        changed = await self._writer.write(
            lambda connection: connection.execute(UPDATE, row).rowcount
        )
        return changed > 0

    async def get(self, id: str, owner: str) -> Record | None:  # noqa: A002 - the resource's own word
        """Return an interaction; see `InteractionStore.get`."""
        rows = await self._reader.read(GET, (id, owner))
        return _record(rows[0]) if rows else None

    async def conversation(self, id: str, owner: str) -> Sequence[Record]:  # noqa: A002
        """Return what led to an interaction; see `InteractionStore.conversation`."""
        rows = await self._reader.read(CONVERSATION, (id, owner))
        return [_record(row) for row in rows]

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
    ) -> Sequence[Record]:
        """Return a page of the owner's interactions; see `InteractionStore.list`."""
        if before is None:
            rows = await self._reader.read(LIST, (owner, limit))
        else:
            rows = await self._reader.read(LIST_BEFORE, (owner, before, limit))
        return [_record(row) for row in rows]

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


def _record(row: Row) -> Record:
    owner, request, interaction = row
    return Record(
        owner,
        interaction_service_pb2.CreateInteractionRequest.FromString(request),
        interaction_pb2.Interaction.FromString(interaction),
    )
