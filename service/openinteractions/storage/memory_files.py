"""The rows of files and uploads in dictionaries of this process."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from openinteractions.core.errors import InternalError
from openinteractions.engine.file_ports import FileRecord, Partial, Upload
from openinteractions.v1 import file_pb2, file_service_pb2

State = file_service_pb2.UploadState


class MemoryFiles:
    """A `FileStore` that is gone with the process."""

    def __init__(self) -> None:
        self._files: dict[str, FileRecord] = {}
        self._uploads: dict[str, Upload] = {}

    async def begin(self, upload: Upload) -> None:
        """Store a new upload; see `FileStore.begin`."""
        if upload.key in self._uploads:
            raise InternalError("The id of the upload is taken.")
        self._uploads[upload.key] = replace(upload, file=_copy(upload.file))

    async def find(self, key: str) -> Upload | None:
        """Return an upload; see `FileStore.find`."""
        upload = self._uploads.get(key)
        return upload and replace(upload, file=_copy(upload.file))

    async def claim(self, key: str) -> Upload | None:
        """Make the caller an upload's only writer; see `FileStore.claim`."""
        upload = self._uploads.get(key)
        if upload is not None and upload.state == State.UPLOAD_STATE_ACTIVE:
            self._uploads[key] = replace(upload, epoch=upload.epoch + 1)
        return await self.find(key)

    async def advance(self, key: str, epoch: int, partial: Partial) -> bool:
        """Say how far an upload is; see `FileStore.advance`."""
        upload = self._own(key, epoch)
        if upload is not None:
            self._uploads[key] = replace(upload, partial=partial)
        return upload is not None

    async def finish(self, key: str, epoch: int, record: FileRecord) -> bool:
        """Store the file of an upload; see `FileStore.finish`."""
        upload = self._own(key, epoch)
        if upload is None:
            return False
        await self.add(record)
        self._uploads[key] = replace(upload, state=State.UPLOAD_STATE_FINAL)
        return True

    async def cancel(self, key: str) -> Upload | None:
        """End an active upload as cancelled; see `FileStore.cancel`."""
        upload = self._uploads.get(key)
        if upload is not None and upload.state == State.UPLOAD_STATE_ACTIVE:
            self._uploads[key] = replace(upload, state=State.UPLOAD_STATE_CANCELLED)
        return await self.find(key)

    async def add(self, record: FileRecord) -> None:
        """Store a file that was not uploaded; see `FileStore.add`."""
        if record.id in self._files:
            raise InternalError(f"The id {record.id} is taken.")
        self._files[record.id] = replace(record, file=_copy(record.file))

    async def get(self, id: str, owner: str) -> FileRecord | None:  # noqa: A002 - the resource's own word
        """Return a file; see `FileStore.get`."""
        record = self._files.get(id)
        if record is None or record.owner != owner:
            return None
        return replace(record, file=_copy(record.file))

    async def list(
        self, owner: str, *, limit: int, before: str | None, now: float
    ) -> Sequence[FileRecord]:
        """Return a page of the owner's files; see `FileStore.list`."""
        page = sorted(
            id
            for id, record in self._files.items()  # noqa: A001
            if record.owner == owner
            and _expires(record) > now
            and (before is None or id < before)
        )[-limit:]
        found = [await self.get(id, owner) for id in reversed(page)]  # noqa: A001
        return [record for record in found if record is not None]

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove a file; see `FileStore.delete`."""
        found = await self.get(id, owner) is not None
        if found:
            del self._files[id]
            self._forget(id)
        return found

    async def expire(self, now: float) -> Sequence[str]:
        """Remove what has expired; see `FileStore.expire`."""
        uploads = [upload for upload in self._uploads.values() if upload.expires <= now]
        files = [record for record in self._files.values() if _expires(record) <= now]
        for upload in uploads:
            del self._uploads[upload.key]
        for record in files:
            del self._files[record.id]
            self._forget(record.id)
        return [
            *(u.file_id for u in uploads if u.state == State.UPLOAD_STATE_ACTIVE),
            *(record.id for record in files),
        ]

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return the ids that are in use; see `FileStore.known`."""
        expected = {
            upload.file_id
            for upload in self._uploads.values()
            if upload.state == State.UPLOAD_STATE_ACTIVE
        }
        return [id for id in ids if id in self._files or id in expected]  # noqa: A001

    def _forget(self, file_id: str) -> None:
        """Remove the upload of a file."""
        for key, upload in list(self._uploads.items()):
            if upload.file_id == file_id:
                del self._uploads[key]

    def _own(self, key: str, epoch: int) -> Upload | None:
        """Return an active upload, if its writer has that epoch."""
        upload = self._uploads.get(key)
        if upload is None or upload.epoch != epoch:
            return None
        return upload if upload.state == State.UPLOAD_STATE_ACTIVE else None


def _expires(record: FileRecord) -> float:
    return record.file.expiration_time.ToNanoseconds() / 1e9


def _copy(file: file_pb2.File) -> file_pb2.File:
    copy = file_pb2.File()
    copy.CopyFrom(file)
    return copy
