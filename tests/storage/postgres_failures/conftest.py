"""A PostgreSQL server to stop and to kill, and stores that it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from openinteractions.storage.postgres.schema import migrate
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.postgres import Postgres, clear, own


@pytest.fixture(scope="package")
def server() -> Iterator[Postgres]:
    """A server of these tests' own, to stop and to kill."""
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
