"""The door at work: whom it connects to, what it sends, and when it gives up."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import os
import re
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from openinteractions.core.errors import RequestError, UnavailableError
from openinteractions.core.errors import shape as error_shape
from openinteractions.engine import media_ports
from openinteractions.tools.egress import Addresses, Door
from openinteractions.tools.egress import door as door_module
from openinteractions.tools.egress.door import MAX_AT_ONCE, MAX_REDIRECTS, MAX_WAITING
from openinteractions.tools.egress.refusal import shown
from tests.tools.site import PNG, Site, running

FIELD = "input[0].content[1].uri"
LIMIT = 100_000
WAIT_SECONDS = 10
KEY = ConnectionKey("site.test", 443, True, True, None, None, None)


class Names:
    """A name server; a name's answers follow each other, and the last one stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {"site.test": [["127.0.0.1"]]}
        self.asked: list[str] = []

    async def resolve(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        answers = self.answers.get(name)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running() as site:
        yield site


@pytest.fixture
async def make(names: Names) -> AsyncIterator[Callable[..., Door]]:
    """Makes doors to which the name `site.test` leads out, and no address does."""
    doors: list[Door] = []

    def make(
        *networks: str, hosts: Sequence[str] = ("site.test",), **rest: Any
    ) -> Door:
        addresses = Addresses(map(ipaddress.ip_network, networks), hosts)
        settings: dict[str, Any] = {"resolve": names.resolve, "max_bytes": LIMIT} | rest
        doors.append(Door(addresses, **settings))
        return doors[-1]

    yield make
    for door in doors:
        await door.close()


@pytest.fixture
def door(make: Callable[..., Door]) -> Door:
    return make()


async def reason(door: media_ports.Egress, url: str, **rest: Any) -> str:
    """Fetch what is refused; return what the error says after the URL."""
    with pytest.raises(RequestError) as raised:
        await door.fetch(url, field=FIELD, **rest)
    error = raised.value
    assert error_shape(error.reason).http_status == 400
    assert error.field == FIELD
    start = f"{FIELD}: the URL {shown(url)} "
    assert error.message.startswith(start), error.message
    return error.message.removeprefix(start)


# What is allowed


async def test_what_stands_at_a_url_is_read(door: Door, site: Site) -> None:
    url = site.answer("/a.png?b=c", PNG, "Content-Type: image/png")

    assert await door.fetch(url, field=FIELD) == media_ports.Fetched(
        PNG, "image/png", url
    )


@pytest.mark.parametrize("network", ["127.0.0.1/32", "127.0.0.0/8", "0.0.0.0/0"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "local.test"])
async def test_an_allowed_network_is_reached_by_number_and_by_name(
    make: Callable[..., Door], names: Names, site: Site, network: str, host: str
) -> None:
    names.answers["local.test"] = [["127.0.0.1"]]
    site.answer("/a")

    found = await make(network, hosts=()).fetch(site.url("/a", host), field=FIELD)

    assert found.data == PNG


async def test_redirects_are_followed_to_the_end(door: Door, site: Site) -> None:
    site.answer("/f/end?x=1")
    site.redirect("/e", "f/end?x=1", "308 Permanent Redirect")
    site.redirect("/d", "//site.test:" + str(site.port) + "/e#there", "307 Again")
    site.redirect("/c", site.url("/d"), "303 See Other")
    site.redirect("/b", "./c", "302 Found")
    url = site.redirect("/a", "/b", "301 Moved Permanently")

    found = await door.fetch(url, field=FIELD)

    assert found.data == PNG
    assert found.url == site.url("/f/end?x=1")
    assert len(site.heads) == MAX_REDIRECTS + 1


async def test_nothing_of_this_server_or_its_callers_is_sent(
    make: Callable[..., Door], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.delenv("NO_PROXY", raising=False)
    site.answer("/b")
    url = site.answer(
        "/a", b"", "Set-Cookie: a=b; Path=/", "Location: /b", status="302 Found"
    )

    assert (await make().fetch(url, field=FIELD)).data == PNG
    assert [head.split("\r\n") for head in site.heads] == [
        [
            f"GET {path} HTTP/1.1",
            f"Host: site.test:{site.port}",
            "Accept: */*",
            "Accept-Encoding: gzip, deflate",
            "User-Agent: openinteractions",
            "Connection: close",
            "",
            "",
        ]
        for path in ("/a", "/b")
    ]


def deflated(data: bytes, window: int = zlib.MAX_WBITS) -> bytes:
    stream = zlib.compressobj(wbits=window)
    return stream.compress(data) + stream.flush()


TEXT = b"Hello, world. " * 1000


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


# Whom it connects to


PRIVATE = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fe80::1%1", "fd00::1"]
PRIVATE += ["::ffff:127.0.0.1", "64:ff9b::a00:1", "0.0.0.1", "100.64.0.1", "ff02::1"]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_an_address_not_allowed_is_refused(
    make: Callable[..., Door], names: Names, site: Site, address: str
) -> None:
    names.answers["evil.test"] = [[address]]
    site.answer("/a")

    said = await reason(make(), site.url("/a", "evil.test"))

    # Nobody learns where the names of our network lead.
    assert re.fullmatch(r"is not allowed: its host leads to an? [a-z' -]+\.", said)
    assert site.heads == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost"])
async def test_names_of_this_machine_are_judged_by_where_they_lead(
    make: Callable[..., Door], names: Names, site: Site, host: str
) -> None:
    names.answers |= {
        name: [["127.0.0.1", "::1"]] for name in (host.lower(), "localhost")
    }
    site.answer("/a")

    said = await reason(make(), site.url("/a", host))

    assert said == "is not allowed: its host leads to a loopback address."
    assert site.heads == []


async def test_of_several_addresses_only_allowed_ones_are_reached(
    make: Callable[..., Door], names: Names, site: Site
) -> None:
    names.answers["both.test"] = [["10.0.0.1", "::1", "127.0.0.1"]]
    site.answer("/a")

    url = site.url("/a", "both.test")
    found = await make("127.0.0.1/32").fetch(url, field=FIELD)

    assert found.data == PNG


async def test_a_name_is_looked_up_once_and_the_answer_is_what_is_reached(
    make: Callable[..., Door], names: Names, site: Site
) -> None:
    names.answers["turn.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    site.answer("/a")
    url = site.url("/a", "turn.test")
    door = make("127.0.0.1/32")

    assert (await door.fetch(url, field=FIELD)).data == PNG
    assert names.asked == ["turn.test"]
    # No answer and no connection is kept for the next one.
    said = await reason(door, url)
    assert said == "is not allowed: its host leads to a private address."
    assert len(site.heads) == 1


async def test_a_name_that_changes_its_answer_before_a_redirect_is_judged_again(
    make: Callable[..., Door], names: Names, site: Site
) -> None:
    names.answers["turn.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    site.redirect("/a", "/b")
    site.answer("/b")

    said = await reason(make("127.0.0.1/32"), site.url("/a", "turn.test"))

    assert said == (
        f"redirects to {shown(site.url('/b', 'turn.test'))}, which is not allowed: "
        "its host leads to a private address."
    )
    assert len(site.heads) == 1


TARGETS = {
    "http://127.0.0.1:{port}/b": "its host is a loopback address",
    "http://[::1]:{port}/b": "its host is a loopback address",
    "http://169.254.169.254/latest/": "its host is a link-local address",
    "http://2130706433/": "its host is an unusual spelling of 127.0.0.1",
    "//0177.0.0.1:{port}/b": "its host is an unusual spelling of 127.0.0.1",
    "http://evil.test:{port}/b": "its host leads to a private address",
    "http://site.test@127.0.0.1/": "it has a user name or password in it",
    "http://site.test:22/": "its port, 22, is one of another protocol",
    "file:///etc/passwd": 'its scheme is "file"; only http and https are read',
    "gopher://site.test/": 'its scheme is "gopher"; only http and https are read',
    "ftp://site.test/": 'its scheme is "ftp"; only http and https are read',
    "javascript:alert(1)": 'its scheme is "javascript"; only http and https are read',
    "data:text/plain,a": 'a "data:" URL is no address; send its bytes as inline data',
    "http:///b": 'two slashes and a host have to follow "http:"',
    "http://": "its host is missing or malformed",
}


@pytest.mark.parametrize(("target", "why"), TARGETS.items())
async def test_a_redirect_is_judged_like_the_first_url(
    door: Door, names: Names, site: Site, target: str, why: str
) -> None:
    names.answers["evil.test"] = [["10.0.0.1"]]
    site.answer("/b")
    target = target.format(port=site.port)
    url = site.redirect("/a", target)

    said = await reason(door, url)

    assert said.startswith("redirects to ")
    assert said.endswith(f", which is not allowed: {why}.")
    assert len(site.heads) == 1


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param(
            [],
            "could not be read: its server answered 302 without saying where to.",
            id="missing",
        ),
        pytest.param(
            ["Location:"],
            "could not be read: its server answered 302 without saying where to.",
            id="empty",
        ),
        pytest.param(
            ["Location: /b", "Location: http://127.0.0.1/"],
            "could not be read: its server answered 302 without saying where to.",
            id="two",
        ),
        pytest.param(
            ["Location: //[::1"],
            "is not allowed: it redirects to what is no URL.",
            id="malformed",
        ),
        pytest.param(
            ["Location: http://127.0.0.1\\@site.test/"],
            "is not allowed: it redirects to what is no URL.",
            id="backslash",
        ),
        pytest.param(
            ["Location: ht\ttp://127.0.0.1/"],
            "is not allowed: it redirects to what is no URL.",
            id="tab",
        ),
    ],
)
async def test_a_redirect_that_leads_nowhere_is_told(
    door: Door, site: Site, headers: list[str], said: str
) -> None:
    url = site.answer("/a", b"", *headers, status="302 Found")

    assert await reason(door, url) == said


async def test_a_redirect_to_bytes_that_are_no_text_is_refused(
    door: Door, site: Site
) -> None:
    url = site.answer("/a", b"", "Location: http://\xff\xfe/", status="302 Found")

    assert "is not allowed: " in await reason(door, url)


async def test_redirects_are_counted(door: Door, site: Site) -> None:
    for number in range(MAX_REDIRECTS + 2):
        site.redirect(f"/{number}", f"/{number + 1}")

    said = await reason(door, site.url("/0"))

    assert said == (
        f"redirects to {shown(site.url('/5'))}, which could not be read: "
        "it is redirected more than 5 times."
    )
    assert len(site.heads) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("last", ["/a", "/b", "/b?", "#again"])
async def test_redirects_in_a_circle_are_told(
    door: Door, site: Site, last: str
) -> None:
    url = site.redirect("/a", "/b")
    site.redirect("/b", last)

    said = await reason(door, url)

    assert said.endswith("could not be read: the redirects go round in a circle.")
    assert len(site.heads) == 2


# When it gives up


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


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def stalled(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na")
    await asyncio.Event().wait()


async def stalled_in_the_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await asyncio.Event().wait()


async def dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0)  # lets the door have its turn


@pytest.mark.parametrize("handler", [silent, stalled_in_the_head, stalled, dripping])
async def test_a_slow_server_has_one_limit_of_time(
    make: Callable[..., Door], site: Site, handler: Any
) -> None:
    door = make(timeout_seconds=0.1, max_bytes=1_000_000_000)

    async with asyncio.timeout(WAIT_SECONDS):
        said = await reason(door, site.handle("/a", handler))

    assert said == "could not be read: it took more than 0.1 s."


async def test_slow_redirects_share_the_limit_of_time(
    make: Callable[..., Door], site: Site
) -> None:
    site.handle("/b", silent)
    url = site.redirect("/a", "/b")

    said = await reason(make(timeout_seconds=0.1), url)

    assert said == (
        f"redirects to {shown(site.url('/b'))}, which could not be read: "
        "it took more than 0.1 s."
    )


async def test_a_slow_name_server_counts(make: Callable[..., Door], site: Site) -> None:
    async def never(name: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    door = make(resolve=never, timeout_seconds=0.05)

    said = await reason(door, site.url("/a"))

    assert said == "could not be read: it took more than 0.05 s."


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


@pytest.mark.parametrize("answer", [None, []])
async def test_a_name_without_address_is_told(
    door: Door, names: Names, answer: list[str] | None
) -> None:
    if answer is not None:
        names.answers["none.test"] = [answer]

    said = await reason(door, "http://none.test/")

    assert said == "could not be read: its host was not found."


async def test_a_door_that_is_shut_reads_nothing_but_still_judges(
    make: Callable[..., Door], names: Names
) -> None:
    door = make(enabled=False)

    said = await reason(door, "https://example.com/")
    door.check("https://example.com/", field=FIELD)

    assert said == "is not allowed: this server reads no URLs."
    assert names.asked == []


async def test_only_so_many_fetches_run_at_once(
    make: Callable[..., Door], names: Names, site: Site
) -> None:
    running = 0
    full = asyncio.Event()

    async def count(writer: asyncio.StreamWriter) -> None:
        nonlocal running
        running += 1
        if running == MAX_AT_ONCE:
            full.set()
        await full.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")

    url = site.handle("/a", count)
    door = make()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(MAX_AT_ONCE + 4):
            tasks.create_task(door.fetch(url, field=FIELD))
        await full.wait()
        # The others have begun too, and would have looked the name up.
        assert len(names.asked) == MAX_AT_ONCE

    assert running == MAX_AT_ONCE + 4


async def test_owners_take_turns_and_wait_for_so_long(
    make: Callable[..., Door], site: Site
) -> None:
    asked: list[str] = []
    full = asyncio.Event()

    async def hold(writer: asyncio.StreamWriter) -> None:
        asked.append("")
        if len(asked) == MAX_AT_ONCE:
            full.set()
        await asyncio.Event().wait()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")

    held, free = site.handle("/held", hold), site.handle("/free", answer)
    door = make(timeout_seconds=0.5)
    async with asyncio.timeout(WAIT_SECONDS):
        many = [
            asyncio.create_task(door.fetch(held, field=FIELD, owner="many"))
            for _ in range(MAX_AT_ONCE + MAX_WAITING)
        ]
        await full.wait()
        with pytest.raises(UnavailableError):
            await door.fetch(free, field=FIELD, owner="many")
        assert (await door.fetch(free, field=FIELD, owner="one")).data == b"a"
        for task in many:
            task.cancel()
        await asyncio.gather(*many, return_exceptions=True)


async def test_the_systems_resolver_is_asked_unless_told_otherwise(site: Site) -> None:
    site.answer("/a")
    door = Door(Addresses([ipaddress.ip_network("127.0.0.0/8")]))

    found = await door.fetch(site.url("/a", "localhost"), field=FIELD)

    assert found.data == PNG
    await door.close()
