"""The store in a SQLite file: the suite, and what only a file can show."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from openinteractions.core.errors import InternalError, UnavailableError
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.storage import reader
from openinteractions.storage.database import prepare
from openinteractions.storage.sqlite import SqliteStore
from tests.clock import WAIT_SECONDS
from tests.storage.acceptance import Acceptance
from tests.storage.records import bounded, chain, page, record, turns

LOCK_TIMEOUT_SECONDS = 0.05


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "interactions.db"


@pytest.fixture
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, lock_timeout_seconds=LOCK_TIMEOUT_SECONDS)
    yield store
    await store.close()


@pytest.fixture
def store(opened: SqliteStore) -> InteractionStore:
    return bounded(opened)


class TestSqliteStore(Acceptance):
    """The suite on the file, read on the event loop wherever that is allowed."""


class TestSqliteStoreReadOnItsThread(Acceptance):
    """The suite on the file, with no read that the event loop may finish."""

    @pytest.fixture(autouse=True)
    def impatience(self, opened: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reader, "BUDGET_SECONDS", -1.0)
        hasty = opened._reader._hasty
        hasty.set_progress_handler(opened._reader._is_over, 1)


async def write(
    store: SqliteStore, statements: Callable[[sqlite3.Connection], object]
) -> None:
    await asyncio.wait_for(store._writer.write(statements), WAIT_SECONDS)


async def scrubbed(store: SqliteStore) -> None:
    """Return when the writer has found time to empty the log."""
    async with asyncio.timeout(WAIT_SECONDS):
        while store._writer._traces:
            await store._writer.write(lambda connection: None)


def texts(path: Path) -> bytes:
    """Everything in the database's files."""
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def test_a_file_keeps_what_was_stored(path: Path) -> None:
    first = await SqliteStore.open(path)
    await chain(first, "a", "b")
    await first.close()
    second = await SqliteStore.open(path)

    assert await turns(second, "b") == ["a", "b"]
    await second.close()


async def test_two_stores_on_one_file_see_each_other(path: Path) -> None:
    # Each waits for the other, however slow the disk is.
    one = await SqliteStore.open(path, lock_timeout_seconds=WAIT_SECONDS)
    other = await SqliteStore.open(path, lock_timeout_seconds=WAIT_SECONDS)
    await chain(one, "a", "b")
    await asyncio.gather(
        *(other.add(record(f"o{number}"), ["a", "b"]) for number in range(20)),
        *(one.add(record(f"p{number}"), ["a", "b"]) for number in range(20)),
    )
    assert await other.delete("b", "ann") is True

    assert await turns(one, "o7") == ["a", "o7"]
    assert await turns(other, "p7") == ["a", "p7"]
    await other.close()
    await one.close()


async def test_commits_are_flushed_to_the_disk(opened: SqliteStore) -> None:
    facts: dict[str, object] = {}

    def look(connection: sqlite3.Connection) -> None:
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete"):
            (facts[name],) = connection.execute(f"PRAGMA {name}").fetchone()

    await write(opened, look)

    assert facts == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "secure_delete": 1,
    }


