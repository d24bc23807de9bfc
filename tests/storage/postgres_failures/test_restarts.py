"""The PostgreSQL store while its server stops, dies and comes back."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Callable

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.clock import WAIT_SECONDS
from tests.postgres import Postgres
from tests.storage.postgres_failures.calls import RUNNING, P, everything
from tests.storage.records import bounded, chain, page, record, turns


@pytest.fixture
async def patient(url: str) -> AsyncIterator[PostgresStore]:
    """A store that waits for as long as a server takes to start."""
    store = await PostgresStore.open(Server(url, patience_seconds=WAIT_SECONDS))
    yield store
    await store.close()


@pytest.fixture
async def hasty(url: str) -> AsyncIterator[PostgresStore]:
    """A store that hardly waits for a server that is away."""
    store = await PostgresStore.open(Server(url, patience_seconds=0.05))
    yield store
    await store.close()


async def test_a_server_that_was_restarted_is_not_noticed(
    server: Postgres, patient: PostgresStore
) -> None:
    store = bounded(patient)
    await chain(store, "a", "b")
    await asyncio.gather(*(store.get("a", "ann") for _ in range(10)))
    server.stop()
    server.start()
    await asyncio.gather(
        *(store.get("a", "ann") for _ in range(10)),
        store.add(record("c"), ["a", "b"]),
        store.delete("a", "ann"),
    )

    assert await turns(store, "c") == ["b", "c"]


async def test_calls_wait_for_a_server_that_restarts(
    server: Postgres, patient: PostgresStore
) -> None:
    store = bounded(patient)
    server.stop()
    adding = [asyncio.create_task(store.add(record(f"a{n}"), [])) for n in range(20)]
    reading = [asyncio.create_task(store.get("a0", "ann")) for n in range(20)]
    await asyncio.to_thread(server.start)
    await asyncio.gather(*adding, *reading)

    assert len(await page(store)) == 20


async def test_without_a_server_calls_fail_until_it_is_back(
    server: Postgres, hasty: PostgresStore
) -> None:
    store = bounded(hasty)
    await store.add(record("a"), [])
    server.stop()
    for call in everything(store):
        with pytest.raises(UnavailableError, match="cannot be reached") as caught:
            await call()
        assert caught.value.retry_after is not None
    server.start()

    assert await store.get("a", "ann") == record("a")
    assert await page(store) == ["a"]


def stop(server: Postgres) -> None:
    server.stop()
    server.start()


def die(server: Postgres) -> None:
    server.stop(signal.SIGQUIT)
    server.start()


@pytest.mark.parametrize("end", [stop, die, Postgres.crash])
async def test_what_was_acknowledged_survives_a_server_that_dies(
    server: Postgres, patient: PostgresStore, end: Callable[[Postgres], None]
) -> None:
    store = bounded(patient)
    acknowledged: list[str] = []
    refused: list[str] = []
    numbers = itertools.count()
    stopping = asyncio.Event()

    async def live() -> None:
        while not stopping.is_set():
            new = f"a{next(numbers):06}"
            try:
                await store.add(record(new, status=RUNNING), [], lease=P)
                if await store.update(record(new), 1):
                    acknowledged.append(new)
            except UnavailableError:
                refused.append(new)

    async def reach(count: int) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while len(acknowledged) < count:
                await store.queued()

    living = [asyncio.create_task(live()) for _ in range(8)]
    for round_ in range(1, 4):
        await reach(100 * round_)
        await asyncio.to_thread(end, server)
    await reach(len(acknowledged) + 100)
    stopping.set()
    await asyncio.gather(*living)

    assert len(set(acknowledged)) == len(acknowledged)
    kept = [await store.get(new, "ann") for new in acknowledged]
    assert kept == [record(new) for new in acknowledged]
    # A refused one is there whole, or not at all.
    for new in refused:
        found = await store.get(new, "ann")
        assert found in (None, record(new), record(new, status=RUNNING))
    assert not refused
