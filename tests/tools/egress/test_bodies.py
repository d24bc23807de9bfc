"""What comes through the door: compressed, in pieces, too large, or of a wrong type."""

from __future__ import annotations

import asyncio
import gzip
import os
import zlib

import pytest

from openinteractions.tools.egress import Door
from tests.tools.egress.fetching import FIELD, LIMIT, TEXT, deflated, reason
from tests.tools.egress.site import PNG, Site


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip", gzip.compress(TEXT), id="gzip"),
        pytest.param("x-GZIP", gzip.compress(TEXT), id="older name"),
        pytest.param(
            "gzip",
            gzip.compress(TEXT[:50]) + gzip.compress(b"") + gzip.compress(TEXT[50:]),
            id="gzip members",
        ),
        pytest.param("deflate", deflated(TEXT), id="deflate"),
        pytest.param("deflate", deflated(TEXT, -zlib.MAX_WBITS), id="deflate, bare"),
        pytest.param("identity", TEXT, id="identity"),
    ],
)
async def test_a_compressed_body_is_expanded(
    door: Door, site: Site, encoding: str, body: bytes
) -> None:
    url = site.answer("/a", body, f"Content-Encoding: {encoding}")

    assert (await door.fetch(url, field=FIELD)).data == TEXT


async def test_a_body_may_come_in_any_pieces(door: Door, site: Site) -> None:
    body = gzip.compress(TEXT)
    chunks = b"".join(b"1\r\n" + body[i : i + 1] + b"\r\n" for i in range(len(body)))
    url = site.raw(
        "/a",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        chunks + b"0\r\n\r\n",
    )

    assert (await door.fetch(url, field=FIELD)).data == TEXT


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
async def test_the_limit_itself_may_come(door: Door, site: Site, size: int) -> None:
    plain = site.answer("/a", b"a" * size)
    packed = site.answer("/b", gzip.compress(b"a" * size), "Content-Encoding: gzip")

    for url in (plain, packed):
        assert len((await door.fetch(url, field=FIELD)).data) == size


@pytest.mark.parametrize(
    ("declared", "body", "wanted", "found"),
    [
        pytest.param("image/png", PNG, ["image/png"], "image/png", id="type"),
        pytest.param("text/plain", PNG, ["IMAGE/*"], "image/png", id="family"),
        pytest.param("text/csv", b"a,b", ["text/csv"], "text/csv", id="refined"),
        pytest.param(None, b"\x00", None, "application/octet-stream", id="unknown"),
        pytest.param("audio/L16;rate=1", b"\x00", None, "audio/l16", id="said only"),
        pytest.param(
            None,
            b"a" * 16_383 + "ü".encode() + b"a" * 16_384,
            ["text/plain"],
            "text/plain",
            id="cut within a character",
        ),
        pytest.param("audio/mpeg", b"ID3", ["audio/mpeg"], "audio/mp3", id="alias"),
    ],
)
async def test_the_type_is_what_the_bytes_show(  # noqa: PLR0917 - a table's
    door: Door,
    site: Site,
    declared: str | None,
    body: bytes,
    wanted: list[str] | None,
    found: str,
) -> None:
    url = site.answer("/a", body, *[f"Content-Type: {declared}"] if declared else [])

    fetched = await door.fetch(url, field=FIELD, mime_types=wanted)

    assert fetched.mime_type == found


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"a" * 65_536)
        await writer.drain()


TOO_LARGE = f"is not allowed: what stands there has more than {LIMIT} bytes."


async def test_an_endless_body_is_left_at_the_limit(door: Door, site: Site) -> None:
    assert await reason(door, site.handle("/a", endless)) == TOO_LARGE


async def test_a_body_announced_too_large_is_not_read(door: Door, site: Site) -> None:
    url = site.raw("/a", b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")

    assert await reason(door, url) == TOO_LARGE


def test_bombs_are_small() -> None:
    assert all(len(body) < LIMIT for _, body in BOMBS.values())


BOMBS = {
    "gzip": ("gzip", gzip.compress(bytes(50_000_000))),
    "gzip members": ("gzip", gzip.compress(bytes(1000)) * 500),
    "deflate": ("deflate", deflated(bytes(50_000_000))),
    "one too many": ("gzip", gzip.compress(os.urandom(1000) + bytes(LIMIT - 999))),
}


@pytest.mark.parametrize(("encoding", "body"), BOMBS.values(), ids=BOMBS)
async def test_a_body_that_expands_beyond_the_limit_is_refused(
    door: Door, site: Site, encoding: str, body: bytes
) -> None:
    url = site.answer("/a", body, f"Content-Encoding: {encoding}")

    assert await reason(door, url) == TOO_LARGE


async def test_endless_bytes_that_expand_to_nothing_are_refused(
    door: Door, site: Site
) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        while True:
            writer.write(gzip.compress(b"") * 1000)
            await writer.drain()

    assert await reason(door, site.handle("/a", write)) == TOO_LARGE


async def test_a_caller_may_set_a_smaller_limit_but_no_larger_one(
    door: Door, site: Site
) -> None:
    url = site.answer("/a", b"a" * 11)
    huge = site.handle("/b", endless)

    assert await reason(door, url, limit=10) == (
        "is not allowed: what stands there has more than 10 bytes."
    )
    assert await reason(door, huge, limit=10 * LIMIT) == TOO_LARGE


WRONG = "is not allowed: what stands there "


@pytest.mark.parametrize(
    ("declared", "body", "why"),
    [
        pytest.param("text/html", b"<!doctype html>", "is text/html", id="page"),
        pytest.param("image/png", b"<!doctype html>", "is text/html", id="posing"),
        pytest.param("image/png", b"#!/bin/sh", "is text/plain", id="script"),
        pytest.param("audio/mp3", b"\x00", "is audio/mp3", id="said"),
        pytest.param("nonsense", b"\x00", "has a type that cannot be told", id="none"),
    ],
)
async def test_another_type_than_wanted_is_refused(
    door: Door, site: Site, declared: str, body: bytes, why: str
) -> None:
    url = site.answer("/a", body, f"Content-Type: {declared}")

    said = await reason(door, url, mime_types={"image/*", "application/pdf"})

    assert said == (
        f"{WRONG}{why}; here it has to be one of: application/pdf, image/*."
    )


async def test_the_wrong_type_is_refused_before_the_end(door: Door, site: Site) -> None:
    async def begin(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + b"a" * 20_000
        )
        await asyncio.Event().wait()

    said = await reason(door, site.handle("/a", begin), mime_types=["image/png"])

    assert said == f"{WRONG}is text/plain; here it has to be one of: image/png."