async def test_a_list_loads_no_long_interaction(
    opened: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = record("a", says="x" * (2 * reader.HASTY_BYTES))
    await opened.add(large, [])
    # What is too long for the event loop would have to be read here.
    monkeypatch.setattr(opened._reader, "_read_patiently", None)

    assert await page(opened) == ["a"]


async def test_a_conversation_loads_no_long_tools(
    opened: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = record("a")
    for message in (long.request, long.interaction):
        message.tools.add().function.description = "x" * (2 * reader.HASTY_BYTES)
    await opened.add(long, [])
    monkeypatch.setattr(opened._reader, "_read_patiently", None)

    (turn,) = await opened.conversation("a", "ann")
    assert turn.interaction.steps == long.interaction.steps
    assert not turn.request.tools


async def test_the_files_are_for_their_user_alone(
    path: Path, opened: SqliteStore
) -> None:
    await opened.add(record("a"), [])

    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {
        f"{path.name}{companion}": 0o600 for companion in ("", "-wal", "-shm")
    }


def test_the_rights_of_a_file_that_exists_are_left_alone(path: Path) -> None:
    path.touch()
    path.chmod(0o640)
    prepare(path)

    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_to_a_file_that_does_not_exist_yet_is_followed(path: Path) -> None:
    target = path.with_name("target.db")
    path.symlink_to(target)
    prepare(path)

    assert target.stat().st_mode & 0o777 == 0o600


async def test_all_that_waits_is_one_transaction(opened: SqliteStore) -> None:
    begun: list[str] = []

    def trace(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(begun.append)

    await write(opened, trace)
    await asyncio.gather(*(opened.add(record(f"a{n}"), []) for n in range(50)))

    assert [line for line in begun if line.startswith("BEGIN")] == ["BEGIN IMMEDIATE"]


async def test_a_call_that_fails_does_not_fail_those_beside_it(
    opened: SqliteStore,
) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM interactions")
        connection.execute("INSERT INTO nowhere VALUES (1)")

    def stumble(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM interactions")
        raise ZeroDivisionError

    outcomes = await asyncio.gather(
        opened.add(record("a"), []),
        opened._writer.write(fail),
        opened.add(record("b"), ["a"]),
        opened._writer.write(stumble),
        opened.add(record("a"), []),
        opened.add(record("c"), ["a", "b"]),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        UnavailableError,
        type(None),
        ZeroDivisionError,
        InternalError,
        type(None),
    ]
    assert await turns(opened, "c") == ["a", "b", "c"]


async def test_a_call_that_was_cancelled_before_its_turn_changes_nothing(
    opened: SqliteStore,
) -> None:
    adding = asyncio.ensure_future(opened.add(record("a"), []))
    await asyncio.sleep(0)
    adding.cancel()
    await opened.add(record("b"), [])

    assert adding.cancelled()
    assert await page(opened) == ["b"]


async def test_the_event_loop_goes_on_while_a_write_takes_long(
    opened: SqliteStore,
) -> None:
    loop = asyncio.get_running_loop()
    turned = asyncio.Event()
    seen = asyncio.Event()

    def slow(connection: sqlite3.Connection) -> bool:
        loop.call_soon_threadsafe(turned.set)
        # Ends only when the loop has gone on.
        return asyncio.run_coroutine_threadsafe(seen.wait(), loop).result(WAIT_SECONDS)

    writing = asyncio.ensure_future(opened._writer.write(slow))
    await asyncio.wait_for(turned.wait(), WAIT_SECONDS)
    assert await opened.get("a", "ann") is None
    seen.set()

    assert await asyncio.wait_for(writing, WAIT_SECONDS) is True


async def test_closing_finishes_what_was_asked_for(path: Path) -> None:
    store = await SqliteStore.open(path)
    adding = [
        asyncio.ensure_future(store.add(record(f"a{number}"), []))
        for number in range(100)
    ]
    await asyncio.sleep(0)
    await asyncio.wait_for(store.close(), WAIT_SECONDS)
    assert await asyncio.gather(*adding) == [None] * 100

    again = await SqliteStore.open(path)
    assert len(await page(again, limit=200)) == 100
    await again.close()


async def test_a_closed_store_says_that_it_cannot_be_used(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.close()
    await store.close()

    with pytest.raises(UnavailableError):
        await store.add(record("a"), [])
    with pytest.raises(UnavailableError):
        await store.get("a", "ann")


async def test_closing_leaves_nothing_but_the_database(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.add(record("a"), [])
    await store.close()

    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("size", [20, 20_000], ids=["small", "over many pages"])
async def test_what_was_deleted_is_in_no_file_any_more(
    path: Path, opened: SqliteStore, size: int
) -> None:
    await chain(opened, "a", "b")
    await opened.add(record("secret", says="xyzzy" * size), ["a", "b"])
    assert b"xyzzy" in texts(path)

    await opened.delete("secret", "ann")
    await scrubbed(opened)
    assert b"xyzzy" not in texts(path)
    assert await turns(opened, "b") == ["a", "b"]


async def test_a_full_disk_fails_the_call_and_then_passes(
    opened: SqliteStore,
) -> None:
    await chain(opened, "a", "b", "c")

    def set_pages(limit: str) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {limit}")

    await write(opened, set_pages("1"))
    large = record("d", says="x" * 100_000)
    with pytest.raises(UnavailableError, match="full"):
        await opened.add(large, ["a", "b", "c"])
    outcomes = await asyncio.gather(
        opened.add(large, []),
        opened.delete("b", "ann"),
        opened.add(large, []),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [
        UnavailableError,
        bool,
        UnavailableError,
    ]
    assert await page(opened) == ["c", "a"]
    assert await turns(opened, "c") == ["a", "c"]

    await write(opened, set_pages("1000000"))
    await opened.add(large, ["a", "c"])
    assert await turns(opened, "d") == ["a", "c", "d"]


async def test_a_locked_file_fails_writes_and_serves_reads(
    path: Path, opened: SqliteStore
) -> None:
    await opened.add(record("a"), [])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        outcomes = await asyncio.gather(
            *(opened.add(record(new), ["a"]) for new in "bcd"),
            opened.delete("a", "ann"),
            return_exceptions=True,
        )
        assert [str(outcome) for outcome in outcomes] == ["The store is locked."] * 4
        assert await page(opened) == ["a"]
        other.execute("ROLLBACK")

    await opened.add(record("b"), ["a"])
    assert await turns(opened, "b") == ["a", "b"]


async def test_a_log_that_cannot_be_emptied_changes_nothing_for_writes(
    opened: SqliteStore,
) -> None:
    def refuse(connection: sqlite3.Connection) -> None:
        connection.set_authorizer(
            lambda _, name, *__: (
                sqlite3.SQLITE_DENY if name == "wal_checkpoint" else sqlite3.SQLITE_OK
            )
        )

    def patience(connection: sqlite3.Connection) -> int:
        (milliseconds,) = connection.execute("PRAGMA busy_timeout").fetchone()
        return int(milliseconds)

    await opened.add(record("a"), [])
    await write(opened, refuse)
    await opened.delete("a", "ann")

    async with asyncio.timeout(WAIT_SECONDS):
        # The log is emptied behind what was asked for before.
        await opened._writer.write(patience)
        waits = await opened._writer.write(patience)
    assert waits == round(LOCK_TIMEOUT_SECONDS * 1000)
    assert opened._writer._traces
    await write(opened, lambda connection: connection.set_authorizer(None))
    await scrubbed(opened)


async def test_a_log_that_is_being_read_is_emptied_later(
    path: Path, opened: SqliteStore
) -> None:
    await opened.add(record("a", says="xyzzy"), [])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM interactions").fetchone()
        await opened.delete("a", "ann")
        await opened.add(record("b"), [])
        assert b"xyzzy" in texts(path)
        other.execute("ROLLBACK")
    await scrubbed(opened)

    assert b"xyzzy" not in texts(path)
