"""The log in a SQLite file: the suite over several processes, and what a file shows."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.signal_ports import EventLog, Signals
from openinteractions.engine.store_ports import Lease
from openinteractions.storage.events.local import Hub
from openinteractions.storage.events.sockets import SocketSignals
from openinteractions.storage.events.sqlite import SqliteLog
from openinteractions.storage.sqlite import SqliteStore
from tests.clock import WAIT_SECONDS
from tests.storage.events.log_acceptance import (
    Follower,
    LogAcceptance,
    Logs,
    append,
    batch,
    first,
)
from tests.storage.records import Status, record


class Machine(Logs):
    """Three processes, each with its own connections to one file."""

    def __init__(self, path: Path, stack: AsyncExitStack) -> None:
        self.path = path
        self.stack = stack
        self.stores: list[SqliteStore] = []

    async def open(self) -> None:
        self.writer = await self.join("writer")
        self.other = await self.join("other")
        self.reader = await self.join("reader")

    async def join(self, process: str) -> EventLog:
        signals = await SocketSignals.open(self.path.with_suffix(".signals"), process)
        self.stack.push_async_callback(signals.close)
        return (await self.store()).log(signals)

    async def store(self, lock_timeout_seconds: float = WAIT_SECONDS) -> SqliteStore:
        store = await SqliteStore.open(
            self.path, lock_timeout_seconds=lock_timeout_seconds
        )
        self.stack.push_async_callback(store.close)
        self.stores.append(store)
        return store

    async def begin(self, *ids: str) -> None:
        for name in ids:
            await self.stores[0].add(record(name), [])

    def count(self) -> int:
        with closing(sqlite3.connect(self.path)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
        return int(count)


@pytest.fixture
async def logs(tmp_path: Path) -> AsyncIterator[Machine]:
    async with AsyncExitStack() as stack:
        machine = Machine(tmp_path / "interactions.db", stack)
        await machine.open()
        yield machine


class TestSqliteLog(LogAcceptance):
    """The suite, and what only a file can show."""

    async def test_a_log_goes_with_its_interaction(self, logs: Machine) -> None:
        await logs.begin("a", "b")
        await append(logs.writer, "a", first(), batch(1, 2))
        await append(logs.writer, "b", first())
        assert logs.count() == 3
        await logs.stores[1].delete("a", "ann")
        assert logs.count() == 1
        await append(logs.writer, "a", batch(1, 3), batch(1, 4, whole=True))

        assert logs.count() == 1

    async def test_what_was_deleted_is_not_in_the_file_any_more(
        self, logs: Machine
    ) -> None:
        await logs.begin("a", "b")
        await append(logs.writer, "a", first(), batch(1, 2, says="hush-hush "))
        await append(logs.writer, "b", first(), batch(1, 2, says="hush-hush "))
        await logs.writer.trim("b")
        await logs.stores[0].delete("a", "ann")
        for store in logs.stores:
            await store.close()

        for file in logs.path.parent.glob("interactions.db*"):
            assert file.is_dir() or b"hush-hush" not in file.read_bytes()

    async def test_a_claim_in_the_row_is_enough_to_keep_older_ones_out(
        self, logs: Machine
    ) -> None:
        running = record("a", status=Status.INTERACTION_STATUS_IN_PROGRESS)
        await logs.stores[0].add(running, [], lease=Lease("writer", 0))
        await append(logs.writer, "a", first())
        (claimed,) = await logs.stores[1].claim(Lease("other", 3600), 1)
        assert claimed.epoch == 2
        await append(logs.writer, "a", batch(1, 2), batch(1, 3, whole=True))
        assert logs.count() == 1
        await append(logs.other, "a", first(epoch=2))
        async with Follower(logs.reader, "a") as follower:
            assert await follower.until(first(epoch=2)) == [first(epoch=2)]

    async def test_without_a_signal_a_follower_looks_by_itself(
        self, logs: Machine
    ) -> None:
        await logs.begin("a")
        store = await logs.store()
        deaf: Signals = Hub().join("deaf")
        log = SqliteLog(store._writer, store._reader, deaf, poll_seconds=0.01)
        async with Follower(log, "a") as follower:
            await append(logs.writer, "a", first())
            await follower.until(first())
            await append(logs.writer, "a", batch(1, 2))

            assert await follower.until(batch(1, 2)) == [first(), batch(1, 2)]

    async def test_a_locked_file_refuses_and_is_written_again_later(
        self, logs: Machine
    ) -> None:
        await logs.begin("a")
        async with Follower(logs.reader, "a") as follower:
            await append(logs.writer, "a", first())
            await follower.until(first())
            writer = (await logs.store(0.02)).log(Hub().join("impatient"))
            with closing(sqlite3.connect(logs.path, isolation_level=None)) as lock:
                lock.execute("BEGIN IMMEDIATE")
                with pytest.raises(UnavailableError):
                    await writer.append("a", batch(1, 2))
                lock.execute("ROLLBACK")
            await append(writer, "a", batch(1, 2))

            assert await follower.until(batch(1, 2)) == [first(), batch(1, 2)]

    async def test_appends_of_one_moment_are_committed_together(
        self, logs: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = [f"v1_{number}" for number in range(100)]
        await logs.begin(*names)
        writer = logs.stores[0]._writer
        batches: list[int] = []
        commit = writer._transaction

        def counted(jobs: list[object]) -> list[object]:
            batches.append(len(jobs))
            return commit(jobs)  # type: ignore[arg-type]

        monkeypatch.setattr(writer, "_transaction", counted)
        await asyncio.gather(*(logs.writer.append(name, first()) for name in names))

        assert sum(batches) == 100
        assert len(batches) <= 2

    async def test_followers_of_one_process_share_what_they_read(
        self, logs: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await logs.begin("a")
        reader = logs.stores[2]._reader
        reads: list[object] = []
        read = reader.read

        async def counted(query: str, parameters: Sequence[Any]) -> list[Any]:
            rows = await read(query, parameters)
            reads.extend(rows)
            return rows

        monkeypatch.setattr(reader, "read", counted)
        batches = [first(), *(batch(1, number) for number in range(2, 31))]
        async with AsyncExitStack() as stack:
            followers = [
                await stack.enter_async_context(Follower(logs.reader, "a"))
                for _ in range(20)
            ]
            for one in batches:
                await append(logs.writer, "a", one)
                for follower in followers:
                    await follower.until(one)
            assert all(follower.batches == batches for follower in followers)

        # Some may look before and some after a batch has come.
        assert len(reads) < 3 * len(batches)
        assert isinstance(logs.reader, SqliteLog)
        assert not logs.reader._pages
