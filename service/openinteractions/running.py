"""Makes what runs interactions: the use cases, and what watches over the runs.

Part of the composition root (see `server`).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from openinteractions import backends, keeping
from openinteractions.config import Config
from openinteractions.engine.background import Limits
from openinteractions.engine.files import Files, Uploads
from openinteractions.engine.interactions import Interactions
from openinteractions.engine.media import Media
from openinteractions.engine.own_files import Inliner
from openinteractions.engine.plan import Planner
from openinteractions.engine.ports import ServerTools
from openinteractions.engine.process import Process
from openinteractions.engine.recall import Recall
from openinteractions.engine.relaying import Relaying
from openinteractions.engine.retention import Retention
from openinteractions.engine.signal_ports import EventLog, Signals
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.engine.supervisor import Supervisor
from openinteractions.gateway import room
from openinteractions.models.embedded.server import Computer
from openinteractions.models.gemini.relays import Servers
from openinteractions.models.registry import Registry
from openinteractions.storage.events.local import Hub
from openinteractions.storage.events.memory import MemoryLog
from openinteractions.storage.events.opening import open_events
from openinteractions.tools.documents.reader import Documents

DAY_SECONDS = 86400.0

LEASE_PART = 0.6
"""How much of the deadline the lease has; finding out and claiming have the rest."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        return time.time()


@dataclass(frozen=True, slots=True)
class Engine:
    """What the faces serve, and what ends it."""

    interactions: Interactions
    files: Files
    uploads: Uploads
    models: Registry
    process: Process
    passes_on: bool
    """Whether some interactions are made by servers that speak this API."""
    opened: asyncio.Future[None]
    """Done once the store can be used, or with an `UnusableStoreError` when it turned
    out that it cannot: a database may be started later than those that use it."""


async def start(
    config: Config,
    stack: AsyncExitStack,
    url: Callable[[], str],
    *,
    computer: Callable[[str], Computer] | None = None,
    tools: ServerTools | None = None,
) -> Engine:
    """Open the stores, begin to watch over runs; all ends with the stack.

    `url` gives the URL of the HTTP face; `computer` is as in `backends.models`; `tools`
    are those that run here.

    Raises:
        ConfigError: something that the configuration names cannot be used.
        UnusableStoreError: the store cannot be used.
    """
    clock = SystemClock()
    stores = await keeping.open_stores(config, stack, clock)
    models = backends.models(config, computer)
    stack.push_async_callback(models.close)
    files, uploads = keeping.files(config, stores, clock, url)
    interactions, process, passes_on = await _interactions(
        config, stack, stores, files, models, tools
    )
    ttl = config.store.ttl_days * DAY_SECONDS
    retention = Retention(store=stores.interactions, clock=clock, ttl_seconds=ttl)
    await keeping.begin(stack, stores.opened, process, retention)
    stack.push_async_exit(partial(_give_up, process))
    return Engine(
        interactions, files, uploads, models, process, passes_on, stores.opened
    )


async def _give_up(
    process: Process, kind: type[BaseException] | None, *_: object
) -> None:
    """Leave what a process has claimed already to others, if it cannot go on.

    Otherwise one that ends and is started again and again, for want of its port for
    example, would count as what loses it.
    """
    if kind is not None:
        await process.hand_over(0)


async def _interactions(  # noqa: PLR0917 - all that they are made of
    config: Config,
    stack: AsyncExitStack,
    stores: keeping.Stores,
    files: Files,
    models: Registry,
    tools: ServerTools | None,
) -> tuple[Interactions, Process, bool]:
    """Make the use cases, what runs them, and say whether some are passed on."""
    clock, supervisor, store = SystemClock(), _supervisor(config), stores.interactions
    relays = _relays(config, stack)
    recall = Recall(store=store, relays=relays)
    planner = _planner(config, stack, store, files, models, recall, tools)
    signals, log = await _between(config, supervisor.lease.process, stores, stack)
    relaying = Relaying(
        relays=relays,
        recall=recall,
        planner=planner,
        store=store,
        supervisor=supervisor,
        inliner=Inliner(files, limit=config.server.max_media_bytes),
        clock=clock,
    )
    process = Process(
        planner=planner,
        store=store,
        supervisor=supervisor,
        signals=signals,
        log=log,
        clock=clock,
        resume=relaying.resume,
        limits=Limits(config.background.concurrency, config.background.queue),
    )
    interactions = Interactions(
        planner=planner,
        store=store,
        supervisor=supervisor,
        process=process,
        relaying=relaying,
    )
    return interactions, process, relaying.passes_on


def _supervisor(config: Config) -> Supervisor:
    """Make what owns the runs; its process has a name that no other has or had."""
    seconds = config.background.deadline_seconds * LEASE_PART
    return Supervisor(secrets.token_hex(8), seconds, room.keep)


def _relays(config: Config, stack: AsyncExitStack) -> Servers:
    relays = backends.relays(config)
    stack.push_async_callback(relays.close)
    return relays


async def _between(
    config: Config, process: str, stores: keeping.Stores, stack: AsyncExitStack
) -> tuple[Signals, EventLog]:
    """Open what goes between processes."""
    if config.events.url is None and config.store.is_shared:
        return Hub().join(process), MemoryLog()
    return await open_events(config, process, stores.beside, stack)


def _planner(  # noqa: PLR0917 - everything that requests are made of
    config: Config,
    stack: AsyncExitStack,
    store: InteractionStore,
    files: Files,
    models: Registry,
    recall: Recall,
    tools: ServerTools | None,
) -> Planner:
    egress = backends.egress(config.egress)
    stack.push_async_callback(egress.close)
    limit = config.server.max_media_bytes
    return Planner(
        models=models,
        store=store,
        media=Media(egress=egress, reader=Documents(), files=files, max_bytes=limit),
        clock=SystemClock(),
        keeper=files,
        recall=recall,
        tools=tools,
    )
