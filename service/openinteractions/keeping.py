"""Makes what keeps interactions, files and the bytes of both, and sweeps them.

Part of the composition root (see `server`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import cast

from openinteractions.config import Config, ConfigError
from openinteractions.engine.attachments import Attachments, Orphans
from openinteractions.engine.file_ports import FileStore, Objects
from openinteractions.engine.files import Addresses, Expiry, Files, Limits, Uploads
from openinteractions.engine.ports import Clock
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.storage.events.opening import HasLog
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.objects.opening import open_objects
from openinteractions.storage.opening import open_store
from openinteractions.storage.sqlite import SqliteStore

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Stores:
    """What is open."""

    interactions: InteractionStore
    files: FileStore
    objects: Objects
    beside: HasLog | None
    """What has the log of live events, where nothing else has."""
    opened: asyncio.Future[None]
    """As `Store.opened` says."""


async def open_stores(config: Config, stack: AsyncExitStack, clock: Clock) -> Stores:
    """Open everything and begin to sweep, until the stack is closed.

    Raises:
        ConfigError: the objects cannot be used.
        UnusableStoreError: the store cannot be used.
    """
    store = await open_store(config)
    stack.push_async_callback(store.close)
    try:
        objects = await open_objects(config)
    except UnusableStoreError as error:
        raise ConfigError(f"objects.url: {error}") from None
    stack.push_async_callback(objects.close)
    # What it does not do itself it leaves to the store.
    interactions = cast(
        "InteractionStore",
        Attachments(store, objects, max_bytes=config.server.max_media_bytes),
    )
    await begin(
        stack,
        store.opened,
        Orphans(store=store, objects=objects, clock=clock),
        Expiry(store=store.files, objects=objects, clock=clock),
    )
    beside = store if isinstance(store, SqliteStore) else None
    return Stores(interactions, store.files, objects, beside, store.opened)


async def begin(
    stack: AsyncExitStack,
    opened: asyncio.Future[None],
    *parts: AbstractAsyncContextManager[object],
) -> None:
    """Begin what watches over the store once it can be used; it ends with the stack."""
    begun = await stack.enter_async_context(AsyncExitStack())

    async def enter() -> None:
        for part in parts:
            await begun.enter_async_context(part)

    async def enter_later() -> None:
        await asyncio.wait({opened})
        if not opened.cancelled() and opened.exception() is None:
            await enter()

    async def leave(entering: asyncio.Task[None]) -> None:
        entering.cancel()
        await asyncio.wait({entering})

    if opened.done():
        await enter()
    else:
        stack.push_async_callback(leave, asyncio.create_task(enter_later()))


def files(
    config: Config, stores: Stores, clock: Clock, url: Callable[[], str]
) -> tuple[Files, Uploads]:
    """Make the use cases of files; `url` gives the URL of the HTTP face."""
    addresses = Addresses(config.server.public_url, url)
    limits = Limits(
        ttl_seconds=config.files.ttl_hours * HOUR_SECONDS,
        upload_ttl_seconds=config.files.upload_ttl_hours * HOUR_SECONDS,
        max_bytes=config.files.max_bytes,
    )
    parts = (stores.files, stores.objects, clock, addresses, limits)
    return Files(*parts), Uploads(*parts)
