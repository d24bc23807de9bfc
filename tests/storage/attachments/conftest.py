"""Every test of attachments runs over all stores of rows and of objects."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openinteractions.engine.file_ports import Objects
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.storage.memory import MemoryStore
from openinteractions.storage.objects.directory import DirectoryObjects
from openinteractions.storage.objects.s3 import S3Objects
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from openinteractions.storage.sqlite import SqliteStore
from tests import postgres
from tests.bucket import S3
from tests.storage.attachments.parts import Parts

_numbers = itertools.count()


@pytest.fixture
def kinds(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Which stores: of rows, and of objects. Starts the servers that they need."""
    kinds: tuple[str, str] = request.param
    for kind, server in (("postgres", "migrated"), ("bucket", "s3")):
        if kind in kinds:
            request.getfixturevalue(server)
    return kinds


@pytest.fixture
async def rows(
    kinds: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[InteractionStore]:
    if kinds[0] == "memory":
        yield MemoryStore()
        return
    store: SqliteStore | PostgresStore
    if kinds[0] == "sqlite":
        store = await SqliteStore.open(tmp_path / "rows.db")
    else:
        url: str = request.getfixturevalue("migrated")
        await postgres.clear(url)
        store = await PostgresStore.open(Server(url))
    yield store
    await store.close()


@pytest.fixture
async def objects(
    kinds: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Objects]:
    opened: DirectoryObjects | S3Objects
    if kinds[1] == "directory":
        opened = await DirectoryObjects.open(tmp_path / "objects")
    else:
        server: S3 = request.getfixturevalue("s3")
        opened = await S3Objects.open(server.place(f"media{next(_numbers)}/"))
    yield opened
    await opened.close()


@pytest.fixture
def parts(rows: InteractionStore, objects: Objects) -> Parts:
    return Parts(rows, objects)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test over all stores; each of them once with either."""
    both = [("memory", "directory"), ("sqlite", "directory")]
    if metafunc.cls is None:
        both = [
            ("memory", "directory"),
            ("sqlite", "bucket"),
            ("postgres", "directory"),
        ]
    metafunc.parametrize("kinds", both, indirect=True, ids="-".join)
