"""A SQLite file that another has for itself, or that is damaged."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from openinteractions.core.errors import InternalError, UnavailableError
from openinteractions.storage import reader
from openinteractions.storage.sqlite import SqliteStore
from openinteractions.storage.writer import Job
from tests.storage.records import chain, record

LOCK_TIMEOUT_SECONDS = 0.05


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "interactions.db"


def damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'interactions'"
        pages = connection.execute(query).fetchall()
    content = bytearray(path.read_bytes())
    for (number,) in pages:
        content[(number - 1) * 4096 : number * 4096] = b"\xff" * 4096
    path.write_bytes(content)


def lock_out(path: Path) -> sqlite3.Connection:
    """Take the file for one connection alone, which only the first reader can."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    return other


async def test_a_file_that_another_has_for_itself_fails_calls_until_it_is_back(
    path: Path,
) -> None:
    store = await SqliteStore.open(path, lock_timeout_seconds=LOCK_TIMEOUT_SECONDS)
    with closing(lock_out(path)):
        with pytest.raises(UnavailableError, match="locked"):
            await store.get("a", "ann")
        with pytest.raises(UnavailableError, match="locked"):
            await store.add(record("a"), [])

    assert await store.get("a", "ann") is None
    await store.add(record("a"), [])
    await store.close()


async def test_a_lock_is_waited_for_once_by_calls_that_are_tried_apart(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await SqliteStore.open(path, lock_timeout_seconds=LOCK_TIMEOUT_SECONDS)
    writer, tries = opened._writer, list[int]()
    judge, transaction = writer._judge, writer._transaction
    await opened.add(record("first"), [])

    def fail(_: sqlite3.Connection) -> None:
        raise InternalError("Of this call alone.")

    def count(batch: Sequence[Job]) -> list[object]:
        tries.append(len(batch))
        return transaction(batch)

    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with closing(connection) as other:

        def lock(error: Exception) -> None:
            if not other.in_transaction:
                other.execute("BEGIN IMMEDIATE")
            judge(error)

        monkeypatch.setattr(writer, "_judge", lock)
        monkeypatch.setattr(writer, "_transaction", count)
        async with asyncio.timeout(10):
            outcomes = await asyncio.gather(
                writer.write(fail),
                *(opened.add(record(name), []) for name in "abc"),
                return_exceptions=True,
            )
    assert [type(error) for error in outcomes] == [InternalError] + 3 * [
        UnavailableError
    ]
    assert tries == [4, 1, 1]
    await opened.add(record("a"), [])
    await opened.close()


async def test_a_read_waits_for_a_lock_while_the_event_loop_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await SqliteStore.open(path, lock_timeout_seconds=10)
    other = lock_out(path)
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()
    patient = store._reader._read_patiently

    def observed(query: str, parameters: Sequence[object]) -> list[reader.Row]:
        loop.call_soon_threadsafe(begun.set)
        return patient(query, parameters)

    monkeypatch.setattr(store._reader, "_read_patiently", observed)
    reading = asyncio.ensure_future(store.get("a", "ann"))
    await asyncio.wait_for(begun.wait(), 10)
    other.close()

    assert await asyncio.wait_for(reading, 20) is None
    await store.close()


async def test_a_damaged_file_fails_calls_with_the_domains_error(
    path: Path,
) -> None:
    store = await SqliteStore.open(path)
    await chain(store, "a", "b")
    await store.close()
    damage(path)
    store = await SqliteStore.open(path)

    for _ in range(2):
        with pytest.raises(UnavailableError):
            await store.get("a", "ann")
        with pytest.raises(UnavailableError):
            await store.add(record("c"), [])
    await store.close()
