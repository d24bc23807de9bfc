"""The rows of files and uploads in PostgreSQL, beside the interactions of `store`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from openinteractions.core.errors import InternalError
from openinteractions.engine.file_ports import FileRecord, Partial, Upload
from openinteractions.storage.postgres.pool import Pool, transaction
from openinteractions.storage.postgres.text import plain
from openinteractions.v1 import file_pb2, file_service_pb2

State = file_service_pb2.UploadState

UPLOAD = "owner, file, expires, state, received, progress, epoch"

BEGIN = """
INSERT INTO uploads (
    key, file_id, owner, state, epoch, received, progress, expires, file
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (key) DO NOTHING
RETURNING key
"""

BEGUN = "SELECT FROM uploads WHERE key = $1 AND file = $2"

FIND = f"SELECT {UPLOAD} FROM uploads WHERE key = $1"  # noqa: S608 - of constants

CLAIM = f"""
UPDATE uploads
SET epoch = CASE WHEN state = $2 THEN epoch + 1 ELSE epoch END
WHERE key = $1
RETURNING {UPLOAD}
"""  # noqa: S608

ADVANCE = """
UPDATE uploads SET received = $4, progress = $5
WHERE key = $1 AND epoch = $2 AND state = $3
RETURNING key
"""

FINISH = """
WITH ended AS (
    UPDATE uploads SET state = $4
    WHERE key = $1 AND epoch = $2 AND state = $3
    RETURNING key
)
INSERT INTO files (id, owner, expires, file)
SELECT $5, $6, $7, $8 FROM ended
RETURNING id
"""

FINISHED = """
SELECT FROM uploads JOIN files ON files.id = file_id
WHERE uploads.key = $1 AND epoch = $2 AND state = $3 AND files.file = $4
"""

CANCEL = f"""
UPDATE uploads SET state = CASE WHEN state = $2 THEN $3 ELSE state END
WHERE key = $1
RETURNING {UPLOAD}
"""  # noqa: S608

ADD = """
INSERT INTO files (id, owner, expires, file) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO NOTHING
RETURNING id
"""

ADDED = "SELECT FROM files WHERE id = $1 AND file = $2"

GET = "SELECT file FROM files WHERE id = $1 AND owner = $2"

LIST = """
SELECT file FROM files
WHERE owner = $1 AND id < $2 AND expires > $3
ORDER BY id DESC LIMIT $4
"""

AFTER_ALL = "~"
"""Behind every id."""

# The upload of a file goes with it: it knows the file's name.
DELETE = """
WITH gone AS (
    DELETE FROM files WHERE id = $1 AND owner = $2 RETURNING id
), forgotten AS (
    DELETE FROM uploads USING gone WHERE file_id = gone.id
)
SELECT FROM gone
"""

EXPIRE = """
WITH gone AS (
    DELETE FROM files WHERE key IN (
        SELECT key FROM files WHERE expires <= $1
        ORDER BY expires LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
), abandoned AS (
    DELETE FROM uploads WHERE key IN (
        SELECT key FROM uploads WHERE expires <= $1 AND state = $2
        ORDER BY expires LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    RETURNING file_id
), ended AS (
    DELETE FROM uploads WHERE expires <= $1 AND state != $2
), forgotten AS (
    DELETE FROM uploads USING gone WHERE file_id = gone.id
)
SELECT id FROM gone UNION ALL SELECT file_id FROM abandoned
"""

EXPIRED_AT_ONCE = 100
"""How many rows of each kind are removed in one transaction."""

KNOWN = """
SELECT id FROM files WHERE id = ANY ($1::text[])
UNION
SELECT file_id FROM uploads WHERE file_id = ANY ($1::text[]) AND state = $2
"""


class PostgresFiles:
    """A `FileStore` in the database of a `PostgresStore`, which makes it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, upload: Upload) -> None:
        """Store a new upload; see `FileStore.begin`."""
        file = upload.file.SerializeToString()
        row = (
            *(plain(upload.key), plain(upload.file_id), plain(upload.owner)),
            *(upload.state, upload.epoch, upload.partial.size),
            *(upload.partial.progress, upload.expires, file),
        )
        if not await self._insert(BEGIN, row, BEGUN, (row[0], file)):
            raise InternalError("The id of the upload is taken.")

    async def find(self, key: str) -> Upload | None:
        """Return an upload; see `FileStore.find`."""
        return _upload(key, await self._row(FIND, plain(key)))

    async def claim(self, key: str) -> Upload | None:
        """Make the caller an upload's only writer; see `FileStore.claim`."""
        row = await self._row(CLAIM, plain(key), State.UPLOAD_STATE_ACTIVE)
        return _upload(key, row)

    async def advance(self, key: str, epoch: int, partial: Partial) -> bool:
        """Say how far an upload is; see `FileStore.advance`."""
        own = (plain(key), epoch, State.UPLOAD_STATE_ACTIVE)
        far = (partial.size, partial.progress)
        return await self._row(ADVANCE, *own, *far) is not None

    async def finish(self, key: str, epoch: int, record: FileRecord) -> bool:
        """Store the file of an upload; see `FileStore.finish`."""
        row = _row(record)
        final = (plain(key), epoch, State.UPLOAD_STATE_FINAL, row[-1])
        own = (plain(key), epoch, State.UPLOAD_STATE_ACTIVE, State.UPLOAD_STATE_FINAL)

        async def statements(connection: asyncpg.Connection, again: bool) -> bool:  # noqa: FBT001
            try:
                if await connection.fetchrow(FINISH, *own, *row) is not None:
                    return True
            except asyncpg.UniqueViolationError:
                raise InternalError(f"The id {record.id} is taken.") from None
            return again and await connection.fetchrow(FINISHED, *final) is not None

        return await self._pool.run(statements)

    async def cancel(self, key: str) -> Upload | None:
        """End an active upload as cancelled; see `FileStore.cancel`."""
        states = (State.UPLOAD_STATE_ACTIVE, State.UPLOAD_STATE_CANCELLED)
        return _upload(key, await self._row(CANCEL, plain(key), *states))

    async def add(self, record: FileRecord) -> None:
        """Store a file that was not uploaded; see `FileStore.add`."""
        row = _row(record)
        if not await self._insert(ADD, row, ADDED, (row[0], row[-1])):
            raise InternalError(f"The id {record.id} is taken.")

    async def get(self, id: str, owner: str) -> FileRecord | None:  # noqa: A002 - the resource's own word
        """Return a file; see `FileStore.get`."""
        row = await self._row(GET, plain(id), plain(owner))
        return None if row is None else _record(row, owner)

    async def list(
        self, owner: str, *, limit: int, before: str | None, now: float
    ) -> Sequence[FileRecord]:
        """Return a page of the owner's files; see `FileStore.list`."""
        end = AFTER_ALL if before is None else plain(before)
        rows = await self._fetch(LIST, plain(owner), end, now, limit)
        return [_record(row, owner) for row in rows]

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove a file; see `FileStore.delete`."""
        found = False

        async def erase(connection: asyncpg.Connection, _: bool) -> None:  # noqa: FBT001
            nonlocal found
            async with transaction(connection):
                gone = await connection.fetch(DELETE, plain(id), plain(owner))
                # What was found may be gone when this runs again.
                found = found or bool(gone)

        await self._pool.run(erase)
        return found

    async def expire(self, now: float) -> Sequence[str]:
        """Remove what has expired; see `FileStore.expire`."""
        active = State.UPLOAD_STATE_ACTIVE
        rows = await self._fetch(EXPIRE, now, active, EXPIRED_AT_ONCE)
        return [id for (id,) in rows]  # noqa: A001

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return the ids that are in use; see `FileStore.known`."""
        names = {plain(id): id for id in ids}  # noqa: A001
        rows = await self._fetch(KNOWN, list(names), State.UPLOAD_STATE_ACTIVE)
        return [names[name] for (name,) in rows]

    async def _insert(
        self, insert: str, row: Sequence[Any], mine: str, marks: Sequence[Any]
    ) -> bool:
        """Insert a row; False when its id is taken by another than itself."""

        async def statements(connection: asyncpg.Connection, again: bool) -> bool:  # noqa: FBT001
            if await connection.fetchrow(insert, *row) is not None:
                return True
            return again and await connection.fetchrow(mine, *marks) is not None

        return await self._pool.run(statements)

    async def _row(self, query: str, *parameters: Any) -> Any:
        return await self._pool.run(
            lambda connection, _: connection.fetchrow(query, *parameters)
        )

    async def _fetch(self, query: str, *parameters: Any) -> Any:
        return await self._pool.run(
            lambda connection, _: connection.fetch(query, *parameters)
        )


def _row(record: FileRecord) -> tuple[Any, ...]:
    expires = record.file.expiration_time.ToNanoseconds() / 1e9
    file = record.file.SerializeToString()
    return (plain(record.id), plain(record.owner), expires, file)


def _record(row: Any, owner: str) -> FileRecord:
    (file,) = row
    return FileRecord(owner, file_pb2.File.FromString(file))


def _upload(key: str, row: Any) -> Upload | None:
    if row is None:
        return None
    owner, file, expires, state, received, progress, epoch = row
    return Upload(
        key=key,
        owner=owner,
        file=file_pb2.File.FromString(file),
        expires=expires,
        state=state,
        partial=Partial(received, progress),
        epoch=epoch,
    )
