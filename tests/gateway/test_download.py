"""Bytes over HTTP, as a service streams them."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from google.api.httpbody_pb2 import HttpBody

from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import failed
from tests.gateway.uploads import files

URL = "/v1beta/files/a:download?alt=media"
PIECES = [
    [HttpBody(content_type="image/png", data=b"ab")],
    [HttpBody(data=b"cd"), HttpBody(data=b"ef")],
]
LENGTH = "x-openinteractions-length"
GET = b"GET /v1/files/a:download HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("headers", [{}, {LENGTH: "6"}])
async def test_bytes_come_with_their_type_and_length(headers: dict[str, str]) -> None:
    async with files() as (service, gateway):
        service.headers, service.batches = headers, PIECES
        async with gateway.http.get(URL) as response:
            assert response.status == 200
            assert await response.read() == b"abcdef"
            assert response.headers["Content-Type"] == "image/png"
            assert response.headers.get("Content-Length") == headers.get(LENGTH)
            assert response.headers["Content-Disposition"] == "attachment"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "x-request-id" in response.headers
        [(method, request)] = service.calls
        assert (method, getattr(request, "id", None)) == ("DownloadFile", "a")


async def test_no_bytes_are_an_answer_too() -> None:
    async with files() as (service, gateway):
        service.headers, service.batches = {LENGTH: "0"}, [[HttpBody()]]
        async with gateway.http.get(URL) as response:
            assert (response.status, await response.read()) == (200, b"")
            assert response.headers["Content-Type"] == "application/octet-stream"


async def test_the_head_has_no_bytes() -> None:
    async with files() as (service, gateway):
        service.headers, service.batches = {LENGTH: "6"}, PIECES
        async with gateway.http.head(URL) as response:
            assert (response.status, await response.read()) == (200, b"")
            assert response.headers["Content-Length"] == "6"
        assert service.taken == 1
        assert service.left.is_set()


RANGES = [
    ("bytes=0-", "0-5/6", b"abcdef"),
    ("bytes=1-2", "1-2/6", b"bc"),
    ("bytes=2-3", "2-3/6", b"cd"),
    ("bytes=3-99", "3-5/6", b"def"),
    ("bytes=-2", "4-5/6", b"ef"),
    ("bytes=-99", "0-5/6", b"abcdef"),
    # Not followed: nothing is in them, or more than one.
    ("bytes=6-", None, b"abcdef"),
    ("bytes=3-2", None, b"abcdef"),
    ("bytes=-0", None, b"abcdef"),
    ("bytes=-", None, b"abcdef"),
    ("bytes=0-1,3-4", None, b"abcdef"),
    ("lines=0-1", None, b"abcdef"),
]


@pytest.mark.parametrize(("asked", "given", "data"), RANGES)
async def test_a_range_of_the_bytes_is_enough_for_who_asks(
    asked: str, given: str | None, data: bytes
) -> None:
    async with files() as (service, gateway):
        service.headers, service.batches = {LENGTH: "6"}, PIECES
        async with gateway.http.get(URL, headers={"Range": asked}) as response:
            assert response.status == (200 if given is None else 206)
            assert await response.read() == data
            assert response.headers["Content-Length"] == str(len(data))
            assert response.headers["Accept-Ranges"] == "bytes"
            expected = None if given is None else f"bytes {given}"
            assert response.headers.get("Content-Range") == expected


async def test_no_range_is_followed_of_what_may_have_changed() -> None:
    async with files() as (service, gateway):
        service.headers, service.batches = {LENGTH: "6"}, PIECES
        headers = {"Range": "bytes=1-2", "If-Range": '"a"'}
        async with gateway.http.get(URL, headers=headers) as response:
            assert (response.status, await response.read()) == (200, b"abcdef")


async def test_no_range_is_followed_of_bytes_that_are_not_counted() -> None:
    async with files() as (service, gateway):
        service.batches = PIECES
        async with gateway.http.get(URL, headers={"Range": "bytes=1-2"}) as response:
            assert (response.status, await response.read()) == (200, b"abcdef")


FAILURES: list[tuple[list[Any], int, str]] = [
    ([failed(5, "NOT_FOUND", "It is gone.")], 404, "NOT_FOUND"),
    ([], 500, "INTERNAL"),
]


@pytest.mark.parametrize(("batches", "status", "word"), FAILURES)
async def test_a_failure_before_the_bytes_is_an_error(
    batches: list[Any], status: int, word: str
) -> None:
    async with files() as (service, gateway):
        service.batches = batches
        code, value = await gateway.ask("GET", URL)

    assert (code, value["error"]["code"], value["error"]["status"]) == (
        status,
        status,
        word,
    )


CUT: list[tuple[dict[str, str], list[Any]]] = [
    ({}, [*PIECES, failed(13, "INTERNAL")]),
    ({LENGTH: "9"}, [*PIECES, failed(13, "INTERNAL")]),
    ({LENGTH: "9"}, PIECES),
    ({LENGTH: "5"}, PIECES),
]


@pytest.mark.parametrize(("headers", "batches"), CUT)
async def test_a_failure_amid_the_bytes_cuts_the_connection(
    headers: dict[str, str], batches: list[Any]
) -> None:
    async with files() as (service, gateway):
        service.headers, service.batches = headers, batches
        async with gateway.http.get(URL) as response:
            assert response.status == 200
            with pytest.raises(aiohttp.ClientError):
                await response.read()


async def test_a_client_that_leaves_ends_the_stream() -> None:
    async with files() as (service, gateway), asyncio.timeout(WAIT_SECONDS):
        service.batches = [PIECES[0], asyncio.Event()]
        reader, writer = await gateway.raw(GET)
        await reader.readuntil(b"ab")
        assert not service.left.is_set()
        writer.close()
        await service.left.wait()
