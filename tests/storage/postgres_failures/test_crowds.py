"""Many calls of the PostgreSQL store at once: connections, order, and who deletes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.store_ports import Lease, Place
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.clock import WAIT_SECONDS
from tests.storage.postgres_failures.calls import QUEUED, everything, statement
from tests.storage.records import Status, bounded, chain, page, record, turns


async def sooner_or_later(
    call: Callable[..., Awaitable[Any]], *arguments: object
) -> Any:
    """Call until the server has noticed that connections were closed."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            try:
                return await call(*arguments)
            except (asyncpg.TooManyConnectionsError, UnavailableError):
                await asyncio.sleep(0.01)


async def test_calls_make_do_with_the_connections_that_they_get(url: str) -> None:
    await statement(
        url,
        "CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 2",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO few",
    )
    parts = urlsplit(url)
    theirs = parts._replace(netloc=f"few:few@127.0.0.1:{parts.port}").geturl()
    opened = await PostgresStore.open(Server(theirs, patience_seconds=WAIT_SECONDS))
    store = bounded(opened)
    await store.add(record("a"), [])
    read = await asyncio.gather(*(store.get("a", "ann") for _ in range(50)))
    assert read == [record("a")] * 50
    await opened.close()

    opened = await PostgresStore.open(Server(theirs, patience_seconds=0.2))
    await asyncio.wait_for(opened.opened, WAIT_SECONDS)
    others = [await sooner_or_later(asyncpg.connect, theirs) for _ in range(2)]
    with pytest.raises(UnavailableError, match="too many connections"):
        await opened.get("a", "ann")
    for other in others:
        await other.close()
    assert await sooner_or_later(opened.get, "a", "ann") == record("a")
    await opened.close()


async def test_calls_wait_for_a_connection_in_their_order(url: str) -> None:
    opened = await PostgresStore.open(Server(url, connections=1))
    done: list[int] = []

    async def read(number: int) -> None:
        await opened.get("a", "ann")
        done.append(number)

    async with asyncio.timeout(30):
        await asyncio.gather(*(read(number) for number in range(100)))

    assert done == list(range(100))
    await opened.close()


async def test_a_call_that_fails_does_not_fail_those_beside_it(
    opened: PostgresStore,
) -> None:
    # Longer than the index over ids can take.
    monster = record("".join(map(chr, range(256, 9000))))
    outcomes = await asyncio.gather(
        opened.add(record("a"), []),
        opened.add(monster, []),
        opened.add(record("b"), ["a"]),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        UnavailableError,
        type(None),
    ]
    assert await turns(opened, "b") == ["a", "b"]


async def test_deleting_neighbours_at_once_is_no_deadlock(url: str) -> None:
    stores = [await PostgresStore.open(Server(url)) for _ in range(3)]
    ids = [f"a{number:02}" for number in range(30)]
    await chain(stores[0], *ids)
    async with asyncio.timeout(30):
        found = await asyncio.gather(
            *(
                stores[number % 3].delete(one, "ann")
                for number, one in enumerate(ids[1:-1])
            ),
            *(
                stores[number % 3].add(record(f"b{number}"), ids[: number + 1])
                for number in range(30)
            ),
        )

    assert found[:28] == [True] * 28
    assert await turns(stores[1], ids[-1]) == [ids[0], ids[-1]]
    for number in range(29):
        assert await turns(stores[2], f"b{number}") == [ids[0], f"b{number}"]
    for one in stores:
        await one.close()


async def test_what_is_deleted_cannot_be_written_by_a_claim_at_the_same_time(
    url: str,
) -> None:
    stores = [await PostgresStore.open(Server(url)) for _ in range(3)]
    ids = [f"a{number:03}" for number in range(60)]
    for one in ids:
        place = Place("ann", 1000)
        await stores[0].add(record(one, status=QUEUED), [], place=place)

    async def claim(store: PostgresStore, process: str) -> list[str]:
        ended = []
        while claimed := await store.claim(Lease(process, 60), 5):
            for each in claimed:
                done = replace(each.record)
                done.interaction.status = Status.INTERACTION_STATUS_COMPLETED
                if await store.update(done, each.epoch):
                    ended.append(done.interaction.id)
        return ended

    async with asyncio.timeout(30):
        deleted, *ended = await asyncio.gather(
            asyncio.gather(*(stores[0].delete(one, "ann") for one in ids[::2])),
            claim(stores[1], "p"),
            claim(stores[2], "q"),
        )

    assert deleted == [True] * 30
    assert await page(stores[0]) == ids[1::2][::-1]
    assert set(ids[1::2]) <= {one for some in ended for one in some}
    assert await stores[0].queued() == 0
    for store in stores:
        await store.close()


async def test_closing_finishes_what_was_asked_for(url: str) -> None:
    store = await PostgresStore.open(Server(url))
    adding = [
        asyncio.ensure_future(store.add(record(f"a{number:03}"), []))
        for number in range(300)
    ]
    await asyncio.sleep(0)
    await asyncio.wait_for(store.close(), WAIT_SECONDS)
    assert await asyncio.gather(*adding) == [None] * 300
    await store.close()
    for call in everything(store):
        with pytest.raises(UnavailableError):
            await call()

    again = await PostgresStore.open(Server(url))
    assert len(await page(again, limit=400)) == 300
    await again.close()
