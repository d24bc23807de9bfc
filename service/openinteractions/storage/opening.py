"""Opens the store that the configuration names.

What PostgreSQL needs is imported only where it is used: it costs memory and start-up
time, and is an extra of the package.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

from openinteractions.config import Config
from openinteractions.engine.file_ports import FileStore
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.storage.database import prepare
from openinteractions.storage.migrate import AbsentStoreError, UnusableStoreError
from openinteractions.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from openinteractions.storage.postgres.server import Server


class Store(InteractionStore, Protocol):
    """A store of interactions, with files beside them and an end."""

    opened: asyncio.Future[None]
    """Done when it can be used, or with an `UnusableStoreError` when it turns out that
    it cannot. Until then every call is unavailable."""

    @property
    def files(self) -> FileStore:
        """The files."""

    async def close(self) -> None:
        """Finish what was begun, let go of the rest."""


async def open_store(config: Config) -> Store:
    """Open the store; a SQLite file is made and brought to this version.

    A PostgreSQL server that is not there yet is waited for (`Store.opened`).

    Raises:
        UnusableStoreError: it cannot be used; the text says why.
    """
    if not config.store.is_shared:
        return await SqliteStore.open(config.store.path)
    server = _server(config)
    from openinteractions.storage.postgres.store import PostgresStore  # noqa: PLC0415

    return await PostgresStore.open(server)


async def prepare_store(config: Config) -> None:
    """See that several processes can open the store, and make it where it is a file.

    A server that is not there yet is theirs to wait for.

    Raises:
        UnusableStoreError: they cannot; the text says why.
    """
    if not config.store.is_shared:
        await asyncio.to_thread(prepare, config.store.path)
        return
    server = _server(config)
    from openinteractions.storage.postgres.schema import check  # noqa: PLC0415

    with contextlib.suppress(AbsentStoreError):
        await check(server)


async def migrate_store(config: Config) -> list[str]:
    """Bring the store to this version; return the names of the migrations applied.

    Raises:
        UnusableStoreError: that is not possible; the text says why.
    """
    if not config.store.is_shared:
        return await asyncio.to_thread(prepare, config.store.path)
    server = _server(config)
    from openinteractions.storage.postgres.schema import migrate  # noqa: PLC0415

    return await migrate(server)


def _server(config: Config) -> Server:
    try:
        from openinteractions.storage.postgres.server import (  # noqa: PLC0415
            CONNECTIONS,
            Server,
        )
    except ModuleNotFoundError as error:
        raise UnusableStoreError(
            f"PostgreSQL needs the package {error.name}, which is not installed; "
            'pip install "openinteractions[postgres]"'
        ) from None
    store = config.store
    return Server(
        store.url,
        password=config.environment.get(store.password_env or ""),
        connections=store.connections or CONNECTIONS,
    )
