"""What several suites of stores share."""

import asyncio
from collections.abc import Iterator

import pytest

from openinteractions.storage.postgres.schema import migrate
from openinteractions.storage.postgres.server import Server
from tests import postgres as servers
from tests.bucket import S3, seaweed


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A server with a bucket, for the tests of one process."""
    with seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """The URL of a database with the schema, for the tests of one process."""
    url = asyncio.run(servers.create(postgres))
    asyncio.run(migrate(Server(url)))
    return url


@pytest.fixture
async def database(migrated: str) -> str:
    """The URL of a database with the schema, and with nothing in it."""
    await servers.clear(migrated)
    return migrated
