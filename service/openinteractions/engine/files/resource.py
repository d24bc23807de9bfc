"""What can be done with files that are there: get, list, delete, download, use.

Every method takes the caller, whose `owner` decides what exists for it. Uploads are in
`uploads`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Protocol

from google.api import httpbody_pb2

from openinteractions.core import ids
from openinteractions.core.errors import NotFoundError, RequestError, UnavailableError
from openinteractions.engine import paging
from openinteractions.engine.file_ports import (
    BLOCK_BYTES,
    FileRecord,
)
from openinteractions.engine.files.basis import Basis
from openinteractions.engine.files.limits import Limits
from openinteractions.v1 import file_pb2, file_service_pb2

PAGE_SIZE = 10
LONGEST_QUOTE = 80

File = file_pb2.File

log = logging.getLogger(__name__)


class Caller(Protocol):
    """Who calls."""

    owner: str
    """Hash of the key; empty without authentication."""

    @property
    def origin(self) -> str:
        """The URL under which it knows this server; empty when that is not known."""


class Files(Basis):
    """The use cases of files."""

    async def get(
        self, caller: Caller, request: file_service_pb2.GetFileRequest
    ) -> File:
        """Return a file."""
        record = await self._load(caller.owner, request.id)
        return self.addresses.show(record, caller.origin)

    async def list(
        self, caller: Caller, request: file_service_pb2.ListFilesRequest
    ) -> file_service_pb2.ListFilesResponse:
        """Return a page of the caller's files, newest first."""
        size, before = paging.read(request, usual=PAGE_SIZE, is_id=ids.is_file_id)
        found = await self.store.list(
            caller.owner, limit=size + 1, before=before, now=self.clock.now()
        )
        page = file_service_pb2.ListFilesResponse()
        page.files.extend(
            self.addresses.show(record, caller.origin) for record in found[:size]
        )
        if len(found) > size:
            page.next_page_token = found[size - 1].id
        return page

    async def delete(
        self, caller: Caller, request: file_service_pb2.DeleteFileRequest
    ) -> None:
        """Delete a file with its bytes."""
        record = await self._load(caller.owner, request.id)
        if not await self.store.delete(record.id, caller.owner):
            raise _not_found(request.id)
        try:
            await self.objects.delete([object_key(record.id)])
        except UnavailableError as error:
            # The file is gone; its bytes are without a row now, and go with those.
            log.warning("file %s left its bytes: %s", record.id, error.message)

    async def download(
        self, caller: Caller, request: file_service_pb2.DownloadFileRequest
    ) -> AsyncIterator[Sequence[httpbody_pb2.HttpBody]]:
        """Yield a file's bytes; with the first come its type and the file itself."""
        record = await self._load(caller.owner, request.id)
        first = httpbody_pb2.HttpBody(content_type=record.file.mime_type)
        first.extensions.add().Pack(self.addresses.show(record, caller.origin))
        blocks = self.objects.read(object_key(record.id))
        async with aclosing(blocks):  # type: ignore[type-var] # generators, all of them
            first.data = await anext(blocks, b"")
            yield [first]
            async for block in blocks:
                yield [httpbody_pb2.HttpBody(data=block)]

    @staticmethod
    def own_id(uri: str) -> str | None:
        """Return the id of the file of ours that a URI names, else None."""
        return ids.file_id_of(uri)

    async def load(
        self, file: str, owner: str, *, field: str, limit: int | None = None
    ) -> tuple[File, bytes]:
        """Return a file, without addresses, and all its bytes.

        Args:
            file: its URI or its id.
            owner: whose file it has to be.
            field: JSON path of the member that names the file.
            limit: the most bytes that it may have.

        Raises:
            RequestError: there is no such file any more, or it is empty or too large.
        """
        record = await self._find(owner, ids.file_id_of(file) or file)
        if record is None:
            raise _unusable(file, field)
        if not record.file.size_bytes:
            raise RequestError(f"{field}: file {record.id} is empty.", field=field)
        if limit is not None and record.file.size_bytes > limit:
            raise RequestError(
                f"{field}: file {record.id} has {record.file.size_bytes} bytes, more "
                f"than the {limit} that can be sent to a model.",
                field=field,
            )
        try:
            parts = [part async for part in self.objects.read(object_key(record.id))]
        except NotFoundError:
            # Deleted since the row was read.
            raise _unusable(file, field) from None
        return record.file, b"".join(parts)

    async def keep(
        self,
        data: bytes,
        mime_type: str,
        owner: str,
        origin: str,
        *,
        display_name: str | None = None,
    ) -> File:
        """Store what a model has made and return its file, with addresses."""
        now = self.clock.now()
        new = ids.file_id(int(now * 1000), self.entropy(ids.FILE_ENTROPY_BYTES))
        file = File(
            name=f"files/{new}",
            display_name=display_name,
            mime_type=mime_type,
            source=file_pb2.FileSource.FILE_SOURCE_GENERATED,
        )
        file.create_time.FromNanoseconds(nanoseconds(now))
        digest = await _digest(data)
        activate(file, len(data), digest, now, self.limits)
        record = FileRecord(owner, file)
        await self.objects.put(object_key(new), data)
        await self.store.add(record)
        return self.addresses.show(record, origin)

    async def _load(self, owner: str, name: str) -> FileRecord:
        record = await self._find(owner, name.removeprefix("files/"))
        if record is None:
            raise _not_found(name)
        return record

    async def _find(self, owner: str, file_id: str) -> FileRecord | None:
        if not ids.is_file_id(file_id):
            return None
        record = await self.store.get(file_id, owner)
        if record is None or has_expired(record, self.clock.now()):
            return None
        return record


async def _digest(data: bytes) -> bytes:
    """Return the SHA-256; of many bytes it is made on a thread."""
    if len(data) <= BLOCK_BYTES:
        return hashlib.sha256(data).digest()
    return await asyncio.to_thread(lambda: hashlib.sha256(data).digest())


def object_key(file_id: str) -> str:
    """Return under which key a file's bytes are."""
    return f"{PREFIX}{file_id}"


PREFIX = "files/"
"""What the keys of all files begin with."""


def has_expired(record: FileRecord, now: float) -> bool:
    """Say whether a file is only waiting to be removed."""
    return record.file.expiration_time.ToNanoseconds() <= nanoseconds(now)


def activate(file: File, size: int, digest: bytes, now: float, limits: Limits) -> None:
    """Say of a file, in place, that its bytes are there."""
    file.size_bytes = size
    file.sha256_hash = digest
    file.state = file_pb2.FileState.FILE_STATE_ACTIVE
    file.update_time.FromNanoseconds(nanoseconds(now))
    file.expiration_time.FromNanoseconds(nanoseconds(now + limits.ttl_seconds))


def nanoseconds(seconds: float) -> int:
    """Return a time for a `Timestamp`, to the microsecond that a float has."""
    return round(seconds * 1_000_000) * 1000


def _quote(text: str) -> str:
    short = text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
    return repr(short)


def _unusable(file: str, field: str) -> RequestError:
    # No more of a URI than the id: keys are sent behind it, and messages are logged.
    named = ids.file_id_of(file) or file
    return RequestError(
        f"{field}: there is no file {_quote(named)}; it was deleted or has expired, or "
        "it was never uploaded with this key.",
        field=field,
    )


def _not_found(name: str) -> NotFoundError:
    return NotFoundError(f"There is no file {_quote(name)}.")
