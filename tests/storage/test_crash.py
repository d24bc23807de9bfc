"""What is acknowledged survives the sudden death of the process."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from openinteractions.storage.sqlite import SqliteStore
from tests.storage.records import Status

COMPLETED = Status.INTERACTION_STATUS_COMPLETED


@pytest.fixture
def traffic(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.traffic", tmp_path / "interactions.db"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait(timeout=30)
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.parametrize("lines", [100, 3000])
async def test_a_killed_process_loses_nothing_that_it_acknowledged(
    traffic: subprocess.Popen[str], tmp_path: Path, lines: int
) -> None:
    assert traffic.stdout is not None
    said = [traffic.stdout.readline() for _ in range(lines)]
    traffic.kill()
    said += traffic.stdout.readlines()
    subjects: dict[str, set[str]] = {
        "added": set(),
        "ended": set(),
        "deleting": set(),
        "deleted": set(),
    }
    for line in said:
        word, subject = line.split()
        subjects[word].add(subject)

    with closing(sqlite3.connect(tmp_path / "interactions.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    store = await SqliteStore.open(tmp_path / "interactions.db")
    for subject in subjects["added"] - subjects["deleting"]:
        found = await store.get(subject, "ann")
        assert found is not None, subject
        if subject in subjects["ended"]:
            assert found.interaction.status == COMPLETED
    for subject in subjects["deleted"]:
        assert await store.get(subject, "ann") is None
    await store.close()
