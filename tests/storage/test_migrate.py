"""Opening a SQLite file: its schema, and files that cannot be used."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib import resources
from pathlib import Path
from threading import Barrier

import pytest

from openinteractions.engine.store_ports import Holder, Lease
from openinteractions.storage import migrate as module
from openinteractions.storage.database import prepare
from openinteractions.storage.migrate import (
    Migration,
    UnusableStoreError,
    migrate,
    migrations,
)
from openinteractions.storage.sqlite import SqliteStore
from tests.storage.records import record

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "interactions.db"


def connect(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def schema(connection: sqlite3.Connection) -> list[str]:
    return [
        text
        for (text,) in connection.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rootpage"
        )
    ]


def version(path: Path) -> int:
    with closing(connect(path)) as connection:
        (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.number for step in migrations()] == list(
        range(1, len(migrations()) + 1)
    )


def test_the_snapshot_is_what_the_migrations_make() -> None:
    folder = resources.files("openinteractions.storage") / "sql" / "sqlite"
    snapshot = (folder / "schema.sql").read_text("utf-8")
    with closing(connect(":memory:")) as migrated, closing(connect(":memory:")) as own:
        migrate(migrated)
        own.executescript(snapshot)
        made = schema(migrated)

        assert schema(own) == made
        assert all(f"{text};" in snapshot for text in made)


def test_a_new_file_gets_every_migration_and_an_old_one_what_it_lacks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [step.name for step in migrations()]
    assert prepare(path) == names
    assert prepare(path) == []

    number = len(names) + 1
    added = Migration(number, "later.sql", "CREATE TABLE later (x INTEGER) STRICT;\n")
    monkeypatch.setattr(module, "migrations", lambda: [*migrations(), added])
    assert prepare(path) == ["later.sql"]
    assert version(path) == number


def test_a_migration_that_fails_leaves_nothing_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(path)
    before = version(path)
    broken = Migration(
        before + 1,
        "broken.sql",
        "CREATE TABLE half (x INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);\n",
    )
    monkeypatch.setattr(module, "migrations", lambda: [*migrations(), broken])
    with pytest.raises(UnusableStoreError, match="nowhere"):
        prepare(path)

    assert version(path) == before
    with closing(connect(path)) as connection:
        assert not any("half" in text for text in schema(connection))


def test_a_script_without_an_end_is_refused() -> None:
    cut = Migration(1, "cut.sql", "CREATE TABLE a (x INTEGER);\nCREATE TABLE b (")
    with (
        closing(connect(":memory:")) as connection,
        pytest.raises(ValueError, match="b"),
    ):
        module._apply(connection, cut)


def test_processes_that_migrate_at_once_apply_each_migration_once(
    tmp_path: Path,
) -> None:
    start = Barrier(4)

    def prepare_with_others(path: Path) -> list[str]:
        start.wait()
        return prepare(path)

    with ThreadPoolExecutor(4) as pool:
        for number in range(20):
            path = tmp_path / f"{number}.db"
            applied = list(pool.map(prepare_with_others, [path] * 4))

            assert sorted(name for names in applied for name in names) == [
                step.name for step in migrations()
            ]


async def refused(path: Path) -> str:
    with pytest.raises(UnusableStoreError) as caught:
        await SqliteStore.open(path, lock_timeout_seconds=0.05)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return text


async def test_a_newer_schema_is_refused_and_left_as_it_is(path: Path) -> None:
    prepare(path)
    newer = version(path) + 1
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {newer}")

    assert f"schema is number {newer}, newer than number {newer - 1}" in (
        await refused(path)
    )
    assert version(path) == newer


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE interactions (id TEXT)",
        "PRAGMA user_version = 1",
        "PRAGMA application_id = 7",
    ],
)
async def test_the_database_of_another_application_is_refused(
    path: Path, statement: str
) -> None:
    with closing(connect(path)) as connection:
        connection.execute(statement)
        before = schema(connection)

    assert "of another application" in await refused(path)
    with closing(connect(path)) as connection:
        assert schema(connection) == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    letter = "To whom it may concern. " * 100
    path.write_text(letter)
    with pytest.raises(UnusableStoreError, match="not a database"):
        prepare(path)

    assert path.read_text() == letter


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    text = await refused(tmp_path / "no" / "such" / "interactions.db")

    assert f"the directory {tmp_path / 'no' / 'such'} does not exist" in text


async def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert "is a directory" in await refused(tmp_path)


async def test_a_locked_file_is_refused(path: Path) -> None:
    with closing(connect(path)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN EXCLUSIVE")

        assert "locked" in await refused(path)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A directory below which nothing is hidden from other users."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


OPEN_AS_NOBODY = f"""
import asyncio, os, sys
from pathlib import Path
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.sqlite import SqliteStore

if os.geteuid() == 0:
    os.setuid({NOBODY})
try:
    asyncio.run(SqliteStore.open(Path(sys.argv[1])))
except UnusableStoreError as error:
    print(error)
"""


@pytest.mark.parametrize("exists", [True, False], ids=["the file", "its directory"])
def test_what_may_not_be_written_is_refused(public_folder: Path, exists: bool) -> None:
    path = public_folder / "interactions.db"
    if exists:
        prepare(path)
        path.chmod(0o444)
    public_folder.chmod(0o555)
    # A user of no rights, because nothing is read-only to root.
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AS_NOBODY, path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    public_folder.chmod(0o755)

    assert done.stdout.startswith(f"the database {path} cannot be used: ")
    assert done.stdout.count("\n") == 1


async def test_a_relative_path_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = await SqliteStore.open(Path("interactions.db"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    await asyncio.wait_for(store.add(record("a"), []), 10)

    assert await store.get("a", "ann") == record("a")
    await store.close()


async def test_what_ran_before_there_were_claims_is_lost_to_its_process(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = migrations()
    with monkeypatch.context() as before:
        before.setattr(module, "migrations", lambda: steps[:5])
        prepare(path)
    states = [("ended", None), ("running", 1000.0), ("elsewhere", math.inf)]
    with closing(connect(path)) as connection:
        connection.executemany(
            """
            INSERT INTO interactions (
                id, owner, status, created, updated, deadline,
                head, request, interaction
            )
            VALUES (?, 'ann', 2, 0, 0, ?, x'', x'', x'')
            """,
            states,
        )
    store = await SqliteStore.open(path)

    assert await store.holder("ended", "ann") is None
    assert await store.holder("running", "ann") == Holder("", lost=True)
    assert await store.holder("elsewhere", "ann") == Holder(None, lost=False)
    (claimed,) = await store.claim(Lease("p", 60), 9)
    assert claimed.epoch == 1
    await store.close()
