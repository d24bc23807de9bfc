"""The PostgreSQL store while its server, or the way to it, fails."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import asyncpg
import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.store_ports import InteractionStore, Lease, Place
from openinteractions.storage.postgres import server as server_module
from openinteractions.storage.postgres.schema import migrate
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.postgres import Postgres, clear, own
from tests.storage.file_acceptance import file, upload
from tests.storage.records import Status, bounded, chain, page, record, turns
from tests.wire import Way, Wire, wire

RUNNING = Status.INTERACTION_STATUS_IN_PROGRESS
QUEUED = Status.INTERACTION_STATUS_QUEUED
P = Lease("p", 3600)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of this module's own, to stop and to kill."""
    with own() as running:
        asyncio.run(migrate(Server(running.url())))
        yield running


@pytest.fixture
async def url(server: Postgres) -> str:
    await clear(server.url())
    return server.url()


@pytest.fixture
async def opened(url: str) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(Server(url))
    yield store
    await store.close()


@pytest.fixture
async def hasty(url: str) -> AsyncIterator[PostgresStore]:
    """A store that hardly waits for a server that is away."""
    store = await PostgresStore.open(Server(url, patience_seconds=0.05))
    yield store
    await store.close()


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


async def statement(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for one in statements:
        await connection.execute(one)
    await connection.close()


async def test_a_server_that_was_restarted_is_not_noticed(
    server: Postgres, opened: PostgresStore
) -> None:
    store = bounded(opened)
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
    server: Postgres, opened: PostgresStore
) -> None:
    store = bounded(opened)
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


def everything(store: InteractionStore) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: store.add(record("b"), []),
        lambda: store.add(record("b", status=QUEUED), [], place=Place("ann", 9)),
        lambda: store.update(record("a"), 1),
        lambda: store.renew(P),
        lambda: store.claim(P, 1),
        lambda: store.claim_one("a", "ann", P),
        lambda: store.release("p", {"a": 1}),
        lambda: store.holder("a", "ann"),
        store.queued,
        lambda: store.get("a", "ann"),
        lambda: store.conversation("a", "ann"),
        lambda: store.known(["a"]),
        lambda: store.delete("a", "ann"),
        lambda: store.aged(1, 1),
        lambda: store.list("ann", limit=1, before=None),
    ]


def stop(server: Postgres) -> None:
    server.stop()
    server.start()


def die(server: Postgres) -> None:
    server.stop(signal.SIGQUIT)
    server.start()


@pytest.mark.parametrize("end", [stop, die, Postgres.crash])
async def test_what_was_acknowledged_survives_a_server_that_dies(
    server: Postgres, opened: PostgresStore, end: Callable[[Postgres], None]
) -> None:
    store = bounded(opened)
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
        async with asyncio.timeout(30):
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

    async with asyncio.timeout(60):
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


