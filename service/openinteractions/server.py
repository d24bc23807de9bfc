"""The composition root: makes the parts, joins them, runs them, and ends them in order.

With `backends`, `keeping`, `running` and `faces`, the only module that names adapters.
Nothing here decides anything about interactions.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvloop

from openinteractions import lifetime, running
from openinteractions.config import Config, ConfigError
from openinteractions.engine.ports import ServerTools
from openinteractions.faces import Faces
from openinteractions.rpc.loop import EventLoop
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.opening import migrate_store
from openinteractions.workers.borrowing import BorrowedServer
from openinteractions.workers.member import Member, OrphanError


@dataclass(slots=True)
class _State:
    """What is known only while the server runs."""

    ready: bool = False
    """Whether calls are taken; `/readyz` wants the store as well."""
    url: str = ""
    """The URL of the HTTP face."""


def run(config: Config, *, tools: ServerTools | None = None) -> int:
    """Serve until SIGINT or SIGTERM and return the exit status.

    Raises:
        ConfigError: an address cannot be listened on, or the store cannot be used.
    """
    return _until_it_ends(_serve(config, tools))


def work(config: Config, *, tools: ServerTools | None = None) -> int:
    """Run what waits in the background until SIGINT or SIGTERM, without any face.

    Returns the exit status.

    Raises:
        ConfigError: something that the configuration names cannot be used.
    """
    return _until_it_ends(_work(config, tools))


def _until_it_ends(work: Coroutine[Any, Any, None]) -> int:
    lifetime.log_to_stderr()
    lifetime.raise_file_limit()
    try:
        uvloop.run(work, loop_factory=EventLoop)
    except UnusableStoreError as error:
        raise ConfigError(f"store.url: {error}") from None
    return 0


def migrate(config: Config) -> int:
    """Bring the store to this version, say what was done, return the exit status.

    Raises:
        ConfigError: the store cannot be used.
    """
    try:
        names = asyncio.run(migrate_store(config))
    except UnusableStoreError as error:
        raise ConfigError(f"store.url: {error}") from None
    done = f"applied {', '.join(names)}" if names else "nothing to do"
    print(f"openinteractions: {config.store.shown}: {done}")
    return 0


def join(line: int, door: int) -> int:
    """Be a worker of the parent at the other end of two sockets, until it says so.

    Returns the exit status. What is wrong is the parent's to say.
    """
    try:
        uvloop.run(_join(line, door), loop_factory=EventLoop)
    except OrphanError:
        return 1
    return 0


async def _serve(config: Config, tools: ServerTools | None) -> None:
    stop = lifetime.stop_on_signal()
    async with _running(config, tools=tools) as (line, opened):
        print(line, flush=True)
        await lifetime.until(stop, opened)


async def _work(config: Config, tools: ServerTools | None) -> None:
    stop = lifetime.stop_on_signal()
    async with AsyncExitStack() as stack:
        # Only servers have an address; what they serve may name it.
        url = f"http://{config.server.http}"
        engine = await running.start(config, stack, lambda: url, tools=tools)
        engine.models.warm()
        lifetime.calm_collections()
        print(lifetime.worker_line(config), flush=True)
        await lifetime.until(stop, engine.opened)
        await engine.process.hand_over(config.server.shutdown_grace_seconds)


async def _join(line: int, door: int) -> None:
    member = await Member.join(line, door)
    lifetime.log_to_stderr(f"worker-{member.number}")
    member.heed_signals()
    try:
        async with _running(member.config, member) as (_, opened):
            member.up()
            await lifetime.until(member.stop, opened)
    except ConfigError as error:
        member.fail(str(error))
    except UnusableStoreError as error:
        member.fail(f"store.url: {error}")
    finally:
        await member.close()


@asynccontextmanager
async def _running(
    config: Config,
    member: Member | None = None,
    *,
    tools: ServerTools | None = None,
) -> AsyncIterator[tuple[str, asyncio.Future[None]]]:
    """Run the server; give the line that says where, and `Engine.opened`.

    Parts end in reverse order. A `member` is one of several that are ready together.
    """
    state = _State()
    computer = None if member is None else partial(BorrowedServer, member=member)
    async with AsyncExitStack() as stack:
        engine = await running.start(
            config, stack, lambda: state.url, computer=computer, tools=tools
        )

        def ready() -> bool:
            everybody = member is None or member.ready
            return state.ready and everybody and engine.opened.done()

        faces = Faces(config, engine, ready=ready, member=member)
        addresses = await faces.listen(stack)
        state.url = f"http://{addresses[0]}"
        engine.models.warm()
        lifetime.calm_collections()
        state.ready = True
        yield lifetime.start_line(config, *addresses), engine.opened
        state.ready = False
        await faces.finish()
