"""A service for the gateway's tests, and a gateway in front of it on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from openinteractions.gateway.app import Gateway
from openinteractions.gateway.connection import Server
from openinteractions.gateway.upstream import StatusError
from openinteractions.v1 import interaction_service_pb2
from openinteractions.v1.event_pb2 import InteractionEvent
from openinteractions.v1.interaction_pb2 import Interaction
from tests.clock import WAIT_SECONDS

SERVICE = interaction_service_pb2.DESCRIPTOR.services_by_name["InteractionService"]

Batch = Sequence[Message] | Exception | asyncio.Event | Callable[[], None]


class Service:
    """Answers what it was told to, and remembers what it was asked.

    `answer` is the message of the next unary call, an exception that it raises, or an
    event that it waits for before `after`. `batches` are those of the next stream,
    with exceptions, waits and functions to call between them. With a `refusal` nobody
    is admitted.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, Message]] = []
        self.metadata: Mapping[str, str] = {}
        self.headers: dict[str, str] = {}
        self.answer: Message | Exception | asyncio.Event = Interaction()
        self.after: Message | Exception = Interaction()
        self.batches: Sequence[Batch] = []
        self.started = asyncio.Event()
        self.left = asyncio.Event()
        self.taken = 0
        self.refusal: Exception | None = None

    def admit(self, metadata: Mapping[str, str]) -> None:
        self.metadata = metadata
        if self.refusal is not None:
            raise self.refusal

    async def unary(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        self._begin(method, request, metadata, headers)
        try:
            answer = self.answer
            if isinstance(answer, asyncio.Event):
                await answer.wait()
                answer = self.after
            if isinstance(answer, Exception):
                raise answer
        finally:
            self.left.set()
        assert isinstance(answer, Message)
        return answer

    async def stream(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> AsyncIterator[Sequence[Message]]:
        self._begin(method, request, metadata, headers)
        try:
            for batch in self.batches:
                if isinstance(batch, Exception):
                    raise batch
                if isinstance(batch, asyncio.Event):
                    await batch.wait()
                elif callable(batch):
                    batch()
                else:
                    self.taken += 1
                    yield batch
        finally:
            self.left.set()

    async def feed(
        self,
        method: str,
        requests: AsyncIterator[Message],
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        async for request in requests:
            self._begin(method, request, metadata, headers)
        assert isinstance(self.answer, Message)
        return self.answer

    def _begin(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> None:
        self.calls.append((method, request))
        self.metadata = metadata
        headers.update(self.headers)
        self.started.set()


def failed(
    code: int, reason: str, message: str = "It failed.", **headers: str
) -> StatusError:
    """Return a failure as the service tells of it."""
    status = status_pb2.Status(code=code, message=message)
    info = error_details_pb2.ErrorInfo(
        reason=f"ERROR_REASON_{reason}", domain="openinteractions"
    )
    status.details.add().Pack(info)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return StatusError(status, named)


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[int]:
    """Run a server on a free port of this machine, and yield the port."""
    runner = web.ServerRunner(server, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class Face:
    """A client of a gateway, and the service behind it."""

    def __init__(
        self,
        service: Service,
        server: Server,
        http: aiohttp.ClientSession,
        port: int,
    ) -> None:
        self.service = service
        self.server = server
        self.http = http
        self.port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def ask(
        self, verb: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Send a request and return the status and the JSON body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(verb, path, json=body, headers=named) as response:
            return response.status, await response.json()

    async def read(self, verb: str, path: str, body: Any = None, **headers: str) -> str:
        """Send a request and return the text of a successful answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(verb, path, json=body, headers=named) as response:
            assert response.status == 200
            return await response.text()

    async def raw(
        self, data: bytes
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection and send bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        writer.write(data)
        return reader, writer

    def close(self) -> None:
        """Close the connections that `raw` has opened."""
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def face(
    make: Callable[..., Gateway] = Gateway, **settings: Any
) -> AsyncIterator[Face]:
    """Put a gateway in front of a new service."""
    service = Service()
    server = make(service, services=[SERVICE], **settings).server()
    async with serving(server) as port:
        timeout = aiohttp.ClientTimeout(WAIT_SECONDS)
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession(url, timeout=timeout) as http:
            made = Face(service, server, http, port)
            try:
                yield made
            finally:
                made.close()


def delta(text: str, event_id: str | None = None) -> InteractionEvent:
    """Return an event with some text of step 0."""
    event = InteractionEvent(event_id=event_id)
    event.step_delta.index = 0
    event.step_delta.delta.text.text = text
    return event
