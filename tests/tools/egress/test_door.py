"""The door at work: what it sends, and whom it lets through at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from openinteractions.core.errors import RequestError, UnavailableError
from openinteractions.engine import media_ports
from openinteractions.tools.egress import Door
from openinteractions.tools.egress.door import MAX_AT_ONCE, MAX_WAITING
from tests.clock import WAIT_SECONDS, pass_by
from tests.tools.egress.fetching import FIELD, Names, reason
from tests.tools.egress.site import PNG, Site


async def test_what_stands_at_a_url_is_read(door: Door, site: Site) -> None:
    url = site.answer("/a.png?b=c", PNG, "Content-Type: image/png")

    assert await door.fetch(url, field=FIELD) == media_ports.Fetched(
        PNG, "image/png", url
    )


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


async def test_owners_take_turns_and_wait_for_so_long(door: Door, site: Site) -> None:
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
    async with asyncio.timeout(WAIT_SECONDS):
        many = [
            asyncio.create_task(door.fetch(held, field=FIELD, owner="many"))
            for _ in range(MAX_AT_ONCE + MAX_WAITING)
        ]
        await full.wait()
        with pytest.raises(UnavailableError):
            await door.fetch(free, field=FIELD, owner="many")
        one = asyncio.create_task(door.fetch(free, field=FIELD, owner="one"))
        await asyncio.sleep(0)
        many[0].cancel()
        assert (await one).data == b"a"
        # Longer than one may wait, and longer than a fetch may take.
        pass_by(31)
        outcomes = await asyncio.gather(*many, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {
        asyncio.CancelledError,
        RequestError,
        UnavailableError,
    }
