"""A fetch has one limit of time, whoever is slow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from openinteractions.tools.egress import Door
from openinteractions.tools.egress.refusal import shown
from tests.clock import WAIT_SECONDS, pass_by
from tests.tools.egress.fetching import reason
from tests.tools.egress.site import Site


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
    async def silent_from_now_on(writer: asyncio.StreamWriter) -> None:
        pass_by(31)
        await silent(writer)

    site.handle("/b", silent_from_now_on)
    url = site.redirect("/a", "/b")

    said = await reason(make(timeout_seconds=30), url)

    assert said == (
        f"redirects to {shown(site.url('/b'))}, which could not be read: "
        "it took more than 30 s."
    )


async def test_a_slow_name_server_counts(make: Callable[..., Door], site: Site) -> None:
    async def never(name: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    door = make(resolve=never, timeout_seconds=0.05)

    said = await reason(door, site.url("/a"))

    assert said == "could not be read: it took more than 0.05 s."
