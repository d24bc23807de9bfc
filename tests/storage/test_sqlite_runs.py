"""Claims in a SQLite file: among real processes, and by indexes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from openinteractions.core.errors import QueueFullError
from openinteractions.engine.store_ports import Lease, Place
from openinteractions.storage import sqlite_runs
from openinteractions.storage.migrate import migrate
from openinteractions.storage.sqlite import SqliteStore
from tests.storage.claimer import LIVES
from tests.storage.records import Status, record

WAIT_SECONDS = 60
ROWS = 400

RECURSION = {"SCAN holding", "SCAN CONSTANT ROW"}
"""What is scanned, and is no table."""

STATEMENTS = {
    name: text
    for name, text in vars(sqlite_runs).items()
    if isinstance(text, str) and name.isupper() and "runs" in text
}


@contextmanager
def claimer(path: Path | str, name: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that claims; it is gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.claimer", path, name],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=WAIT_SECONDS)


def finished(process: subprocess.Popen[str]) -> list[str]:
    said, _ = process.communicate(timeout=WAIT_SECONDS)
    return said.splitlines()


async def test_processes_claim_everything_once_and_what_one_leaves_once_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "interactions.db"
    store = await SqliteStore.open(path)
    new = [f"a{number:03}" for number in range(ROWS)]
    queued = (record(one, status=Status.INTERACTION_STATUS_QUEUED) for one in new)
    place = Place("ann", ROWS)
    await asyncio.gather(*(store.add(one, [], place=place) for one in queued))

    with (
        claimer(path, "killed") as killed,
        claimer(path, "p") as first,
        claimer(path, "q") as second,
    ):
        assert killed.stdout is not None
        said = [killed.stdout.readline().strip() for _ in range(8)]
        killed.kill()
        said += killed.stdout.read().splitlines()
        killed.wait(WAIT_SECONDS)
        said += finished(first)
        said += finished(second)
    # It has just now been believed for the last time.
    left = (await store.renew(Lease("killed", 0))).held
    with claimer(path, "r") as last:
        said += finished(last)

    claimed = Counter(line.split()[1] for line in said if line.startswith("claimed"))
    ended = Counter(line.split()[1] for line in said if line.startswith("ended"))
    assert set(ended.values()) <= {1}
    assert {one for one, times in claimed.items() if times > 1} <= left.keys()
    assert max(claimed.values()) <= 2
    for one in new:
        kept = await store.get(one, "ann")
        assert kept is not None
        assert kept.interaction.status == Status.INTERACTION_STATUS_COMPLETED
    assert await store.claim(Lease("s", LIVES), ROWS) == []
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