async def test_a_server_that_does_not_answer_is_given_up(
    url: str, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "CONNECT_SECONDS", 0.2)
    opened = await PostgresStore.open(
        Server(over(url, line), patience_seconds=0.05, answer_seconds=0.2)
    )
    store = bounded(opened)
    await store.add(record("a"), [])
    line.stall()
    outcomes = await asyncio.gather(
        *(store.get("a", "ann") for _ in range(20)),
        store.add(record("b"), []),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {UnavailableError}
    line.flow()

    assert await store.get("a", "ann") == record("a")
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


async def test_calls_make_do_with_the_connections_that_they_get(url: str) -> None:
    await statement(
        url,
        "CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 2",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO few",
    )
    parts = urlsplit(url)
    theirs = parts._replace(netloc=f"few:few@127.0.0.1:{parts.port}").geturl()
    opened = await PostgresStore.open(Server(theirs, patience_seconds=0.2))
    store = bounded(opened)
    await store.add(record("a"), [])
    read = await asyncio.gather(*(store.get("a", "ann") for _ in range(50)))
    assert read == [record("a")] * 50
    await opened.close()

    opened = await PostgresStore.open(Server(theirs, patience_seconds=0.2))
    others = [await asyncpg.connect(theirs) for _ in range(2)]
    with pytest.raises(UnavailableError, match="too many connections"):
        await opened.get("a", "ann")
    for other in others:
        await other.close()
    assert await opened.get("a", "ann") == record("a")
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


async def test_a_store_that_may_not_be_written_can_be_read(
    url: str, opened: PostgresStore
) -> None:
    store = bounded(opened)
    await store.add(record("a"), [])
    await statement(url, "ALTER ROLE tester SET default_transaction_read_only = on")
    await opened._pool.run(terminate)
    with pytest.raises(UnavailableError, match="cannot be written"):
        await store.add(record("b"), [])
    assert await page(store) == ["a"]
    await statement(
        url,
        "SET default_transaction_read_only = off",
        "ALTER ROLE tester RESET default_transaction_read_only",
    )

    # The refusal was taken for a server that has become a standby.
    with pytest.raises(UnavailableError, match="cannot be written"):
        await store.add(record("b"), [])
    await store.add(record("b"), [])
    assert await page(store) == ["b", "a"]


async def terminate(connection: asyncpg.Connection, again: bool) -> None:
    if not again:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("53100", "full"),
        ("53200", "cannot be reached"),
        ("57014", "takes too long"),
        ("58030", "cannot be reached"),
        ("XX001", "cannot be reached"),
    ],
)
async def test_a_failure_of_the_server_changes_nothing_and_passes(
    url: str, opened: PostgresStore, code: str, says: str
) -> None:
    store = bounded(opened)
    await chain(store, "a", "b")
    await store.add(record("r", status=RUNNING), [], lease=P)
    await statement(url, *broken(code))
    outcomes = await asyncio.gather(
        store.add(record("c"), ["a", "b"]),
        store.update(record("r"), 1),
        store.delete("a", "ann"),
        store.add(record("d"), []),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [UnavailableError] * 4
    assert all(says in str(outcome) for outcome in outcomes)
    assert await page(store) == ["r", "b", "a"]
    assert await store.get("r", "ann") == record("r", status=RUNNING)
    await statement(url, *MENDED)

    await store.add(record("c"), ["a", "b"])
    assert await store.update(record("r"), 1) is True
    assert await turns(store, "c") == ["a", "b", "c"]


def broken(code: str, times: int = 1000) -> list[str]:
    """Make every statement that changes interactions fail, for some times."""
    return [
        f"CREATE SEQUENCE failures MAXVALUE {times + 1}",
        f"""
        CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('failures') <= {times} THEN
                RAISE EXCEPTION 'broken' USING ERRCODE = '{code}';
            END IF;
            PERFORM setval('failures', {times});
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER breaks BEFORE INSERT OR UPDATE OR DELETE ON interactions
        FOR EACH STATEMENT EXECUTE FUNCTION break()
        """,
    ]


MENDED = ["DROP FUNCTION break() CASCADE", "DROP SEQUENCE failures"]


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_what_clashes_with_others_is_tried_again(
    url: str, opened: PostgresStore, code: str
) -> None:
    store = bounded(opened)
    await store.add(record("a"), [])
    await statement(url, *broken(code, times=3))
    try:
        await store.add(record("b"), ["a"])
        assert await turns(store, "b") == ["a", "b"]
        await statement(url, "SELECT setval('failures', 1)")
        assert await store.delete("a", "ann") is True
    finally:
        await statement(url, *MENDED)

    assert await turns(store, "b") == ["b"]


async def test_a_lock_that_is_held_too_long_is_said(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        server_module,
        "SETTINGS",
        f"{server_module.SETTINGS}; SET lock_timeout = '20ms'",
    )
    opened = await PostgresStore.open(Server(url))
    store = bounded(opened)
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("LOCK TABLE interactions")
        for call in (store.get("a", "ann"), store.add(record("a"), [])):
            with pytest.raises(UnavailableError, match="locked"):
                await call
    await store.add(record("a"), [])

    assert await page(store) == ["a"]
    await other.close()
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
    await asyncio.wait_for(store.close(), 10)
    assert await asyncio.gather(*adding) == [None] * 300
    await store.close()
    for call in everything(store):
        with pytest.raises(UnavailableError):
            await call()

    again = await PostgresStore.open(Server(url))
    assert len(await page(again, limit=400)) == 300
    await again.close()
