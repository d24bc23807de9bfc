"""A whole server in memory, put together as the composition root does it.

A client's connection and the model server are wires, the clock stands still, the store
is the one in memory or SQLite in a given file.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import aiohappyeyeballs

from bench.opcodes.wire import Wire
from openinteractions.config import settings
from openinteractions.engine.attachments import Attachments
from openinteractions.engine.file_ports import Objects
from openinteractions.engine.interactions import Interactions
from openinteractions.engine.media import Media
from openinteractions.engine.plan import Planner
from openinteractions.engine.process import Process
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.engine.supervisor import Supervisor
from openinteractions.gateway.app import Gateway
from openinteractions.gateway.upstream import StatusError
from openinteractions.models.embedded.model import EmbeddedHost
from openinteractions.models.registry import Registry
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.interactions import SERVICE, handlers
from openinteractions.rpc.local import LocalUpstream
from openinteractions.storage.events.local import Hub
from openinteractions.storage.events.memory import MemoryLog
from openinteractions.storage.memory import MemoryStore
from openinteractions.storage.sqlite import SqliteStore
from openinteractions.tools.documents.reader import Documents
from openinteractions.tools.egress import Addresses, Door

NOW = 1_790_000_000.0
BASE_URL = "http://127.0.0.1:9/v1"


class _Clock:
    def now(self) -> float:
        return NOW


class World:
    """A running server with one client on one connection."""

    def __init__(
        self, gateway: Gateway, registry: Registry, store: MemoryStore | SqliteStore
    ) -> None:
        self._registry = registry
        self._store = store
        self._received = bytearray()
        self._answered: asyncio.Future[bytes] | None = None
        self._wire = Wire(self._receive)
        self._wire.connect(gateway.server()())

    @classmethod
    async def make(cls, file: Path | None) -> World:
        """Return a server with a SQLite store in `file`, or with one in memory."""
        aiohappyeyeballs.start_connection = _no_socket  # type: ignore[assignment]
        registry = Registry(
            {"backend": settings.Endpoint(dialect="chat", base_url=BASE_URL)},
            {"*": settings.Model(endpoint="backend")},
            api_key=lambda _: None,
            embedded=EmbeddedHost,
        )
        store = MemoryStore() if file is None else await SqliteStore.open(file)
        egress = Door(Addresses((), ()), enabled=False)
        media = Media(egress=egress, reader=Documents())
        # As it is served; no objects are needed, because nothing here has large media.
        kept = cast("InteractionStore", Attachments(store, cast("Objects", None)))
        planner = Planner(models=registry, store=kept, media=media, clock=_Clock())
        supervisor = Supervisor()
        process = Process(
            planner=planner,
            store=kept,
            supervisor=supervisor,
            signals=Hub().join(supervisor.lease.process),
            log=MemoryLog(),
            clock=_Clock(),
        )
        rpcs = handlers(
            Interactions(
                planner=planner, store=kept, supervisor=supervisor, process=process
            )
        )
        upstream = LocalUpstream([rpcs], Authentication(None), failure=StatusError)
        return cls(Gateway(upstream, services=[SERVICE]), registry, store)

    async def ask(self, body: bytes) -> bytes:
        """Send a request and return the response when all of it is there."""
        self._answered = asyncio.get_running_loop().create_future()
        head = (
            b"POST /v1/interactions HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
            b"Content-Type: application/json\r\nx-request-id: bench\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        self._wire.receive(head + body)
        return await self._answered

    async def close(self) -> None:
        """End the connection, the store and its thread."""
        self._wire.close()
        await self._registry.close()
        if isinstance(self._store, SqliteStore):
            await self._store.close()

    def _receive(self, data: bytes) -> None:
        received = self._received
        received += data
        if self._answered is None or not _is_whole(received):
            return
        self._answered.set_result(bytes(received))
        received.clear()


def _is_whole(response: bytearray) -> bool:
    if response.endswith(b"\r\n0\r\n\r\n"):
        return True  # the last of its chunks
    head = response.find(b"\r\n\r\n") + 4
    at = response.find(b"Content-Length: ", 0, head)
    if at < 0:
        return False
    length = int(response[at + 16 : response.find(b"\r", at)])
    return len(response) >= head + length


async def _no_socket(**_: object) -> None:
    """Stand in for opening a socket: the loop connects without one."""
