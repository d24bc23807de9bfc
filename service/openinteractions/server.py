"""The composition root: makes the parts, joins them, runs them, and ends them in order.

With `backends` and `keeping`, the only module that names adapters. Nothing here
decides anything about interactions.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import uvloop
from aiohttp import web

from openinteractions import backends, keeping
from openinteractions.config import Address, Config, ConfigError
from openinteractions.engine.files import Files
from openinteractions.engine.interactions import Interactions
from openinteractions.engine.leases import Leases
from openinteractions.engine.media import Media
from openinteractions.engine.own_files import Inliner
from openinteractions.engine.plan import Planner
from openinteractions.engine.recall import Recall
from openinteractions.engine.relaying import Relaying
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.engine.supervisor import Supervisor
from openinteractions.gateway.app import Gateway
from openinteractions.gateway.hosts import Hosts
from openinteractions.gateway.origins import Origins
from openinteractions.gateway.revisions import Revision
from openinteractions.gateway.upstream import StatusError
from openinteractions.models.registry import Registry
from openinteractions.rpc import files as file_rpcs
from openinteractions.rpc import interactions as interaction_rpcs
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.local import LocalUpstream
from openinteractions.rpc.loop import EventLoop
from openinteractions.rpc.server import GrpcServer
from openinteractions.storage.database import prepare
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.tools.documents.reader import Documents

WRITE_SECONDS = 1.0
"""How long the last bytes of answers may take, after all work has ended."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_REVISIONS = {"steps": Revision.STEPS, "outputs": Revision.OUTPUTS}


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        return time.time()


@dataclass(slots=True)
class _State:
    """What is known only while the server runs."""

    ready: bool = False
    """What `/readyz` is asked for."""
    url: str = ""
    """The URL of the HTTP face."""


def run(config: Config) -> int:
    """Serve until SIGINT or SIGTERM and return the exit status.

    Raises:
        ConfigError: an address cannot be listened on, or the store cannot be used.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        uvloop.run(_serve(config), loop_factory=EventLoop)
    except UnusableStoreError as error:
        raise ConfigError(f"store.url: {error}") from None
    return 0


def migrate(config: Config) -> int:
    """Bring the store to this version, say what was done, return the exit status.

    Raises:
        ConfigError: the store cannot be used.
    """
    try:
        names = prepare(config.store.path)
    except UnusableStoreError as error:
        raise ConfigError(f"store.url: {error}") from None
    done = f"applied {', '.join(names)}" if names else "nothing to do"
    print(f"openinteractions: {config.store.url}: {done}")
    return 0


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask_to_stop() -> None:
        stop.set()
        # A second signal does not wait.
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, ask_to_stop)
    async with _running(config) as line:
        print(line, flush=True)
        await stop.wait()


@asynccontextmanager
async def _running(config: Config) -> AsyncIterator[str]:
    """Run the server; give the line that says where. Parts end in reverse order."""
    state, authentication = _State(), Authentication(config.accepted_keys)
    clock, supervisor = SystemClock(), Supervisor()
    async with AsyncExitStack() as stack:
        stores = await keeping.open_stores(config, stack, clock)
        models = backends.models(config)
        stack.push_async_callback(models.close)
        files, uploads = keeping.files(config, stores, clock, lambda: state.url)
        interactions, passing_on = _interactions(
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
        services = [
            interaction_rpcs.handlers(interactions),
            file_rpcs.handlers(files, uploads),
        ]
        limit = config.server.max_body_bytes
        grpc = GrpcServer(
            services, authentication, max_message_bytes=limit, passing_on=passing_on
        )
        upstream = LocalUpstream(services, authentication, failure=StatusError)
        gateway = _gateway(config, upstream, state, passing_on=passing_on)
        http = web.ServerRunner(gateway.server(), shutdown_timeout=WRITE_SECONDS)
        await http.setup()
        stack.push_async_callback(http.cleanup)
        addresses = await _listen(config, stack, http, grpc)
        state.url = f"http://{addresses[0]}"
        models.warm()
        _calm_collections()
        state.ready = True
        yield f"{_where(config, addresses)}; {config.models_source}"
        state.ready = False
        await _finish(http, grpc, supervisor, config.server.shutdown_grace_seconds)


def _gateway(
    config: Config, upstream: LocalUpstream, state: _State, *, passing_on: bool
) -> Gateway:
    """Make the HTTP face."""
    server = config.server
    return Gateway(
        upstream,
        services=[interaction_rpcs.SERVICE, file_rpcs.SERVICE],
        default_revision=_REVISIONS[server.default_revision],
        max_body_bytes=server.max_body_bytes,
        public_url=server.public_url,
        ready=lambda: state.ready,
        hosts=Hosts(server.public_url) if config.auth is None else None,
        origins=Origins(server.public_url, server.trusted_proxies),
        passing_on=passing_on,
    )


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


async def _finish(
    http: web.ServerRunner, grpc: GrpcServer, supervisor: Supervisor, grace: float
) -> None:
    """Take no more calls and let those that run end, all within one grace."""
    await asyncio.gather(
        *(site.stop() for site in list(http.sites)),
        grpc.stop(grace + WRITE_SECONDS),
        supervisor.close(grace),
    )


def _calm_collections() -> None:
    """Collect garbage less often than Python would.

    Hardly anything here is cyclic, and every collection stops the event loop: with
    Python's own settings they take a twelfth of the time.
    """
    gc.collect()
    # What start-up made lives to the end: no collection need look at it again.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _listen(
    config: Config, stack: AsyncExitStack, http: web.ServerRunner, grpc: GrpcServer
) -> tuple[Address, Address]:
    """Open both faces and return where they listen."""
    wanted = config.server.http_address
    site = web.TCPSite(http, wanted.host, wanted.port)
    try:
        await site.start()
    except OSError as error:
        raise ConfigError(f"server.http: cannot listen on {wanted}: {error}") from None
    try:
        port = await grpc.start(str(config.server.grpc_address))
    except OSError as error:
        raise ConfigError(f"server.grpc: {error}") from None
    stack.push_async_callback(grpc.stop, 0)
    bound = http.addresses[0][1]
    return Address(wanted.host, bound), Address(config.server.grpc_address.host, port)


def _where(config: Config, addresses: tuple[Address, Address]) -> str:
    http, grpc = addresses
    return (
        f"openinteractions: HTTP on http://{http}, gRPC on {grpc}, "
        f"store {config.store.url}"
    )
