"""The resumable upload protocol over HTTP."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest

from openinteractions.v1 import file_service_pb2 as rpcs
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import Face, failed
from tests.gateway.uploads import FILE, START, UPLOAD, Answer, ask, files

SESSION = f"/upload/v1beta/files?upload_id={UPLOAD}&upload_protocol=resumable"


async def command(
    gateway: Face,
    words: str,
    data: Any = None,
    offset: int | None = None,
    url: str = SESSION,
    **headers: str,
) -> Answer:
    headers["X-Goog-Upload-Command"] = words
    # What the SDKs say of the bytes is wrong, or missing.
    headers.setdefault("Content-Type", "application/json")
    if offset is not None:
        headers["X-Goog-Upload-Offset"] = str(offset)
    return await ask(gateway, "POST", url, data, **headers)


DESCRIBED: list[tuple[bytes, dict[str, str], dict[str, Any]]] = [
    (b"", {}, {}),
    (b"{}", {}, {}),
    (b'{"file":{"displayName":"d","mimeType":"a/b","sizeBytes":"6"}}', {},
     {"file": {"display_name": "d", "mime_type": "a/b", "size_bytes": 6}}),
    (b"{'file': {'display_name': 'd'}}", {}, {"file": {"display_name": "d"}}),
    (b'{"file":{"display_name":"d","mime_type":"a/b","size_bytes":6}}', {},
     {"file": {"display_name": "d", "mime_type": "a/b", "size_bytes": 6}}),
    (b'{"file":{"name":"files/x"}}',
     {"X-Goog-Upload-Header-Content-Length": "6",
      "X-Goog-Upload-Header-Content-Type": "a/b"},
     {"file": {"name": "files/x"}, "size_bytes": 6, "mime_type": "a/b"}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "headers", "request_"), DESCRIBED)
async def test_a_description_begins_an_upload(
    body: bytes, headers: dict[str, str], request_: dict[str, Any]
) -> None:
    async with files() as (service, gateway):
        answer = await ask(
            gateway, "POST", "/upload/v1beta/files", body, **START, **headers
        )

        assert answer.progress == (200, "active", "0")
        assert answer.value == {}
        url = f"http://127.0.0.1:{gateway.port}{SESSION}"
        assert answer.headers["X-Goog-Upload-URL"] == url
        assert answer.headers["X-Goog-Upload-Chunk-Granularity"] == "1024"
        assert service.begun == rpcs.StartUploadRequest(**request_)


PLACES = [
    ("/upload/v1/files", None, "http://{host}/upload/v1/files?"),
    ("/a//upload//v1alpha/files/", None,
     "http://{host}/a//upload//v1alpha/files/?"),
    ("/base/upload/v1beta/v1/files", None,
     "http://{host}/base/upload/v1beta/v1/files?"),
    ("/v1/upload/files", None, "http://{host}/v1/upload/files?"),
    ("/base/upload/v1/files", "https://ai.example.com/there/",
     "https://ai.example.com/there/upload/v1/files?"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "public_url", "url"), PLACES)
async def test_the_session_is_where_the_client_found_the_server(
    path: str, public_url: str | None, url: str
) -> None:
    async with files(public_url=public_url) as (service, gateway):
        answer = await ask(gateway, "POST", path, b"{}", **START)

        found = answer.headers["X-Goog-Upload-URL"]
        assert found.startswith(url.format(host=f"127.0.0.1:{gateway.port}"))
        done = await command(
            gateway,
            "upload, finalize",
            b"abcdef",
            0,
            url=f"{path}?{found.partition('?')[2]}",
        )
        assert done.value == {"file": FILE}
        assert service.data == b"abcdef"


async def test_a_file_comes_whole() -> None:
    async with files() as (service, gateway):
        done = await command(gateway, "upload, finalize", b"abcdef", 0)

        assert done.progress == (200, "final", "6")
        assert done.value == {"file": FILE}
        assert service.data == b"abcdef"


async def test_a_file_comes_in_chunks_of_any_framing() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    async with files() as (service, gateway):
        first = await command(gateway, "upload", pieces(), 0)
        second = await command(gateway, "upload", b"cd", 2)
        last = await command(gateway, "Upload,Finalize", pieces(), 4)

        assert first.progress == (200, "active", "2")
        assert second.progress == (200, "active", "4")
        assert last.progress == (200, "final", "6")
        assert service.data == b"abcdab"


async def test_a_file_ends_without_more_bytes() -> None:
    async with files() as (_, gateway):
        await command(gateway, "upload", b"abcdef", 0)
        done = await command(gateway, "finalize")

        assert done.progress == (200, "final", "6")
        assert done.value == {"file": FILE}


async def test_bytes_may_be_put_and_compressed() -> None:
    async with files() as (service, gateway):
        done = await ask(
            gateway,
            "PUT",
            SESSION,
            gzip.compress(b"abcdef"),
            **{
                "X-Goog-Upload-Command": "upload, finalize",
                "X-Goog-Upload-Offset": "0",
                "Content-Encoding": "gzip",
            },
        )

        assert done.progress == (200, "final", "6")
        assert service.data == b"abcdef"


async def test_an_upload_that_is_cut_goes_on_from_what_has_arrived() -> None:
    head = (
        f"POST {SESSION} HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n"
        "X-Goog-Upload-Command: upload, finalize\r\nX-Goog-Upload-Offset: 0\r\n\r\n"
    )
    async with files() as (service, gateway), asyncio.timeout(WAIT_SECONDS):
        _, writer = await gateway.raw(head.encode() + b"abc")
        await service.grown.wait()
        writer.close()
        await service.left.wait()

        found = await command(gateway, "query")
        assert found.progress == (200, "active", "3")
        done = await command(gateway, "upload, finalize", b"def", 3)
        assert done.value == {"file": FILE}
        assert service.data == b"abcdef"


@pytest.mark.parametrize("offset", [0, 1, 2])
async def test_what_is_sent_again_is_not_taken_twice(offset: int) -> None:
    async with files() as (service, gateway):
        await command(gateway, "upload", b"ab", 0)
        done = await command(gateway, "upload, finalize", b"abcdef"[offset:], offset)

        assert done.progress == (200, "final", "6")
        assert service.data == b"abcdef"


async def test_the_end_may_be_asked_for_again() -> None:
    async with files() as (_, gateway):
        first = await command(gateway, "upload, finalize", b"abcdef", 0)
        again = await command(gateway, "upload, finalize", b"abcdef", 0)
        found = await command(gateway, "query")

        assert again.progress == found.progress == first.progress
        assert again.value == found.value == first.value


async def test_an_offset_ahead_is_told_what_has_arrived() -> None:
    async with files() as (service, gateway):
        await command(gateway, "upload", b"ab", 0)
        wrong = await command(gateway, "upload", b"ef", 4)

        assert wrong.progress == (400, "active", "2")
        assert wrong.value == {
            "error": {
                "code": 400,
                "message": "2 are received.",
                "status": "INVALID_ARGUMENT",
            }
        }
        assert service.data == b"ab"


async def test_an_upload_that_was_given_up_takes_nothing() -> None:
    async with files() as (_, gateway):
        await command(gateway, "upload", b"ab", 0)
        gone = await command(gateway, "cancel")
        late = await command(gateway, "upload, finalize", b"cd", 2)

        assert gone.progress == (200, "cancelled", "0")
        assert late.progress == (400, "cancelled", "0")
        assert late.value["error"]["status"] == "FAILED_PRECONDITION"


@pytest.mark.parametrize("words", ["upload", "query", "cancel", "finalize"])
async def test_an_unknown_upload_is_not_found(words: str) -> None:
    async with files() as (_, gateway):
        answer = await command(
            gateway, words, b"a", 0, url="/upload/v1/files?upload_id=other"
        )

        assert answer.progress == (404, "cancelled", "0")
        assert answer.value["error"]["status"] == "NOT_FOUND"


async def test_a_fault_of_the_server_has_no_progress_so_that_clients_try_again() -> (
    None
):
    async with files() as (service, gateway):
        service.trouble = failed(14, "UNAVAILABLE", "Not now.")
        answer = await command(gateway, "upload", b"a", 0)

        assert answer.progress == (503, None, None)


async def test_a_key_is_needed_to_begin_but_not_to_go_on() -> None:
    async with files() as (service, gateway):
        service.refusal = failed(16, "UNAUTHENTICATED", "No key.")
        begin = await ask(gateway, "POST", "/upload/v1/files", b"{}", **START)
        go_on = await command(gateway, "upload, finalize", b"abcdef", 0)

        assert begin.status == 401
        assert begin.value["error"] == {
            "code": 401,
            "message": "No key.",
            "status": "UNAUTHENTICATED",
        }
        assert go_on.progress == (200, "final", "6")


MISTAKES: list[tuple[str, dict[str, str], str]] = [
    (SESSION, {}, "X-Goog-Upload-Command should be one of"),
    (SESSION, {"X-Goog-Upload-Command": "start"}, "should be one of"),
    (SESSION, {"X-Goog-Upload-Command": "query, cancel"}, "should be one of"),
    (SESSION, {"X-Goog-Upload-Command": "upload"}, "X-Goog-Upload-Offset is missing."),
    (SESSION, {"X-Goog-Upload-Command": "upload", "X-Goog-Upload-Offset": "-1"},
     "X-Goog-Upload-Offset should be a whole number."),
    (SESSION, {"X-Goog-Upload-Command": "upload", "X-Goog-Upload-Offset": "9" * 19},
     "X-Goog-Upload-Offset should be a whole number."),
    (SESSION, {"X-Goog-Upload-Command": "upload", "X-Goog-Upload-Offset": "0",
               "Content-Encoding": "br"}, "'br' is not supported"),
    ("/upload/v1/files", {"X-Goog-Upload-Command": "upload"}, "should be 'start'"),
    ("/upload/v1/files", {"X-Goog-Upload-Protocol": "resumable"}, "should be 'start'"),
    ("/upload/v1/files", {"X-Goog-Upload-Protocol": "carrier pigeon"},
     "should be 'resumable', 'multipart' or 'raw'."),
    ("/upload/v1/files", {**START, "X-Goog-Upload-Header-Content-Length": "many"},
     "X-Goog-Upload-Header-Content-Length should be a whole number."),
    ("/upload/v1/files", START, "not valid JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "headers", "message"), MISTAKES)
async def test_a_mistake_is_named(
    url: str, headers: dict[str, str], message: str
) -> None:
    async with files() as (service, gateway):
        answer = await ask(gateway, "POST", url, b"x", **headers)

        assert answer.status == 400
        assert message in answer.value["error"]["message"]
        assert answer.value["error"]["status"] == "INVALID_ARGUMENT"
        assert service.data == b""


async def test_a_member_that_is_unknown_is_named() -> None:
    async with files() as (_, gateway):
        body = b'{"file":{"colour":"red"}}'
        answer = await ask(gateway, "POST", "/upload/v1/files", body, **START)

        assert answer.status == 400
        assert answer.value["error"]["message"] == "Unknown parameter 'file.colour'."


async def test_another_method_is_told_those_that_are_there() -> None:
    async with files() as (_, gateway):
        answer = await ask(gateway, "GET", SESSION)

        assert (answer.status, answer.headers["Allow"]) == (405, "POST, PUT")


async def test_a_body_is_not_taken_faster_than_the_service_takes_it() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 64 * 1024
            yield bytes(64 * 1024)

    async with files() as (service, gateway), asyncio.timeout(WAIT_SECONDS):
        service.stall = asyncio.Event()
        sending = asyncio.create_task(command(gateway, "upload", endless(), 0))
        await service.grown.wait()
        before = -1
        while before != sent:
            before = sent
            for _ in range(500):  # turns of the loop in which more could be sent
                await asyncio.sleep(0)
        taken = len(service.data)
        sending.cancel()
        await asyncio.wait([sending])
        service.stall.set()
        await service.left.wait()

    assert taken < 1024 * 1024
    assert service.largest < 1024 * 1024
