"""Files that come whole in one HTTP request: by themselves, or behind a description."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import Message

from openinteractions.v1 import file_service_pb2 as rpcs
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import face, failed
from tests.gateway.uploads import FILE, START, UNAVAILABLE, FileService, ask, files


async def test_a_file_by_itself_is_an_upload() -> None:
    async with files() as (service, gateway):
        headers = {"Content-Type": "text/plain", "X-Goog-Upload-File-Name": "a.txt"}
        answer = await ask(
            gateway, "POST", "/upload/v1beta/files", b"abcdef", **headers
        )

        assert answer.progress == (200, "final", "6")
        assert answer.value == {"file": FILE}
        assert service.data == b"abcdef"
        assert service.begun == rpcs.StartUploadRequest(
            file={"display_name": "a.txt"}, mime_type="text/plain", size_bytes=6
        )


async def test_a_form_is_no_type_of_a_file() -> None:
    async with files() as (service, gateway):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        await ask(gateway, "POST", "/upload/v1beta/files", b"abcdef", **headers)

        assert service.begun == rpcs.StartUploadRequest(size_bytes=6)


RELATED = (
    b"--b\r\nContent-Type: application/json\r\n\r\n"
    b'{"file":{"display_name":"d"}}\r\n'
    b"--b\r\nContent-Type: text/plain\r\n\r\nabcdef\r\n--b--\r\n"
)
MULTIPART = {
    "X-Goog-Upload-Protocol": "multipart",
    "Content-Type": "multipart/related; boundary=b",
}


async def test_a_file_behind_its_description_is_an_upload() -> None:
    async with files() as (service, gateway):
        answer = await ask(
            gateway, "POST", "/upload/v1beta/files", RELATED, **MULTIPART
        )

        assert answer.progress == (200, "final", "6")
        assert service.data == b"abcdef"
        assert service.begun == rpcs.StartUploadRequest(
            file={"display_name": "d"}, mime_type="text/plain"
        )


ASKING = [(MULTIPART, RELATED), ({}, b"abcdef")]


@pytest.mark.parametrize(("headers", "body"), ASKING)
async def test_a_client_that_asks_first_is_told_to_go_on(
    headers: dict[str, str], body: bytes
) -> None:
    head = ["POST /upload/v1/files HTTP/1.1", "Host: x", "Expect: 100-continue"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    head += [f"Content-Length: {len(body)}", "", ""]
    async with files() as (service, gateway), asyncio.timeout(WAIT_SECONDS):
        reader, writer = await gateway.raw("\r\n".join(head).encode())
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert await reader.readline() == b"\r\n"
        writer.write(body)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        assert service.data == b"abcdef"


QUOTED = b"a/b\r\nContent-Transfer-Encoding: quoted-printable"
DAMAGED = [
    (MULTIPART | {"Content-Type": "text/plain"}, RELATED, "multipart/related"),
    (MULTIPART | {"Content-Type": "multipart/related"}, RELATED, "malformed"),
    (MULTIPART, RELATED[: RELATED.index(b"\r\n--b\r\n", 5)] + b"\r\n--b--\r\n",
     "two parts"),
    (MULTIPART, b"--b\r\n\r\n" + b" " * 70_000 + b"\r\n--b--\r\n", "too large"),
    (MULTIPART, RELATED[:-2 - len("--b--")], "should end"),
    (MULTIPART, RELATED[:-4 - len("--b--")], "should end"),
    (MULTIPART, RELATED[:-2 - len("--")], "should end"),
    (MULTIPART, RELATED[:-4] + b"\r\n\r\nmore\r\n--b--\r\n", "should end"),
    (MULTIPART, b"--b\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "malformed"),
    (MULTIPART, RELATED.replace(b"text/plain", b"text/\x01"), "malformed"),
    (MULTIPART, RELATED.replace(b"text/plain", b"text/\xff"), "should be UTF-8"),
    (MULTIPART, RELATED.replace(b"text/plain", QUOTED), "should be binary"),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "body", "message"), DAMAGED)
async def test_a_damaged_multipart_body_is_refused(
    headers: dict[str, str], body: bytes, message: str
) -> None:
    async with files() as (service, gateway):
        answer = await ask(gateway, "POST", "/upload/v1/files", body, **headers)

        assert answer.status == 400
        assert message in answer.value["error"]["message"]
        assert service.state != rpcs.UPLOAD_STATE_FINAL


# aiohttp warns of what it does itself.
@pytest.mark.filterwarnings("ignore:unread_data")
@pytest.mark.parametrize(
    ("encoding", "encode"), [("binary", bytes), ("base64", base64.encodebytes)]
)
async def test_bytes_behind_a_description_may_be_many_and_base64(
    encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    data = bytes(range(256)) * 2000
    said = f"image/png\r\nContent-Transfer-Encoding: {encoding}".encode()
    body = RELATED.replace(b"text/plain", said).replace(b"abcdef", encode(data))
    async with files() as (service, gateway):
        answer = await ask(gateway, "POST", "/upload/v1/files", body, **MULTIPART)

        assert answer.progress == (200, "final", str(len(data)))
        assert service.data == data


@pytest.mark.parametrize(
    "name",
    ["X-Goog-Upload-Header-Content-Type", "Content-Type", "X-Goog-Upload-File-Name"],
)
async def test_a_header_that_is_no_text_is_named(name: str) -> None:
    resumable = START if name.startswith("X-Goog-Upload-Header") else {}
    head = ["POST /upload/v1/files HTTP/1.1", "Host: x", "Content-Length: 2"]
    head += [f"{key}: {value}" for key, value in resumable.items()]
    head += [f"{name}: caf\udce9", "Connection: close", "", "{}"]
    async with files() as (_, gateway), asyncio.timeout(WAIT_SECONDS):
        body = "\r\n".join(head).encode(errors="surrogateescape")
        reader, writer = await gateway.raw(body)
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert f"{name} should be UTF-8.".encode() in answer


async def test_a_file_by_itself_that_breaks_off_is_given_up() -> None:
    head = b"POST /upload/v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n"
    async with files() as (service, gateway), asyncio.timeout(WAIT_SECONDS):
        _, writer = await gateway.raw(head + b"abc")
        await service.grown.wait()
        writer.close()
        await service.left.wait()

        assert service.state != rpcs.UPLOAD_STATE_FINAL


class Unreachable(FileService):
    """Begins uploads, and can do nothing more."""

    async def unary(self, method: str, *given: Any) -> Message:
        """Fail at what gives an upload up."""
        if method == "CancelUpload":
            raise failed(UNAVAILABLE, "UNAVAILABLE", "The store is away, too.")
        return await super().unary(method, *given)


async def test_an_upload_that_cannot_be_given_up_fails_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "openinteractions.gateway")
    service = Unreachable()
    service.trouble = failed(UNAVAILABLE, "UNAVAILABLE", "The store is away.")
    async with files(service) as (_, gateway):
        answer = await ask(gateway, "POST", "/upload/v1/files", b"abcdef")

    assert answer.status == 503
    assert answer.value["error"]["message"] == "The store is away."
    left, line = [record.getMessage() for record in caplog.records]
    assert left.endswith("left an upload that will expire: 'The store is away, too.'")
    assert "failed: POST /upload/v1/files: 503" in line


async def test_a_service_without_files_takes_no_uploads() -> None:
    async with face() as gateway:
        status, value = await gateway.ask("POST", "/upload/v1/files", {})

    assert (status, value["error"]["status"]) == (404, "NOT_FOUND")
