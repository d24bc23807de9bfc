"""New rows of a SQLite file that are written together: as if one after the other."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openinteractions.core.errors import InternalError, UnavailableError
from openinteractions.storage.sqlite import SqliteStore
from tests.clock import WAIT_SECONDS
from tests.storage.records import page, record

LARGE = 500_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "store.db")
    yield opened
    await opened.close()


async def statements(store: SqliteStore) -> list[str]:
    """Return what grows by every statement that the writer runs from now on."""
    seen: list[str] = []

    def trace(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(seen.append)

    await store._writer.write(trace)
    seen.clear()
    return seen


async def add(store: SqliteStore, *names: str) -> list[str]:
    """Add interactions at the same time; return the ids that were taken."""
    async with asyncio.timeout(WAIT_SECONDS):
        outcomes = await asyncio.gather(
            *(store.add(record(name), []) for name in names), return_exceptions=True
        )
    unexpected = (InternalError, type(None))
    assert all(isinstance(outcome, unexpected) for outcome in outcomes), outcomes
    return [name for name, outcome in zip(names, outcomes, strict=True) if outcome]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 15, 16, 17, 31, 33, 100])
async def test_all_are_there_whatever_their_number(
    store: SqliteStore, count: int
) -> None:
    names = [f"i{number:03}" for number in range(count)]
    assert await add(store, *names) == []

    assert await page(store) == names[::-1]
    for name in names:
        assert await store.get(name, "ann") == record(name)


async def test_few_statements_write_many(store: SqliteStore) -> None:
    seen = await statements(store)
    await add(store, *(f"i{number}" for number in range(40)))

    inserts = [line for line in seen if line.startswith("INSERT")]
    assert len(inserts) == 3  # 16, 16 and 8


async def test_an_id_is_given_out_once_and_the_others_are_stored(
    store: SqliteStore,
) -> None:
    assert await add(store, "a", "b") == []
    assert await add(store, "c", "a", "d", "d", "b", "e") == ["a", "d", "b"]
    assert await add(store, "a", "b") == ["a", "b"]

    assert sorted(await page(store)) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("lacking", ["room in a row", "room on the disk"])
async def test_what_is_too_large_fails_alone(store: SqliteStore, lacking: str) -> None:
    def limit(connection: sqlite3.Connection) -> None:
        if lacking == "room in a row":
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGE // 2)
        else:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + 20}").fetchone()

    rows = {name: record(name) for name in "abcdefghijklmnopqrs"}
    for name in "cs":
        output = rows[name].interaction.steps.add().model_output
        output.content.add().text.text = "x" * LARGE
    await store._writer.write(limit)
    async with asyncio.timeout(WAIT_SECONDS):
        outcomes = await asyncio.gather(
            *(store.add(row, []) for row in rows.values()), return_exceptions=True
        )

    failed = [name for name, error in zip(rows, outcomes, strict=True) if error]
    # The limit of a row is a connection's, and the one after a failure has another.
    assert failed == (["c", "s"] if lacking == "room on the disk" else ["c"])
    assert await page(store) == [name for name in reversed(rows) if name not in failed]
    assert all(isinstance(error, UnavailableError) for error in outcomes if error)


async def test_they_keep_their_places_between_other_writes(store: SqliteStore) -> None:
    seen: list[str] = []

    def look(connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT id FROM interactions ORDER BY key")
        seen.append("".join(name for (name,) in rows))

    async with asyncio.timeout(WAIT_SECONDS):
        await asyncio.gather(
            store.add(record("a"), []),
            store._writer.write(look),
            store.add(record("b"), []),
            store.add(record("c"), []),
            store._writer.write(look),
            store.add(record("d"), ["c"]),
            store.add(record("e"), []),
        )
        await store._writer.write(look)

    assert seen == ["a", "abc", "abcde"]
