"""The store in PostgreSQL: the suites, and what only a server can show."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from openinteractions.engine.file_ports import FileStore
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.storage.acceptance import Acceptance
from tests.storage.file_acceptance import FileAcceptance
from tests.storage.records import bounded


@pytest.fixture
async def opened(database: str) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(Server(database))
    yield store
    await store.close()


@pytest.fixture
def store(opened: PostgresStore) -> InteractionStore:
    return bounded(opened)


class TestPostgresStore(Acceptance):
    """The suite, with everything in one process."""


class TestPostgresFiles(FileAcceptance):
    @pytest.fixture
    def files(self, opened: PostgresStore) -> FileStore:
        return opened.files
