"""The PostgreSQL store while the way to its server is cut, at every byte in turn."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.store_ports import Place
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.clock import WAIT_SECONDS, pass_by
from tests.postgres import Postgres
from tests.storage.file_acceptance import file, upload
from tests.storage.postgres_failures.calls import QUEUED, RUNNING, P
from tests.storage.records import bounded, chain, record, turns
from tests.wire import Way, Wire, wire


@pytest.fixture
async def line(server: Postgres) -> AsyncIterator[Wire]:
    async with wire(server.port) as made:
        yield made


@pytest.fixture
async def far(url: str, line: Wire) -> AsyncIterator[PostgresStore]:
    """A store that reaches its server over the wire, by one connection."""
    store = await PostgresStore.open(Server(over(url, line), connections=1))
    yield store
    await store.close()


def over(url: str, line: Wire) -> str:
    return url.replace(f":{urlsplit(url).port}/", f":{line.port}/")


async def until_whole(
    line: Wire, way: Way, attempt: Callable[[int], Awaitable[None]], step: int
) -> int:
    """Repeat with the wire cut later and later, until it is not cut any more."""
    for number in itertools.count():
        before = line.cuts
        line.cut_after(number * step, way)
        await attempt(number)
        line.mend()
        if line.cuts == before:
            return number
    raise AssertionError


WAYS = [pytest.param(Way.THERE, 97, id="there"), pytest.param(Way.BACK, 7, id="back")]


@pytest.mark.parametrize(("way", "step"), WAYS)
async def test_adding_survives_a_cut_anywhere(
    far: PostgresStore, line: Wire, way: Way, step: int
) -> None:
    store = bounded(far)
    await store.add(record("root"), [])

    async def attempt(number: int) -> None:
        new = f"a{number:05}"
        await store.add(record(new, continues="root"), ["root"])
        assert await turns(store, new) == ["root", new]

    assert await until_whole(line, way, attempt, step) > 3


@pytest.mark.parametrize(("way", "step"), WAYS)
async def test_enqueueing_survives_a_cut_anywhere(
    far: PostgresStore, line: Wire, way: Way, step: int
) -> None:
    store = bounded(far)

    async def attempt(number: int) -> None:
        new = record(f"a{number:05}", status=QUEUED)
        await store.add(new, [], place=Place("ann", number + 1))
        assert await store.queued() == number + 1

    assert await until_whole(line, way, attempt, step) > 3


@pytest.mark.parametrize(("way", "step"), WAYS)
async def test_ending_survives_a_cut_anywhere(
    far: PostgresStore, line: Wire, way: Way, step: int
) -> None:
    store = bounded(far)
    for number in range(200):
        await store.add(record(f"a{number:05}", status=RUNNING), [], lease=P)

    async def attempt(number: int) -> None:
        assert await store.update(record(f"a{number:05}"), 1) is True
        assert await store.get(f"a{number:05}", "ann") == record(f"a{number:05}")
        assert await store.update(record(f"a{number:05}", says="other"), 1) is False

    assert await until_whole(line, way, attempt, step) > 3


@pytest.mark.parametrize(("way", "step"), WAYS)
async def test_deleting_survives_a_cut_anywhere(
    far: PostgresStore, line: Wire, way: Way, step: int
) -> None:
    store = bounded(far)
    await chain(store, *(f"a{number:05}" for number in range(200)))

    async def attempt(number: int) -> None:
        assert await store.delete(f"a{number:05}", "ann") is True
        assert await store.get(f"a{number:05}", "ann") is None
        assert len(await turns(store, "a00199")) == 199 - number

    assert await until_whole(line, way, attempt, step) > 3


@pytest.mark.parametrize(("way", "step"), WAYS)
async def test_no_claim_is_lost_by_a_cut_anywhere(
    far: PostgresStore, line: Wire, way: Way, step: int
) -> None:
    store = bounded(far)

    async def attempt(number: int) -> None:
        new = {f"a{number:05}x", f"a{number:05}y"}
        for one in new:
            await store.add(record(one, status=QUEUED), [], place=Place("ann", 9))
        line.cut_after(3 * number * step, way)
        claimed = await store.claim(P, 1)
        line.mend()
        held = (await store.renew(P)).held
        # What was claimed by a call that heard no answer is seen by the next renewal.
        assert {one.record.interaction.id for one in claimed} <= set(held) <= new
        assert await store.queued() == len(new) - len(held)
        for one in new:
            assert await store.delete(one, "ann") is True

    assert await until_whole(line, way, attempt, 3 * step) > 3


@pytest.mark.parametrize(("way", "step"), WAYS)
async def test_files_survive_a_cut_anywhere(
    far: PostgresStore, line: Wire, way: Way, step: int
) -> None:
    files = far.files

    async def attempt(number: int) -> None:
        key = f"k{number:05}"
        await files.begin(upload(key))
        claimed = await files.claim(key)
        assert claimed is not None
        assert await files.advance(key, claimed.epoch, claimed.partial) is True
        assert await files.finish(key, claimed.epoch, file(f"f{key}")) is True
        assert await files.get(f"f{key}", "ann") == file(f"f{key}")
        assert await files.delete(f"f{key}", "ann") is True
        await files.add(file(f"g{key}"))

    async with asyncio.timeout(WAIT_SECONDS):
        assert await until_whole(line, way, attempt, 3 * step) > 3


async def test_a_connection_that_is_always_cut_is_given_up(
    url: str, line: Wire
) -> None:
    opened = await PostgresStore.open(Server(over(url, line), patience_seconds=0.05))
    store = bounded(opened)
    await store.add(record("a"), [])

    async def cut() -> None:
        while True:
            line.cut()
            await asyncio.sleep(0)

    cutting = asyncio.create_task(cut())
    with pytest.raises(UnavailableError):
        await store.get("a", "ann")
    cutting.cancel()
    await asyncio.wait({cutting})

    assert await store.get("a", "ann") == record("a")
    await opened.close()


async def test_a_server_that_does_not_answer_is_given_up(url: str, line: Wire) -> None:
    opened = await PostgresStore.open(Server(over(url, line)))
    await opened.add(record("a"), [])
    line.stall()
    calls = [asyncio.create_task(opened.get("a", "ann")) for _ in range(20)]
    calls.append(asyncio.create_task(opened.add(record("b"), [])))
    # More than all that they wait for, one after the other.
    for _ in range(1000):
        if not all(call.done() for call in calls):
            await asyncio.wait(calls, timeout=0.001)
            pass_by(1)
    assert {type(call.exception()) for call in calls} == {UnavailableError}
    line.flow()

    assert await bounded(opened).get("a", "ann") == record("a")
    await opened.close()


async def test_a_caller_that_leaves_costs_nobody_a_connection(
    far: PostgresStore, line: Wire
) -> None:
    store = bounded(far)
    await store.add(record("a"), [])
    line.stall()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await store.get("a", "ann")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await store.delete("a", "ann")
    line.flow()

    assert await store.get("a", "ann") == record("a")
