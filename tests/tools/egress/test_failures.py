"""What is told of servers that fail, and of answers that are none."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from openinteractions.tools.egress import Door
from openinteractions.tools.egress import door as door_module
from tests.tools.egress.fetching import TEXT, deflated, reason
from tests.tools.egress.site import Site

KEY = ConnectionKey("site.test", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("404 Not Found", "404 (Not Found)"),
        ("401 Who", "401 (Unauthorized)"),
        ("500 Oh", "500 (Internal Server Error)"),
        ("204 Nothing", "204 (No Content)"),
        ("206 Part", "206 (Partial Content)"),
        ("304 Known", "304 (Not Modified)"),
        ("300 Many", "300 (Multiple Choices)"),
        ("799 Strange", "799"),
    ],
)
async def test_an_answer_that_is_no_success_is_told(
    door: Door, site: Site, status: str, why: str
) -> None:
    url = site.raw("/a", f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    assert await reason(door, url) == f"could not be read: its server answered {why}."


BROKEN = {
    "closed at once": (b"", "its server closed the connection too early"),
    "closed within the head": (
        b"HTTP/1.1 200 OK\r\nA:",
        "its server closed the connection too early",
    ),
    "closed within the body": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "its server closed the connection too early",
    ),
    "closed within a chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        "its server closed the connection too early",
    ),
    "no HTTP": (b"220 smtp.example ESMTP\r\n\r\n", "its server does not speak HTTP"),
    "a head without end": (
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 100_000,
        "its server does not speak HTTP",
    ),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        "its server does not speak HTTP",
    ),
    "empty": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "there is nothing at it",
    ),
    "not gzip": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello",
        "its body is not compressed as its server says",
    ),
    "cut gzip": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(TEXT)[:-9],
        "its body ended too early",
    ),
    "cut deflate": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + deflated(TEXT)[:-9],
        "its body ended too early",
    ),
    "an unknown encoding": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nhello",
        'it came in an encoding not asked for, "br"',
    ),
    "several encodings": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\nhello",
        'it came in an encoding not asked for, "gzip, gzip"',
    ),
}


@pytest.mark.parametrize(("sent", "why"), BROKEN.values(), ids=BROKEN)
async def test_an_answer_that_is_broken_is_told(
    door: Door, site: Site, sent: bytes, why: str
) -> None:
    assert await reason(door, site.raw("/a", sent)) == f"could not be read: {why}."


async def test_a_server_that_is_not_there_is_told(door: Door) -> None:
    with socket.socket() as bound:  # not listening
        bound.bind(("127.0.0.1", 0))
        said = await reason(door, f"http://site.test:{bound.getsockname()[1]}/")

    assert said == "could not be read: its server cannot be reached."


async def test_a_server_without_tls_is_told(door: Door) -> None:
    async def refuse(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        said = await reason(door, f"https://site.test:{port}/")

    assert said == (
        "could not be read: no secure connection to its server can be made."
    )


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("old")),
            "its server has no valid certificate",
        ),
        (
            aiohttp.ClientConnectorSSLError(KEY, OSError(1, "10.0.0.1")),
            "no secure connection to its server can be made",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(1, "10.0.0.1")),
            "its server cannot be reached",
        ),
        (
            aiohttp.ClientOSError(1, "10.0.0.1"),
            "its server closed the connection too early",
        ),
    ],
)
def test_a_failing_connection_is_told_in_words_of_ours(
    error: Exception, why: str
) -> None:
    assert door_module._reason(error) == why
