"""The use cases of files on a memory store and a directory, and a client of uploads."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from openinteractions.engine.file_ports import FileStore
from openinteractions.engine.files import Addresses, Expiry, Files, Limits, Uploads
from openinteractions.storage.memory_files import MemoryFiles
from openinteractions.storage.objects.directory import DirectoryObjects
from openinteractions.v1 import file_pb2, file_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.rig import Caller, Clock

Start = file_service_pb2.StartUploadRequest
Status = file_service_pb2.UploadStatus
Write = file_service_pb2.WriteUploadRequest
State = file_service_pb2.UploadState

MIB = 1024 * 1024

LIMITS = Limits(ttl_seconds=1000, upload_ttl_seconds=100, max_bytes=64 * MIB)


@dataclass
class Shelf:
    """Everything that a test of files handles."""

    store: FileStore
    objects: DirectoryObjects
    clock: Clock
    files: Files
    uploads: Uploads
    expiry: Expiry

    def other(self) -> Shelf:
        """Another process on the same store and objects, which knows no more."""
        return made(self.store, self.objects, self.clock)

    async def begin(
        self, size: int | None = None, *, caller: Caller | None = None, **file: str
    ) -> str:
        """Start an upload and return its id."""
        request = Start(file=file_pb2.File(**file), size_bytes=size)  # type: ignore[arg-type]
        session = await self.uploads.start(caller or Caller(), request)
        return session.upload_id

    async def write(
        self,
        upload_id: str,
        *pieces: bytes,
        offset: int | None = None,
        finish: bool = False,
    ) -> Status:
        """Write in one call."""
        sent = messages(upload_id, *pieces, offset=offset, finish=finish)
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.uploads.write(Caller(), sent)

    async def upload(
        self, data: bytes, *, caller: Caller | None = None, **file: str
    ) -> file_pb2.File:
        """Upload a file in one call."""
        upload_id = await self.begin(len(data), caller=caller, **file)
        return (await self.write(upload_id, data, offset=0, finish=True)).file

    async def received(self, upload_id: str) -> int:
        """How much of an upload is certain."""
        return (await self.query(upload_id)).received_bytes

    async def query(self, upload_id: str) -> Status:
        """How far an upload is."""
        request = file_service_pb2.QueryUploadRequest(upload_id=upload_id)
        return await self.uploads.query(Caller(), request)

    async def cancel(self, upload_id: str) -> Status:
        """Give an upload up."""
        request = file_service_pb2.CancelUploadRequest(upload_id=upload_id)
        return await self.uploads.cancel(Caller(), request)

    async def bytes(self, file: file_pb2.File, owner: str = "") -> bytes:
        """The bytes of a file."""
        request = file_service_pb2.DownloadFileRequest(id=file.name)
        batches = self.files.download(Caller(owner=owner), request)
        return b"".join([body.data async for batch in batches for body in batch])

    async def kept(self) -> set[str]:
        """The ids of files that have bytes, whole or in part."""
        found = self.objects.list("files/")
        return {stored.key.removeprefix("files/") async for stored in found}

    async def listed(self, owner: str = "") -> list[str]:
        """The names of the owner's files."""
        page = await self.files.list(
            Caller(owner=owner), file_service_pb2.ListFilesRequest()
        )
        return [file.name for file in page.files]


def made(store: FileStore, objects: DirectoryObjects, clock: Clock) -> Shelf:
    """Return the use cases on given adapters."""
    numbers = itertools.count(1)
    addresses = Addresses(None, lambda: "http://127.0.0.1:8080")
    parts = (store, objects, clock, addresses, LIMITS)

    def entropy(size: int) -> bytes:
        return next(numbers).to_bytes(size)

    return Shelf(
        store=store,
        objects=objects,
        clock=clock,
        files=Files(*parts, entropy=entropy),
        uploads=Uploads(*parts, entropy=entropy),
        expiry=Expiry(store=store, objects=objects, clock=clock),
    )


@asynccontextmanager
async def shelf(folder: Path) -> AsyncIterator[Shelf]:
    """Fresh use cases, with objects below the folder."""
    objects = await DirectoryObjects.open(folder / "objects")
    try:
        yield made(MemoryFiles(), objects, Clock())
    finally:
        await objects.close()


async def messages(
    upload_id: str, *pieces: bytes, offset: int | None = None, finish: bool = False
) -> AsyncIterator[Write]:
    """The messages of a call."""
    yield Write(upload_id=upload_id, offset=offset)
    for piece in pieces:
        yield Write(data=piece)
    if finish:
        yield Write(finish=True)


class Client:
    """A call whose messages come when the test says so.

    `waiting` is set when the server has taken everything and waits for more.
    """

    def __init__(self, shelf: Shelf, upload_id: str) -> None:
        self._queue: asyncio.Queue[Write | None] = asyncio.Queue()
        self.waiting = asyncio.Event()
        self.send(Write(upload_id=upload_id))
        self.call = asyncio.create_task(shelf.uploads.write(Caller(), self._messages()))

    def send(self, message: Write | None) -> None:
        """Send a message; None ends the call."""
        self.waiting.clear()
        self._queue.put_nowait(message)

    async def taken(self) -> None:
        """Wait until the server waits for more."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self.waiting.wait()

    async def _messages(self) -> AsyncIterator[Write]:
        while True:
            if self._queue.empty():
                self.waiting.set()
            message = await self._queue.get()
            if message is None:
                return
            yield message


def content(size: int) -> bytes:
    """Return so many bytes."""
    return bytes(range(256)) * (size // 256) + bytes(size % 256)
