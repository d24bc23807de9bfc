"""Answers of a model server that fail, break off, are too large or do not come."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from openinteractions.core import errors
from openinteractions.models.transport.endpoint import MAX_ERROR_BYTES
from tests.clock import pass_by
from tests.models.servers import (
    STREAM_END,
    STREAM_HEAD,
    Connection,
    chunked,
    http,
    raw_server,
)
from tests.models.transport.posting import (
    PATH,
    opened,
    post,
    silent,
    silent_after_a_chunk,
    silent_after_the_head,
)


async def test_an_answer_that_is_no_http_is_a_failure() -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    async with raw_server(talk) as (url, _), opened(url) as endpoint:
        with pytest.raises(errors.UpstreamFailedError):
            await post(endpoint)


async def test_a_redirect_is_not_followed() -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        location = "Location: http://127.0.0.1:1/elsewhere\r\n"
        await connection.write(http(b"", status="307 Moved", headers=location))

    async with raw_server(talk) as (url, _), opened(url) as endpoint:
        with pytest.raises(errors.UpstreamFailedError, match="307"):
            await post(endpoint)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http(b"x" * 101), id="length known"),
        pytest.param(STREAM_HEAD + chunked(b"x" * 101) + STREAM_END, id="chunked"),
    ],
)
async def test_an_answer_that_is_too_large_is_given_up(answer: bytes) -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(answer)

    async with (
        raw_server(talk) as (url, _),
        opened(url, max_response_bytes=100) as endpoint,
    ):
        with pytest.raises(errors.UpstreamFailedError, match="more than can be read"):
            await post(endpoint)


async def test_the_answer_of_a_failure_is_read_to_a_limit() -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        huge = b"x" * (MAX_ERROR_BYTES + 10)
        await connection.write(http(huge, status="400 Bad Request"))

    async with raw_server(talk) as (url, _), opened(url) as endpoint:
        with pytest.raises(errors.UpstreamRefusedError) as raised:
            await post(endpoint)
    assert len(raised.value.message) < 1000


async def test_a_failure_whose_answer_breaks_off_is_told_by_its_status() -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(b"HTTP/1.1 429 Slow\r\nContent-Length: 9\r\n\r\nabc")

    async with raw_server(talk) as (url, _), opened(url) as endpoint:
        with pytest.raises(errors.UpstreamRateLimitedError):
            await post(endpoint)


async def test_a_large_body_arrives_whole() -> None:
    async def talk(connection: Connection) -> None:
        _, body = await connection.request()
        await connection.write(http(str(len(body)).encode()))

    async with raw_server(talk) as (url, _), opened(url) as endpoint:
        assert await post(endpoint, b"x" * 3_000_000) == b"3000000"


async def test_nobody_at_the_address_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with opened(f"http://127.0.0.1:{port}/v1") as endpoint:
            with pytest.raises(errors.UpstreamUnreachableError) as raised:
                await post(endpoint)
    assert str(port) not in raised.value.message


@pytest.mark.parametrize(
    ("scheme", "talk", "limit"),
    [
        pytest.param("https", silent, "connect_timeout", id="connecting"),
        pytest.param("http", silent, "first_byte_timeout", id="first byte"),
        pytest.param(
            "http", silent_after_the_head, "first_byte_timeout", id="first of the body"
        ),
        pytest.param(
            "http", silent_after_a_chunk, "between_chunks_timeout", id="between chunks"
        ),
    ],
)
async def test_silence_has_a_limit(scheme: str, talk: Any, limit: str) -> None:
    async with raw_server(talk) as (url, _):
        address = url.replace("http:", f"{scheme}:")
        async with opened(address, **{limit: 0.05}) as endpoint:
            with pytest.raises(errors.UpstreamTimeoutError):
                await post(endpoint)


async def test_the_limit_of_the_first_byte_ends_with_it() -> None:
    released = asyncio.Event()

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(STREAM_HEAD, chunked(b"a"))
        await released.wait()
        await connection.write(chunked(b"b"), STREAM_END)

    async with (
        raw_server(talk) as (url, _),
        opened(url, first_byte_timeout=30) as endpoint,
    ):
        answer = await endpoint.open(PATH, b"{}", model="m")
        assert await answer.read() == b"a"
        reading = asyncio.create_task(answer.read())
        await asyncio.sleep(0)
        pass_by(31)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not reading.done()
        released.set()
        assert await reading == b"b"
        assert await answer.read() == b""
        answer.close()
