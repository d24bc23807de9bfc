"""Makes what runs interactions: the use cases, and what watches over the runs.

Part of the composition root (see `server`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from openinteractions import backends, keeping
from openinteractions.config import Config
from openinteractions.engine.files import Files, Uploads
from openinteractions.engine.interactions import Interactions
from openinteractions.engine.leases import Leases
from openinteractions.engine.media import Media
from openinteractions.engine.own_files import Inliner
from openinteractions.engine.plan import Planner
from openinteractions.engine.recall import Recall
from openinteractions.engine.relaying import Relaying
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.engine.supervisor import Supervisor
from openinteractions.models.embedded.server import Computer
from openinteractions.models.registry import Registry
from openinteractions.tools.documents.reader import Documents


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
    supervisor: Supervisor
    passes_on: bool
    """Whether some interactions are made by servers that speak this API."""


async def start(
    config: Config,
    stack: AsyncExitStack,
    url: Callable[[], str],
    *,
    computer: Callable[[str], Computer] | None = None,
) -> Engine:
    """Open the stores, begin to watch over runs; all ends with the stack.

    `url` gives the URL of the HTTP face; `computer` is as in `backends.models`.

    Raises:
        ConfigError: something that the configuration names cannot be used.
        UnusableStoreError: the store cannot be used.
    """
    clock, supervisor = SystemClock(), Supervisor()
    stores = await keeping.open_stores(config, stack, clock)
    models = backends.models(config, computer)
    stack.push_async_callback(models.close)
    files, uploads = keeping.files(config, stores, clock, url)
    interactions, passes_on = _interactions(
        config,
        stack,
        store=stores.interactions,
        files=files,
        models=models,
        supervisor=supervisor,
    )
    await stack.enter_async_context(
        Leases(store=stores.interactions, supervisor=supervisor, clock=clock)
    )
    return Engine(interactions, files, uploads, models, supervisor, passes_on)


def _interactions(
    config: Config,
    stack: AsyncExitStack,
    *,
    store: InteractionStore,
    files: Files,
    models: Registry,
    supervisor: Supervisor,
) -> tuple[Interactions, bool]:
    """Make the use cases of interactions; say whether some are passed on."""
    clock = SystemClock()
    egress = backends.egress(config.egress)
    stack.push_async_callback(egress.close)
    relays = backends.relays(config)
    stack.push_async_callback(relays.close)
    recall = Recall(store=store, relays=relays)
    limit = config.server.max_media_bytes
    planner = Planner(
        models=models,
        store=store,
        media=Media(egress=egress, reader=Documents(), files=files, max_bytes=limit),
        clock=clock,
        keeper=files,
        recall=recall,
    )
    relaying = Relaying(
        relays=relays,
        recall=recall,
        planner=planner,
        store=store,
        supervisor=supervisor,
        inliner=Inliner(files, limit=limit),
        clock=clock,
    )
    interactions = Interactions(
        planner=planner, store=store, supervisor=supervisor, relaying=relaying
    )
    return interactions, relaying.passes_on
