"""The composition root: makes the parts, joins them, runs them, and ends them in order.

With `backends`, `keeping`, `running` and `faces`, the only module that names adapters.
Nothing here decides anything about interactions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import uvloop

from openinteractions import lifetime, running
from openinteractions.config import Address, Config, ConfigError
from openinteractions.faces import Faces
from openinteractions.rpc.loop import EventLoop
from openinteractions.storage.database import prepare
from openinteractions.storage.migrate import UnusableStoreError


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
    lifetime.log_to_stderr()
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
    stop = lifetime.stop_on_signal()
    async with _running(config) as line:
        print(line, flush=True)
        await stop.wait()


@asynccontextmanager
async def _running(config: Config) -> AsyncIterator[str]:
    """Run the server; give the line that says where. Parts end in reverse order."""
    state = _State()
    async with AsyncExitStack() as stack:
        engine = await running.start(config, stack, lambda: state.url)
        faces = Faces(config, engine, ready=lambda: state.ready)
        addresses = await faces.listen(stack)
        state.url = f"http://{addresses[0]}"
        engine.models.warm()
        lifetime.calm_collections()
        state.ready = True
        yield f"{_where(config, addresses)}; {config.models_source}"
        state.ready = False
        await faces.finish()


def _where(config: Config, addresses: tuple[Address, Address]) -> str:
    http, grpc = addresses
    return (
        f"openinteractions: HTTP on http://{http}, gRPC on {grpc}, "
        f"store {config.store.url}"
    )
