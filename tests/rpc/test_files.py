"""Files over gRPC, and for a gateway in the same process."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.call import ORIGIN
from openinteractions.rpc.files import LENGTH, SERVICE, handlers
from openinteractions.rpc.local import LocalUpstream
from openinteractions.rpc.server import GrpcServer
from openinteractions.rpc.stalls import PATIENCE, Patience
from openinteractions.v1 import file_pb2, file_service_pb2, file_service_pb2_grpc
from tests.engine.shelf import MIB, Shelf, shelf
from tests.rpc.face import MAX_MESSAGE_BYTES, taken_apart

rpcs = file_service_pb2
Write = rpcs.WriteUploadRequest
State = rpcs.UploadState

KEY = (("x-goog-api-key", "ann's"),)
OTHER_KEY = (("x-goog-api-key", "bob's"),)
KEYS = ["ann's", "bob's"]


@asynccontextmanager
async def serving(
    made: Shelf,
    patience: Patience = PATIENCE,
    options: Sequence[tuple[str, int]] = (),
) -> AsyncIterator[grpc.aio.Channel]:
    """Serve the files over gRPC to those with keys; give a channel."""
    server = GrpcServer(
        [handlers(made.files, made.uploads)],
        Authentication(KEYS),
        max_message_bytes=MAX_MESSAGE_BYTES,
        patience=patience,
    )
    target = f"127.0.0.1:{await server.start('127.0.0.1:0')}"
    try:
        async with grpc.aio.insecure_channel(target, options=options) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            request = health_pb2.HealthCheckRequest(service=SERVICE.full_name)
            answer = await health.Check(request)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            yield channel
    finally:
        await server.stop(0)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path) as made:
        yield made


@pytest.fixture
async def channel(made: Shelf) -> AsyncIterator[grpc.aio.Channel]:
    async with serving(made) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> Any:
    return file_service_pb2_grpc.FileServiceStub(channel)


def writes(upload_id: str, *pieces: bytes, finish: bool = True) -> list[Write]:
    messages = [Write(data=piece) for piece in pieces] or [Write()]
    messages[0].upload_id = upload_id
    messages[0].offset = 0
    messages[-1].finish = finish
    return messages


async def begin(stub: Any, size: int | None = None, **file: str) -> str:
    request = rpcs.StartUploadRequest(file=file_pb2.File(**file), size_bytes=size)  # type: ignore[arg-type]
    session = await stub.StartUpload(request, metadata=KEY)
    return str(session.upload_id)


async def upload(stub: Any, data: bytes) -> file_pb2.File:
    upload_id = await begin(stub, len(data), mime_type="text/plain")
    status = await stub.WriteUpload(iter(writes(upload_id, data)))
    file: file_pb2.File = status.file
    return file


async def test_a_file_goes_in_and_comes_out(stub: Any) -> None:
    data = bytes(range(256)) * 20_000
    upload_id = await begin(stub, len(data), display_name="t")
    pieces = [data[at : at + MIB] for at in range(0, len(data), MIB)]
    status = await stub.WriteUpload(iter(writes(upload_id, *pieces)))

    assert status.state == State.UPLOAD_STATE_FINAL
    file = status.file
    assert file.sha256_hash == hashlib.sha256(data).digest()
    found = await stub.GetFile(rpcs.GetFileRequest(id=file.name), metadata=KEY)
    assert found == file
    page = await stub.ListFiles(rpcs.ListFilesRequest(), metadata=KEY)
    assert list(page.files) == [file]
    call = stub.DownloadFile(rpcs.DownloadFileRequest(id=file.name), metadata=KEY)
    bodies = [body async for body in call]
    assert b"".join(body.data for body in bodies) == data
    assert bodies[0].content_type == file.mime_type
    assert dict(await call.initial_metadata())[LENGTH] == str(len(data))
    await stub.DeleteFile(rpcs.DeleteFileRequest(id=file.name), metadata=KEY)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetFile(rpcs.GetFileRequest(id=file.name), metadata=KEY)
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


async def test_an_upload_needs_a_key_to_begin_and_its_id_to_go_on(stub: Any) -> None:
    for call in (
        stub.StartUpload(rpcs.StartUploadRequest()),
        stub.ListFiles(rpcs.ListFilesRequest()),
        stub.GetFile(rpcs.GetFileRequest(id="x")),
        stub.DeleteFile(rpcs.DeleteFileRequest(id="x")),
        stub.DownloadFile(rpcs.DownloadFileRequest(id="x")).read(),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED

    upload_id = await begin(stub)
    await stub.WriteUpload(iter(writes(upload_id, b"abc", finish=False)))
    status = await stub.QueryUpload(rpcs.QueryUploadRequest(upload_id=upload_id))
    assert status.received_bytes == 3
    status = await stub.CancelUpload(rpcs.CancelUploadRequest(upload_id=upload_id))
    assert status.state == State.UPLOAD_STATE_CANCELLED
    for messages in (writes("guessed", b"abc"), [Write(data=b"abc")]):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.WriteUpload(iter(messages))
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


async def test_the_file_belongs_to_whoever_began_the_upload(stub: Any) -> None:
    file = await upload(stub, b"abc")

    assert await stub.GetFile(rpcs.GetFileRequest(id=file.name), metadata=KEY) == file
    for call in (
        stub.GetFile(rpcs.GetFileRequest(id=file.name), metadata=OTHER_KEY),
        stub.DeleteFile(rpcs.DeleteFileRequest(id=file.name), metadata=OTHER_KEY),
        stub.DownloadFile(
            rpcs.DownloadFileRequest(id=file.name), metadata=OTHER_KEY
        ).read(),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    page = await stub.ListFiles(rpcs.ListFilesRequest(), metadata=OTHER_KEY)
    assert list(page.files) == []


async def test_a_wrong_offset_says_what_was_received(stub: Any) -> None:
    upload_id = await begin(stub, 6)
    await stub.WriteUpload(iter(writes(upload_id, b"abc", finish=False)))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.WriteUpload(iter(writes(upload_id, b"abc")))

    failure = taken_apart(caught.value)
    assert failure.code == grpc.StatusCode.INVALID_ARGUMENT
    assert failure.info.metadata["received"] == "3"
    assert failure.info.metadata["field"] == "offset"


async def test_a_message_that_is_none_fails_the_call_only(
    channel: grpc.aio.Channel, stub: Any
) -> None:
    upload_id = await begin(stub)
    write: Any = channel.stream_unary(
        f"/{SERVICE.full_name}/WriteUpload",
        request_serializer=None,
        response_deserializer=rpcs.UploadStatus.FromString,
    )
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await write(iter([Write(upload_id=upload_id).SerializeToString(), b"\xff"]))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    status = await stub.WriteUpload(iter(writes(upload_id, b"abc")))
    assert status.state == State.UPLOAD_STATE_FINAL


async def test_a_client_that_leaves_can_come_back(made: Shelf, stub: Any) -> None:
    upload_id = await begin(stub, 6)
    await stub.WriteUpload(iter(writes(upload_id, b"abc", finish=False)))
    call = stub.WriteUpload()
    await call.write(Write(upload_id=upload_id, offset=3, data=b"x"))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    query = rpcs.QueryUploadRequest(upload_id=upload_id)
    assert (await stub.QueryUpload(query)).received_bytes == 3
    last = Write(upload_id=upload_id, offset=3, data=b"def", finish=True)
    status = await stub.WriteUpload(iter([last]))

    assert await made.bytes(status.file, _owner()) == b"abcdef"


def _owner() -> str:
    return Authentication(KEYS).owner(dict(KEY))


class FailedError(Exception):
    def __init__(self, status: status_pb2.Status, headers: Mapping[str, str]) -> None:
        super().__init__(status.message)
        self.status = status
        self.headers = headers


def local(made: Shelf) -> LocalUpstream:
    return LocalUpstream(
        [handlers(made.files, made.uploads)], Authentication(KEYS), failure=FailedError
    )


async def each(messages: list[Write]) -> AsyncIterator[Write]:
    for message in messages:
        yield message


async def local_upload(upstream: LocalUpstream) -> str:
    session = await upstream.unary(
        "StartUpload", rpcs.StartUploadRequest(), dict(KEY), {}
    )
    assert isinstance(session, rpcs.UploadSession)
    return session.upload_id


async def test_without_a_channel_messages_are_fed_and_headers_filled(
    made: Shelf,
) -> None:
    upstream, headers = local(made), dict[str, str]()
    upload_id = await local_upload(upstream)
    metadata = {ORIGIN: "https://ai.example", "x-request-id": "mine"}
    status = await upstream.feed(
        "WriteUpload", each(writes(upload_id, b"abc")), metadata, headers
    )

    assert isinstance(status, rpcs.UploadStatus)
    assert status.file.uri.startswith("https://ai.example/v1beta/files/")
    assert headers["x-request-id"] == "mine"
    batches = upstream.stream(
        "DownloadFile",
        rpcs.DownloadFileRequest(id=status.file.name),
        dict(KEY),
        headers,
    )
    await anext(batches)
    assert headers[LENGTH] == "3"
    await batches.aclose()  # type: ignore[attr-defined]


async def test_without_a_channel_failures_are_statuses(made: Shelf) -> None:
    upstream, headers = local(made), dict[str, str]()
    with pytest.raises(FailedError) as caught:
        await upstream.feed("WriteUpload", each(writes("no", b"x")), {}, headers)

    assert caught.value.status.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert "x-request-id" in headers


async def test_what_breaks_the_messages_cancels_the_call_and_comes_back(
    made: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    upstream = local(made)
    upload_id = await local_upload(upstream)

    async def broken() -> AsyncIterator[Write]:
        yield Write(upload_id=upload_id, data=b"abc")
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await upstream.feed("WriteUpload", broken(), {}, {})
    assert caplog.records == []
    assert await made.received(upload_id) == 0
    status = await upstream.feed("WriteUpload", each(writes(upload_id, b"abc")), {}, {})
    assert isinstance(status, rpcs.UploadStatus)
    assert status.received_bytes == 3


@pytest.mark.parametrize(
    "origin",
    ["javascript:alert(1)", "https://a b", "https://host/?x", "//host", "https://"],
)
async def test_an_origin_that_is_none_is_not_believed(made: Shelf, origin: str) -> None:
    upstream = local(made)
    upload_id = await local_upload(upstream)
    status = await upstream.feed(
        "WriteUpload", each(writes(upload_id)), {ORIGIN: origin}, {}
    )
    assert isinstance(status, rpcs.UploadStatus)
    assert status.file.uri.startswith("http://127.0.0.1:8080/")
