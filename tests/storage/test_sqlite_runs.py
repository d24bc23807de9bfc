"""Claims in a SQLite file: among real processes, and by indexes."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from openinteractions.core.errors import QueueFullError
from openinteractions.engine.store_ports import Lease, Place
from openinteractions.storage import sqlite_runs
from openinteractions.storage.migrate import migrate
from openinteractions.storage.sqlite import SqliteStore
from tests.storage.claimer import LIVES
from tests.storage.claiming import claim_everything
from tests.storage.records import Status, record

RECURSION = {"SCAN holding", "SCAN CONSTANT ROW"}
"""What is scanned, and is no table."""

STATEMENTS = {
    name: text
    for name, text in vars(sqlite_runs).items()
    if isinstance(text, str) and name.isupper() and "runs" in text
}


async def test_processes_claim_everything_once_and_what_one_leaves_once_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "interactions.db"
    store = await SqliteStore.open(path)
    await claim_everything(store, path)
    await store.close()


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_no_statement_goes_through_all_that_runs(name: str) -> None:
    text = STATEMENTS[name]
    named = dict.fromkeys(("now", "limit", "id", "owner"), 1)
    parameters = named if ":now" in text else [1] * text.count("?")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters).fetchall()
    steps = {detail for _, _, _, detail in plan if detail.startswith("SCAN")}
    if name == "FORGET_PROCESSES":
        # There are as many as there were processes.
        steps -= {"SCAN processes"}
    assert steps <= RECURSION


async def test_a_claim_with_nothing_to_claim_writes_nothing(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "interactions.db")
    await store.renew(Lease("p", LIVES))
    log = tmp_path / "interactions.db-wal"
    before = log.read_bytes()
    assert await store.claim(Lease("p", LIVES), 100) == []
    assert log.read_bytes() == before
    await store.close()


async def test_a_full_queue_breaks_up_no_transaction(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "interactions.db")
    begun: list[str] = []
    await store._writer.write(lambda one: one.set_trace_callback(begun.append))
    queued = [
        record(f"q{number}", status=Status.INTERACTION_STATUS_QUEUED)
        for number in range(20)
    ]
    outcomes = await asyncio.gather(
        *(store.add(one, [], place=Place("ann", 3)) for one in queued),
        *(store.add(record(f"a{number}"), []) for number in range(20)),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes if one] == [QueueFullError] * 17
    assert [line for line in begun if line.startswith("BEGIN")] == ["BEGIN IMMEDIATE"]
    await store.close()


async def test_processes_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "interactions.db")
    running = record("a", status=Status.INTERACTION_STATUS_IN_PROGRESS)
    await store.add(running, [], lease=Lease("holds", LIVES))
    for name in ("holds", "gone"):
        await store.renew(Lease(name, 0))
    await store.renew(Lease("lives", LIVES))
    await store.claim(Lease("lives", LIVES), 9)
    with closing(sqlite3.connect(tmp_path / "interactions.db")) as connection:
        query = "SELECT process FROM processes ORDER BY process"
        names = [name for (name,) in connection.execute(query)]
    assert names == ["holds", "lives"]
    await store.close()


async def test_leases_go_by_the_clock_that_is_given(tmp_path: Path) -> None:
    now = 1000.0
    store = await SqliteStore.open(tmp_path / "interactions.db", now=lambda: now)
    running = record("a", status=Status.INTERACTION_STATUS_IN_PROGRESS)
    await store.add(running, [], lease=Lease("p", 10))
    now = 1009.0
    assert await store.claim(Lease("q", 10), 9) == []
    await store.renew(Lease("p", 10))
    now = 1018.0
    assert await store.claim(Lease("q", 10), 9) == []
    now = 1019.0
    (claimed,) = await store.claim(Lease("q", 10), 9)
    assert claimed.epoch == 2
    await store.close()
