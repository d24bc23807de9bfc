"""Uploads: start, write, query, cancel.

What a call has sent is durable before its row says how far the upload is, and the row
says so before the caller does. A file comes into being in one write, which also ends
its upload. A process that dies in between leaves an upload that can be resumed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from openinteractions.core import endings, ids, mime
from openinteractions.core.errors import (
    NotFoundError,
    PreconditionError,
    RequestError,
)
from openinteractions.engine.file_ports import (
    FileRecord,
    Partial,
    Upload,
)
from openinteractions.engine.files.announced import announced
from openinteractions.engine.files.basis import Basis
from openinteractions.engine.files.intake import Intake
from openinteractions.engine.files.resource import (
    Caller,
    activate,
    has_expired,
    nanoseconds,
    object_key,
)
from openinteractions.engine.files.turns import Turns
from openinteractions.v1 import file_pb2, file_service_pb2

State = file_service_pb2.UploadState
Status = file_service_pb2.UploadStatus
Writes = AsyncIterator[file_service_pb2.WriteUploadRequest]

GRANULARITY_BYTES = 256 * 1024
UNKNOWN_TYPE = "application/octet-stream"
DIGESTS = 1000
"""Of how many uploads the digest so far is kept. That of another is computed from its
bytes at the end."""


@dataclass(eq=False)
class Uploads(Basis):
    """The use cases of uploads."""

    _turns: Turns = field(default_factory=Turns, init=False)
    _digests: OrderedDict[str, tuple[int, Any]] = field(
        default_factory=OrderedDict, init=False
    )

    async def start(
        self, caller: Caller, request: file_service_pb2.StartUploadRequest
    ) -> file_service_pb2.UploadSession:
        """Begin an upload."""
        file = announced(request, self.limits)
        now = self.clock.now()
        new = ids.file_id(int(now * 1000), self.entropy(ids.FILE_ENTROPY_BYTES))
        file.name = f"files/{new}"
        file.create_time.FromNanoseconds(nanoseconds(now))
        upload_id = ids.upload_id(self.entropy(ids.UPLOAD_ENTROPY_BYTES))
        expires = now + self.limits.upload_ttl_seconds
        await self.store.begin(Upload(_key(upload_id), caller.owner, file, expires))
        session = file_service_pb2.UploadSession(
            upload_id=upload_id, chunk_granularity=GRANULARITY_BYTES
        )
        session.expire_time.FromNanoseconds(nanoseconds(expires))
        return session

    async def write(self, caller: Caller, requests: Writes) -> Status:
        """Append what the messages have; make the file, if that is asked for.

        Who knows the upload's id may do so, whoever `caller` is.

        Raises:
            RequestError: the offset is not how much is received, or the upload has
                more bytes than announced, or fewer at its end.
            PreconditionError: another call has taken over, or the upload is cancelled.
        """
        first = await anext(requests, None)
        if first is None:
            raise RequestError("The first message is missing.", field="upload_id")
        upload = await self._find(first.upload_id)
        _check_offset(first, upload)
        if upload.state != State.UPLOAD_STATE_ACTIVE:
            return await self._ended(caller, upload)
        async with self._turns.take(upload.key) as turn:
            claimed = await self.store.claim(upload.key)
            if claimed is None:
                raise _unknown()
            # Whoever had the turn before may have received more, or all.
            _check_offset(first, claimed)
            if claimed.state != State.UPLOAD_STATE_ACTIVE:
                return await self._ended(caller, claimed)
            intake = Intake(first, requests, turn)
            partial = await self._receive(claimed, intake)
            turn.work()
            if not intake.finish:
                return Status(state=claimed.state, received_bytes=partial.size)
            record = await self._finish(claimed, partial)
        return Status(
            state=State.UPLOAD_STATE_FINAL,
            received_bytes=partial.size,
            file=self.addresses.show(record, caller.origin),
        )

    async def query(
        self, caller: Caller, request: file_service_pb2.QueryUploadRequest
    ) -> Status:
        """Say how far an upload is."""
        return await self._status(caller, await self._find(request.upload_id))

    async def cancel(
        self, caller: Caller, request: file_service_pb2.CancelUploadRequest
    ) -> Status:
        """Give an upload up and drop what it has received."""
        upload = await self._find(request.upload_id)
        cancelled = await self.store.cancel(upload.key)
        if cancelled is None:
            raise _unknown()
        if cancelled.state == State.UPLOAD_STATE_FINAL:
            raise PreconditionError("The upload is final; its file can be deleted.")
        async with self._turns.take(upload.key, "The upload was cancelled."):
            self._digests.pop(upload.key, None)
            await self.objects.delete([object_key(upload.file_id)])
        return await self._status(caller, cancelled)

    async def _find(self, upload_id: str) -> Upload:
        upload = await self.store.find(_key(upload_id))
        if upload is None or upload.expires <= self.clock.now():
            raise _unknown()
        return upload

    async def _ended(self, caller: Caller, upload: Upload) -> Status:
        """Answer a write to an upload that takes none: the reply may have been lost."""
        if upload.state == State.UPLOAD_STATE_CANCELLED:
            raise PreconditionError("The upload was cancelled.")
        return await self._status(caller, upload)

    async def _status(self, caller: Caller, upload: Upload) -> Status:
        status = Status(state=upload.state, received_bytes=upload.partial.size)
        if upload.state == State.UPLOAD_STATE_FINAL:
            record = await self.store.get(upload.file_id, upload.owner)
            if record is not None and not has_expired(record, self.clock.now()):
                status.file.CopyFrom(self.addresses.show(record, caller.origin))
        return status

    async def _receive(self, upload: Upload, intake: Intake) -> Partial:
        """Take in what a call sends, segment by segment."""
        partial = upload.partial
        while not await intake.ends():
            digest = self._digest_at(upload.key, partial.size)
            partial = await self.objects.append(
                object_key(upload.file_id),
                partial,
                intake.segment(partial.size, upload.file, self.limits, digest),
                epoch=upload.epoch,
            )
            if not await self.store.advance(upload.key, upload.epoch, partial):
                raise _taken_over()
            if digest is not None:
                self._digests[upload.key] = (partial.size, digest)
        return partial

    def _digest_at(self, key: str, size: int) -> Any:
        """Return a digest of the first bytes that may be added to, None if unknown."""
        # What comes in may turn out not to count: the one that is kept stays as it is.
        known, digest = self._digests.pop(key, (0, None))
        if size == 0:
            digest = hashlib.sha256()
        elif digest is None or known != size:
            return None
        self._digests[key] = (size, digest)
        while len(self._digests) > DIGESTS:
            self._digests.popitem(last=False)
        return digest.copy()

    async def _finish(self, upload: Upload, partial: Partial) -> FileRecord:
        """Make the file of an upload."""
        if (
            upload.file.HasField("size_bytes")
            and upload.file.size_bytes != partial.size
        ):
            raise RequestError(
                f"The upload has {partial.size} of its {upload.file.size_bytes} bytes.",
                metadata={"received": str(partial.size)},
            )
        key = object_key(upload.file_id)
        await self.objects.complete(key, partial, epoch=upload.epoch)
        file = file_pb2.File()
        file.CopyFrom(upload.file)
        file.source = file_pb2.FileSource.FILE_SOURCE_UPLOADED
        if mime.essence(file.mime_type) in {"", UNKNOWN_TYPE}:
            file.mime_type = await self._tell_type(key, file.display_name)
        digest = await self._digest(upload.key, partial.size, key)
        activate(file, partial.size, digest, self.clock.now(), self.limits)
        record = FileRecord(upload.owner, file)
        if not await self.store.finish(upload.key, upload.epoch, record):
            raise _taken_over()
        self._digests.pop(upload.key, None)
        return record

    async def _tell_type(self, key: str, name: str) -> str:
        """Return what the first bytes look like, else what the name says."""
        head = [block async for block in self._read(key, mime.HEAD_BYTES)]
        return mime.settle(endings.type_of(name), b"".join(head)) or UNKNOWN_TYPE

    async def _digest(self, upload_key: str, size: int, key: str) -> bytes:
        digest = self._digest_at(upload_key, size)
        if digest is None:
            digest = hashlib.sha256()
            async for block in self._read(key):
                await asyncio.to_thread(digest.update, block)
        result: bytes = digest.digest()
        return result

    def _read(self, key: str, length: int | None = None) -> AsyncIterator[bytes]:
        return self.objects.read(key, length=length)


def _key(upload_id: str) -> str:
    key = ids.upload_key(upload_id)
    if key is None:
        raise _unknown()
    return key


def _check_offset(first: file_service_pb2.WriteUploadRequest, upload: Upload) -> None:
    """Refuse bytes that do not follow those that are there."""
    received = upload.partial.size
    if (
        upload.state == State.UPLOAD_STATE_ACTIVE
        and first.HasField("offset")
        and first.offset != received
    ):
        raise RequestError(
            f"The offset is {first.offset}, but {received} bytes are received: "
            "go on from there.",
            field="offset",
            metadata={"received": str(received)},
        )


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such upload; it may have expired.")


def _taken_over() -> PreconditionError:
    return PreconditionError("Another request has taken over the upload, or ended it.")
