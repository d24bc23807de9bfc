"""A service of files for the gateway's tests, a gateway in front of it, its client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from google.protobuf.message import Message

from openinteractions.gateway.app import Gateway
from openinteractions.v1 import file_service_pb2 as rpcs
from openinteractions.v1.file_pb2 import FILE_STATE_ACTIVE, File
from tests.gateway.doubles import SERVICE, Face, Service, face, failed

FILES = rpcs.DESCRIPTOR.services_by_name["FileService"]
UPLOAD = "secret-1"
NOT_FOUND, INVALID, PRECONDITION, UNAVAILABLE = 5, 3, 9, 14

START = {
    "X-Goog-Upload-Protocol": "resumable",
    "X-Goog-Upload-Command": "start",
    "Content-Type": "application/json",
}
FILE = {"name": "files/a", "sizeBytes": "6", "state": "ACTIVE"}


class FileService(Service):
    """Has one upload, and keeps what it gets of it.

    `grown` is set when more has come; `stall` keeps it from taking more. With a
    `trouble` every write fails.
    """

    def __init__(self) -> None:
        super().__init__()
        self.begun: rpcs.StartUploadRequest | None = None
        self.state = rpcs.UPLOAD_STATE_ACTIVE
        self.data = b""
        self.largest = 0
        self.grown = asyncio.Event()
        self.stall: asyncio.Event | None = None
        self.trouble: Exception | None = None

    async def unary(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        if method == "StartUpload":
            self._begin(method, request, metadata, headers)
            assert isinstance(request, rpcs.StartUploadRequest)
            self.begun = request
            return rpcs.UploadSession(upload_id=UPLOAD, chunk_granularity=1024)
        if method in {"QueryUpload", "CancelUpload"}:
            self._begin(method, request, metadata, headers)
            self._known(request)
            if method == "CancelUpload":
                self.state = rpcs.UPLOAD_STATE_CANCELLED
                self.data = b""
            return self._status()
        return await super().unary(method, request, metadata, headers)

    async def feed(
        self,
        method: str,
        requests: AsyncIterator[Message],
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        first: Any = await anext(requests)
        self._begin(method, first, metadata, headers)
        self._known(first)
        if self.trouble is not None:
            raise self.trouble
        if self.state == rpcs.UPLOAD_STATE_CANCELLED:
            raise failed(PRECONDITION, "FAILED_PRECONDITION", "It was cancelled.")
        if self.state == rpcs.UPLOAD_STATE_ACTIVE:
            await self._take(first, requests)
        return self._status()

    async def _take(self, first: Any, requests: AsyncIterator[Message]) -> None:
        received = len(self.data)
        if first.HasField("offset") and first.offset != received:
            raise failed(INVALID, "INVALID_REQUEST", f"{received} are received.")
        try:
            async for request in requests:
                assert isinstance(request, rpcs.WriteUploadRequest)
                self.largest = max(self.largest, len(request.data))
                self.data += request.data
                self.grown.set()
                if request.finish:
                    self.state = rpcs.UPLOAD_STATE_FINAL
                if self.stall is not None:
                    await self.stall.wait()
        finally:
            self.left.set()

    def _known(self, request: Any) -> None:
        if request.upload_id != UPLOAD:
            raise failed(NOT_FOUND, "NOT_FOUND", "There is no such upload.")

    def _status(self) -> rpcs.UploadStatus:
        status = rpcs.UploadStatus(state=self.state, received_bytes=len(self.data))
        if self.state == rpcs.UPLOAD_STATE_FINAL:
            file = File(name="files/a", size_bytes=len(self.data))
            file.state = FILE_STATE_ACTIVE
            status.file.CopyFrom(file)
        return status


@asynccontextmanager
async def files(
    service: FileService | None = None, **settings: Any
) -> AsyncIterator[tuple[FileService, Face]]:
    """Put a gateway in front of a service of files, by default a new one."""
    service = service or FileService()

    def make(_: Service, **given: Any) -> Gateway:
        return Gateway(service, **{**given, "services": [SERVICE, FILES]})

    async with face(make, **settings) as gateway:
        yield service, gateway


class Answer:
    """A response that was read to its end."""

    def __init__(self, response: aiohttp.ClientResponse, value: Any) -> None:
        self.status = response.status
        self.headers = response.headers
        self.value = value

    @property
    def progress(self) -> tuple[int, str | None, str | None]:
        return (
            self.status,
            self.headers.get("X-Goog-Upload-Status"),
            self.headers.get("X-Goog-Upload-Size-Received"),
        )


async def ask(
    gateway: Face, verb: str, url: str, data: Any = None, **headers: str
) -> Answer:
    async with gateway.http.request(verb, url, data=data, headers=headers) as response:
        return Answer(response, await response.json())
