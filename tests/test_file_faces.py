"""Files over HTTP, with the service in the gateway's process and behind a channel."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from openinteractions.engine.files import Addresses, Files, Limits, Uploads
from openinteractions.gateway.app import Gateway
from openinteractions.gateway.channel import ChannelUpstream
from openinteractions.gateway.upstream import StatusError, Upstream
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.files import SERVICE, handlers
from openinteractions.rpc.local import LocalUpstream
from openinteractions.rpc.server import GrpcServer
from openinteractions.storage.memory_files import MemoryFiles
from openinteractions.storage.objects.directory import DirectoryObjects
from tests.clock import WAIT_SECONDS
from tests.engine.rig import Clock

KEYS = ("first", "second")
LARGEST = 12 * 1024 * 1024
CHUNK = 8 * 1024 * 1024


@dataclass
class Answer:
    """A response that was read to its end."""

    status: int
    headers: Any
    value: Any

    @property
    def progress(self) -> tuple[int, str | None, str | None]:
        return (
            self.status,
            self.headers.get("X-Goog-Upload-Status"),
            self.headers.get("X-Goog-Upload-Size-Received"),
        )


@dataclass
class Client:
    """A client of the HTTP face."""

    http: aiohttp.ClientSession
    url: str

    async def ask(
        self,
        verb: str,
        url: str,
        data: bytes | None = None,
        *,
        key: str = "first",
        **headers: str,
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            named["x-goog-api-key"] = key
        body = None if data is None else io.BytesIO(data)
        async with self.http.request(verb, url, data=body, headers=named) as response:
            return Answer(response.status, response.headers, await response.json())

    async def start(self, body: bytes = b"{}", **headers: str) -> str:
        answer = await self.ask(
            "POST",
            "/upload/v1beta/files",
            body,
            X_Goog_Upload_Protocol="resumable",
            X_Goog_Upload_Command="start",
            **headers,
        )
        assert answer.progress == (200, "active", "0")
        return str(answer.headers["X-Goog-Upload-URL"])

    async def send(
        self, url: str, words: str, data: bytes | None = None, offset: int = 0
    ) -> Answer:
        return await self.ask(
            "POST",
            url,
            data,
            key="",
            X_Goog_Upload_Command=words,
            X_Goog_Upload_Offset=str(offset),
        )

    async def upload(self, data: bytes, body: bytes = b"{}") -> dict[str, Any]:
        url = await self.start(body)
        done = await self.send(url, "upload, finalize", data)
        assert done.progress == (200, "final", str(len(data)))
        file: dict[str, Any] = done.value["file"]
        return file

    async def download(self, url: str) -> tuple[Any, bytes]:
        headers = {"x-goog-api-key": "first"}
        async with self.http.get(url, headers=headers) as response:
            assert response.status == 200
            return response.headers, await response.read()


@asynccontextmanager
async def upstream(kind: str, folder: Path) -> AsyncIterator[Upstream]:
    """Run the service of files, and give a way to it."""
    parts: Any = {
        "store": MemoryFiles(),
        "objects": await DirectoryObjects.open(folder),
        "clock": Clock(),
        "addresses": Addresses(None, lambda: "http://nowhere"),
        "limits": Limits(max_bytes=LARGEST),
    }
    answering = handlers(Files(**parts), Uploads(**parts))
    authentication = Authentication(KEYS)
    if kind == "in the process":
        yield LocalUpstream([answering], authentication, failure=StatusError)
        return
    server = GrpcServer([answering], authentication, max_message_bytes=1 << 22)
    port = await server.start("127.0.0.1:0")
    channel = ChannelUpstream(f"127.0.0.1:{port}", [SERVICE])
    try:
        yield channel
    finally:
        await channel.close()
        await server.stop(0)


@pytest.fixture(params=["in the process", "behind a channel"])
async def client(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Client]:
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(upstream(request.param, tmp_path))
        # A limit for other bodies, which is none for files.
        gateway = Gateway(service, services=[SERVICE], max_body_bytes=1024)
        runner = web.ServerRunner(gateway.server(), shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        timeout = aiohttp.ClientTimeout(WAIT_SECONDS)
        http = aiohttp.ClientSession(url, timeout=timeout)
        await stack.enter_async_context(http)
        yield Client(http, url)


def some(size: int) -> bytes:
    """Return bytes that are not alike."""
    return (bytes(range(256)) * (size // 256 + 1))[:size]


async def test_a_file_goes_up_in_chunks_and_comes_down_whole(client: Client) -> None:
    data = some(CHUNK + 12345)
    url = await client.start(
        b'{"file":{"displayName":"a","mimeType":"text/plain"}}',
        X_Goog_Upload_Header_Content_Length=str(len(data)),
    )
    first = await client.send(url, "upload", data[:CHUNK])
    last = await client.send(url, "upload, finalize", data[CHUNK:], CHUNK)

    assert first.progress == (200, "active", str(CHUNK))
    assert last.progress == (200, "final", str(len(data)))
    file = last.value["file"]
    assert (file["displayName"], file["mimeType"]) == ("a", "text/plain")
    assert (file["sizeBytes"], file["state"]) == (str(len(data)), "ACTIVE")
    assert file["source"] == "UPLOADED"
    assert file["uri"] == f"{client.url}/v1beta/{file['name']}"
    headers, found = await client.download(file["downloadUri"])
    assert hashlib.sha256(found).digest() == hashlib.sha256(data).digest()
    assert headers["Content-Type"] == "text/plain"
    assert headers["Content-Length"] == str(len(data))


async def test_an_upload_that_is_cut_resumes_where_a_query_says(client: Client) -> None:
    data = some(1_000_000)
    url = await client.start()
    path = url.removeprefix(client.url)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {client.url.removeprefix('http://')}\r\n"
        f"Content-Length: {len(data)}\r\nX-Goog-Upload-Command: upload, finalize\r\n"
        "X-Goog-Upload-Offset: 0\r\n\r\n"
    )
    port = int(client.url.rpartition(":")[2])
    async with asyncio.timeout(WAIT_SECONDS):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + data[:400_000])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    found = await client.send(url, "query")
    assert found.progress[:2] == (200, "active")
    received = int(found.headers["X-Goog-Upload-Size-Received"])
    assert received <= 400_000
    # What was received by then is skipped, so a stale offset does no harm.
    done = await client.send(url, "upload, finalize", data[received:], received)
    assert done.progress == (200, "final", str(len(data)))
    _, whole = await client.download(done.value["file"]["downloadUri"])
    assert whole == data


async def test_a_file_may_be_empty_and_end_without_bytes(client: Client) -> None:
    url = await client.start()
    done = await client.send(url, "finalize")

    assert done.progress == (200, "final", "0")
    assert (await client.download(done.value["file"]["downloadUri"]))[1] == b""


async def test_an_upload_that_was_cancelled_is_no_file(client: Client) -> None:
    url = await client.start()
    await client.send(url, "upload", b"abc")
    gone = await client.send(url, "cancel")
    late = await client.send(url, "upload, finalize", b"def", 3)
    listed = await client.ask("GET", "/v1/files")

    assert gone.progress[:2] == (200, "cancelled")
    assert late.progress[:2] == (400, "cancelled")
    assert listed.value == {}


async def test_a_wrong_offset_is_told_what_is_received(client: Client) -> None:
    url = await client.start()
    await client.send(url, "upload", b"abc")
    wrong = await client.send(url, "upload", b"f", 5)

    assert wrong.progress == (400, "active", "3")
    assert wrong.value["error"]["status"] == "INVALID_ARGUMENT"
    assert "3 bytes are received" in wrong.value["error"]["message"]


async def test_more_than_the_limit_is_refused(client: Client) -> None:
    refused = await client.ask(
        "POST",
        "/upload/v1/files",
        b"{}",
        X_Goog_Upload_Protocol="resumable",
        X_Goog_Upload_Command="start",
        X_Goog_Upload_Header_Content_Length=str(LARGEST + 1),
    )
    assert refused.status == 413
    assert refused.value["error"]["code"] == 413

    url = await client.start()
    large = await client.send(url, "upload, finalize", bytes(LARGEST + 1))
    assert large.value["error"]["status"] == "INVALID_ARGUMENT"
    assert (await client.ask("GET", "/v1/files")).value == {}


async def test_less_than_announced_is_no_file(client: Client) -> None:
    url = await client.start(b'{"file":{"sizeBytes":"5"}}')
    less = await client.send(url, "upload, finalize", b"abc")

    assert less.progress == (400, "active", "3")
    done = await client.send(url, "upload, finalize", b"de", 3)
    assert done.progress == (200, "final", "5")


async def test_files_are_listed_in_pages_got_and_deleted(client: Client) -> None:
    names = [(await client.upload(b"a"))["name"] for _ in range(3)]
    first = (await client.ask("GET", "/v1beta/files?pageSize=2")).value
    token = first["nextPageToken"]
    rest = f"/v1/files?page_size=2&page_token={token}"
    second = (await client.ask("GET", rest)).value

    found = [file["name"] for file in first["files"] + second["files"]]
    assert sorted(found) == sorted(names)
    assert "nextPageToken" not in second
    got = await client.ask("GET", f"/v1beta/{names[0]}")
    assert got.value["name"] == names[0]
    deleted = await client.ask("DELETE", f"/v1beta/{names[0]}", b"{}")
    assert (deleted.status, deleted.value) == (200, {})
    again = await client.ask("GET", f"/v1beta/{names[0]}")
    assert again.status == 404
    assert again.value["error"]["status"] == "NOT_FOUND"
    gone = await client.ask("GET", f"/v1beta/{names[0]}:download?alt=media")
    assert gone.status == 404


@pytest.mark.parametrize("key", ["", "wrong", "second"])
async def test_a_file_is_its_owners_alone(client: Client, key: str) -> None:
    file = await client.upload(b"abc")
    status = 404 if key == "second" else 401
    for verb, path in [
        ("GET", f"/v1/{file['name']}"),
        ("GET", f"/v1/{file['name']}:download"),
        ("DELETE", f"/v1/{file['name']}"),
    ]:
        assert (await client.ask(verb, path, key=key)).status == status
    started = await client.ask("POST", "/upload/v1/files", b"abc", key=key)
    assert started.status == (200 if key == "second" else 401)


async def test_the_head_of_a_download_says_how_long_it_is(client: Client) -> None:
    file = await client.upload(some(3_000_000))
    headers = {"x-goog-api-key": "first"}
    async with client.http.head(file["downloadUri"], headers=headers) as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["Content-Length"] == "3000000"
