"""The rows of files and uploads in a SQLite file.

Beside the interactions of `sqlite`, through the same writer and reader.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

from openinteractions.core.errors import InternalError
from openinteractions.engine.file_ports import FileRecord, Partial, Upload
from openinteractions.storage.reader import Reader, Row
from openinteractions.storage.writer import Writer
from openinteractions.v1 import file_pb2, file_service_pb2

State = file_service_pb2.UploadState

BEGIN = """
INSERT INTO uploads (
    key, file_id, owner, state, epoch, received, progress, expires, file
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO NOTHING
"""

FIND = """
SELECT key, owner, file, expires, state, received, progress, epoch
FROM uploads WHERE key = ?
"""

CLAIM = "UPDATE uploads SET epoch = epoch + 1 WHERE key = ? AND state = ?"

ADVANCE = """
UPDATE uploads SET received = ?, progress = ?
WHERE key = ? AND epoch = ? AND state = ?
"""

END = "UPDATE uploads SET state = ? WHERE key = ? AND state = ?"

END_OWN = f"{END} AND epoch = ?"

ADD = """
INSERT INTO files (id, owner, expires, file) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""

GET = "SELECT owner, file FROM files WHERE id = ? AND owner = ?"

LIST = """
SELECT owner, file FROM files
WHERE owner = ? AND id < ? AND expires > ?
ORDER BY id DESC LIMIT ?
"""

AFTER_ALL = "~"
"""Behind every id."""

DELETE = "DELETE FROM files WHERE id = ? AND owner = ?"

# The upload of a file goes with it: it knows the file's name.
FORGET = "DELETE FROM uploads WHERE file_id = ?"

ANYTHING_EXPIRED = """
SELECT 1 WHERE EXISTS (SELECT 1 FROM uploads WHERE expires <= ?1)
    OR EXISTS (SELECT 1 FROM files WHERE expires <= ?1)
"""

EXPIRE_ENDED = "DELETE FROM uploads WHERE expires <= ? AND state != ?"

EXPIRE_UPLOADS = """
DELETE FROM uploads WHERE key IN (
    SELECT key FROM uploads WHERE expires <= ? ORDER BY expires LIMIT ?
)
RETURNING file_id
"""

EXPIRE_FILES = """
DELETE FROM files WHERE key IN (
    SELECT key FROM files WHERE expires <= ? ORDER BY expires LIMIT ?
)
RETURNING id
"""

EXPIRED_AT_ONCE = 100
"""How many rows of each kind are removed in one transaction."""

KNOWN = """
SELECT value FROM json_each(?)
WHERE value IN (SELECT id FROM files)
    OR EXISTS (SELECT 1 FROM uploads WHERE file_id = value AND state = ?)
"""


class SqliteFiles:
    """A `FileStore` in the SQLite file of a `SqliteStore`, which makes it."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def begin(self, upload: Upload) -> None:
        """Store a new upload; see `FileStore.begin`."""
        row = (
            *(upload.key, upload.file_id, upload.owner, upload.state, upload.epoch),
            *(upload.partial.size, upload.partial.progress, upload.expires),
            upload.file.SerializeToString(),
        )
        if not await self._write(BEGIN, row):
            raise InternalError("The id of the upload is taken.")

    async def find(self, key: str) -> Upload | None:
        """Return an upload; see `FileStore.find`."""
        rows = await self._reader.read(FIND, (key,))
        return _upload(rows[0]) if rows else None

    async def claim(self, key: str) -> Upload | None:
        """Make the caller an upload's only writer; see `FileStore.claim`."""

        def claim(connection: sqlite3.Connection) -> Row | None:
            connection.execute(CLAIM, (key, State.UPLOAD_STATE_ACTIVE))
            row: Row | None = connection.execute(FIND, (key,)).fetchone()
            return row

        row = await self._writer.write(claim)
        return None if row is None else _upload(row)

    async def advance(self, key: str, epoch: int, partial: Partial) -> bool:
        """Say how far an upload is; see `FileStore.advance`."""
        row = (partial.size, partial.progress, key, epoch, State.UPLOAD_STATE_ACTIVE)
        return await self._write(ADVANCE, row)

    async def finish(self, key: str, epoch: int, record: FileRecord) -> bool:
        """Store the file of an upload; see `FileStore.finish`."""
        row = _row(record)

        def finish(connection: sqlite3.Connection) -> bool:
            end = (State.UPLOAD_STATE_FINAL, key, State.UPLOAD_STATE_ACTIVE, epoch)
            if not connection.execute(END_OWN, end).rowcount:
                return False
            _add(connection, row)
            return True

        return await self._writer.write(finish)

    async def cancel(self, key: str) -> Upload | None:
        """End an active upload as cancelled; see `FileStore.cancel`."""

        def cancel(connection: sqlite3.Connection) -> Row | None:
            end = (State.UPLOAD_STATE_CANCELLED, key, State.UPLOAD_STATE_ACTIVE)
            connection.execute(END, end)
            row: Row | None = connection.execute(FIND, (key,)).fetchone()
            return row

        row = await self._writer.write(cancel)
        return None if row is None else _upload(row)

    async def add(self, record: FileRecord) -> None:
        """Store a file that was not uploaded; see `FileStore.add`."""
        row = _row(record)
        await self._writer.write(lambda connection: _add(connection, row))

    async def get(self, id: str, owner: str) -> FileRecord | None:  # noqa: A002 - the resource's own word
        """Return a file; see `FileStore.get`."""
        rows = await self._reader.read(GET, (id, owner))
        return _record(rows[0]) if rows else None

    async def list(
        self, owner: str, *, limit: int, before: str | None, now: float
    ) -> Sequence[FileRecord]:
        """Return a page of the owner's files; see `FileStore.list`."""
        page = (owner, AFTER_ALL if before is None else before, now, limit)
        return [_record(row) for row in await self._reader.read(LIST, page)]

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove a file; see `FileStore.delete`."""

        def delete(connection: sqlite3.Connection) -> bool:
            if not connection.execute(DELETE, (id, owner)).rowcount:
                return False
            connection.execute(FORGET, (id,))
            return True

        return await self._writer.write(delete, erases=True)

    async def expire(self, now: float) -> Sequence[str]:
        """Remove what has expired; see `FileStore.expire`."""

        def expire(connection: sqlite3.Connection) -> Sequence[str]:
            connection.execute(EXPIRE_ENDED, (now, State.UPLOAD_STATE_ACTIVE))
            row = (now, EXPIRED_AT_ONCE)
            uploads = connection.execute(EXPIRE_UPLOADS, row).fetchall()
            files = connection.execute(EXPIRE_FILES, row).fetchall()
            connection.executemany(FORGET, files)
            return [id for (id,) in uploads + files]  # noqa: A001

        # Most of the time there is nothing, and then nobody need wait for the lock.
        if not await self._reader.read(ANYTHING_EXPIRED, (now,)):
            return ()
        return await self._writer.write(expire, erases=True)

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return the ids that are in use; see `FileStore.known`."""
        row = (json.dumps(list(ids)), State.UPLOAD_STATE_ACTIVE)
        return [id for (id,) in await self._reader.read(KNOWN, row)]  # noqa: A001

    async def _write(self, statement: str, row: Row) -> bool:
        """Run one statement and say whether it has changed anything."""
        changed = await self._writer.write(
            lambda connection: connection.execute(statement, row).rowcount
        )
        return changed > 0


def _row(record: FileRecord) -> Row:
    expires = record.file.expiration_time.ToNanoseconds() / 1e9
    return (record.id, record.owner, expires, record.file.SerializeToString())


def _add(connection: sqlite3.Connection, row: Row) -> None:
    if not connection.execute(ADD, row).rowcount:
        raise InternalError(f"The id {row[0]} is taken.")


def _record(row: Row) -> FileRecord:
    owner, file = row
    return FileRecord(owner, file_pb2.File.FromString(file))


def _upload(row: Row) -> Upload:
    key, owner, file, expires, state, received, progress, epoch = row
    return Upload(
        key=key,
        owner=owner,
        file=file_pb2.File.FromString(file),
        expires=expires,
        state=state,
        partial=Partial(received, progress),
        epoch=epoch,
    )
