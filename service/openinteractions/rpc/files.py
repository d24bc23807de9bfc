"""The RPCs of `FileService` as handlers over the engine's use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from google.api import httpbody_pb2
from google.protobuf import empty_pb2

from openinteractions.engine.files import Files, Uploads
from openinteractions.rpc.call import Call, Handlers
from openinteractions.v1 import file_pb2, file_service_pb2

LENGTH = "x-openinteractions-length"
"""The response header that says how many bytes a download has."""

SERVICE = file_service_pb2.DESCRIPTOR.services_by_name["FileService"]

KEYLESS = frozenset({"WriteUpload", "QueryUpload", "CancelUpload"})
"""Nobody but who began an upload knows its id."""


def handlers(files: Files, uploads: Uploads) -> Handlers:
    """Return what answers the RPCs."""

    async def delete(
        call: Call, request: file_service_pb2.DeleteFileRequest
    ) -> empty_pb2.Empty:
        await files.delete(call, request)
        return empty_pb2.Empty()

    async def download(
        call: Call, request: file_service_pb2.DownloadFileRequest
    ) -> AsyncIterator[Sequence[httpbody_pb2.HttpBody]]:
        async with aclosing(files.download(call, request)) as batches:  # type: ignore[type-var]
            async for batch in batches:
                if batch[0].extensions:
                    call.headers[LENGTH] = str(_file(batch[0]).size_bytes)
                yield batch

    return Handlers(
        SERVICE,
        unary={
            "StartUpload": uploads.start,
            "QueryUpload": uploads.query,
            "CancelUpload": uploads.cancel,
            "GetFile": files.get,
            "ListFiles": files.list,
            "DeleteFile": delete,
        },
        stream={"DownloadFile": download},
        feed={"WriteUpload": uploads.write},
        keyless=KEYLESS,
    )


def _file(body: httpbody_pb2.HttpBody) -> file_pb2.File:
    file = file_pb2.File()
    body.extensions[0].Unpack(file)
    return file
