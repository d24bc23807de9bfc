"""The service behind a gRPC channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2

from openinteractions.gateway.channel import ChannelUpstream
from openinteractions.gateway.upstream import StatusError
from openinteractions.rpc.stalls import PATIENCE, SLOWEST_BYTES
from openinteractions.v1 import interaction_service_pb2_grpc
from openinteractions.v1.event_pb2 import InteractionEvent
from openinteractions.v1.interaction_pb2 import Interaction
from openinteractions.v1.interaction_service_pb2 import (
    CreateInteractionRequest,
    GetInteractionRequest,
    StreamInteractionRequest,
)
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import SERVICE

DETAILS = "grpc-status-details-bin"
EVENTS = 1000
FEW = 100
SIZES, SIZE = 12, 1024 * 1024


class Servicer(interaction_service_pb2_grpc.InteractionServiceServicer):
    """Answers by what the identifier says."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {}
        self.begun = asyncio.Event()
        self.left = asyncio.Event()

    async def GetInteraction(self, request: Any, context: Any) -> Interaction:
        self.metadata = dict(context.invocation_metadata())
        await context.send_initial_metadata((("x-request-id", "r"), ("b-bin", b"\x00")))
        await self._end(request.id, context)
        context.set_trailing_metadata((("x-behind", "b"),))
        return Interaction(id=request.id)

    async def StreamInteraction(
        self, request: Any, context: Any
    ) -> AsyncIterator[InteractionEvent]:
        await context.send_initial_metadata((("x-request-id", "r"),))
        large = "x" * SIZE if request.id == "large" else ""
        for number in range({"large": SIZES, "few": FEW}.get(request.id, EVENTS)):
            yield InteractionEvent(event_id=large or str(number))
        await self._end(request.id, context)

    async def _end(self, kind: str, context: Any) -> None:
        status = status_pb2.Status(code=code_pb2.RESOURCE_EXHAUSTED, message="whole")
        if kind == "waits":
            self.begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.left.set()
        if kind == "plain":
            await context.abort(grpc.StatusCode.NOT_FOUND, "plain")
        if kind in {"detailed", "damaged"}:
            details = status.SerializeToString() if kind == "detailed" else b"\xff"
            context.set_trailing_metadata(((DETAILS, details), ("retry-after", "3")))
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "short")


@asynccontextmanager
async def dialled(**settings: Any) -> AsyncIterator[tuple[Servicer, ChannelUpstream]]:
    server = grpc.aio.server()
    servicer = Servicer()
    interaction_service_pb2_grpc.add_InteractionServiceServicer_to_server(
        servicer, server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    upstream = ChannelUpstream(f"127.0.0.1:{port}", [SERVICE], **settings)
    try:
        yield servicer, upstream
    finally:
        await upstream.close()
        await server.stop(None)


async def get(upstream: ChannelUpstream, kind: str) -> tuple[Message, dict[str, str]]:
    headers: dict[str, str] = {}
    metadata = {"x-goog-api-key": "k", "authorization": "B\xe4rer"}
    async with asyncio.timeout(WAIT_SECONDS):
        request = GetInteractionRequest(id=kind)
        return await upstream.unary(
            "GetInteraction", request, metadata, headers
        ), headers


async def test_a_call_arrives_with_its_metadata_and_returns_with_headers() -> None:
    async with dialled() as (servicer, upstream):
        answer, headers = await get(upstream, "a")

        assert answer == Interaction(id="a")
        assert headers == {"x-request-id": "r", "x-behind": "b"}
        assert servicer.metadata["x-goog-api-key"] == "k"
        assert "authorization" not in servicer.metadata


async def test_everyone_may_call_the_service_behind_a_channel() -> None:
    async with dialled() as (_, upstream):
        upstream.admit({})


FAILURES = [
    ("plain", code_pb2.NOT_FOUND, "plain", {}),
    ("detailed", code_pb2.RESOURCE_EXHAUSTED, "whole", {"retry-after": "3"}),
    ("damaged", code_pb2.RESOURCE_EXHAUSTED, "short", {"retry-after": "3"}),
]


@pytest.mark.parametrize(("kind", "code", "message", "headers"), FAILURES)
async def test_a_failure_is_a_status(
    kind: str, code: int, message: str, headers: dict[str, str]
) -> None:
    async with dialled() as (_, upstream):
        with pytest.raises(StatusError) as caught:
            await get(upstream, kind)

    assert caught.value.status == status_pb2.Status(code=code, message=message)
    assert headers.items() <= caught.value.headers.items()


async def test_nobody_there_is_a_status() -> None:
    upstream = ChannelUpstream("127.0.0.1:1", [SERVICE])
    with pytest.raises(StatusError) as caught:
        await get(upstream, "a")
    await upstream.close()

    assert caught.value.status.code == code_pb2.UNAVAILABLE


async def test_a_caller_who_leaves_cancels_the_call() -> None:
    async with dialled() as (servicer, upstream), asyncio.timeout(WAIT_SECONDS):
        calling = asyncio.create_task(get(upstream, "waits"))
        await servicer.begun.wait()
        calling.cancel()
        await servicer.left.wait()


async def test_a_message_over_the_limit_is_a_failure() -> None:
    async with dialled(largest_message=100) as (_, upstream):
        request = CreateInteractionRequest(model="m" * 200)
        with pytest.raises(StatusError) as caught:
            await upstream.unary("CreateInteraction", request, {}, {})

    assert caught.value.status.code == code_pb2.RESOURCE_EXHAUSTED


async def test_a_stream_comes_in_batches_and_in_order() -> None:
    headers: dict[str, str] = {}
    seen: list[str] = []
    batches = 0
    async with dialled() as (_, upstream), asyncio.timeout(WAIT_SECONDS):
        request = StreamInteractionRequest(id="a")
        stream = upstream.stream("StreamInteraction", request, {}, headers)
        async for batch in stream:
            assert headers == {"x-request-id": "r"}
            batches += 1
            seen += [event.event_id for event in batch]  # type: ignore[attr-defined]

    assert seen == [str(number) for number in range(EVENTS)]
    assert batches <= EVENTS


async def read(upstream: ChannelUpstream, kind: str, seen: list[Message]) -> None:
    request = StreamInteractionRequest(id=kind)
    async for batch in upstream.stream("StreamInteraction", request, {}, {}):
        seen += batch


async def test_a_stream_that_fails_does_so_after_its_events() -> None:
    seen: list[Message] = []
    async with dialled() as (_, upstream), asyncio.timeout(WAIT_SECONDS):
        with pytest.raises(StatusError) as caught:
            await read(upstream, "detailed", seen)

    assert len(seen) == EVENTS
    assert caught.value.status.message == "whole"


async def test_closing_a_stream_cancels_the_call() -> None:
    async with dialled() as (servicer, upstream), asyncio.timeout(WAIT_SECONDS):
        request = StreamInteractionRequest(id="waits")
        stream: Any = upstream.stream("StreamInteraction", request, {}, {})
        seen = 0
        async for batch in stream:
            seen += len(batch)
            if seen == EVENTS:
                break
        await servicer.begun.wait()
        await stream.aclose()
        await servicer.left.wait()


async def read_slowly(
    upstream: ChannelUpstream, kind: str = "few", count: int = FEW
) -> list[Sequence[Message]]:
    request = StreamInteractionRequest(id=kind)
    batches = []
    async for batch in upstream.stream("StreamInteraction", request, {}, {}):
        batches.append(batch)
        for _ in range(500):  # turns of the loop in which more could be read
            await asyncio.sleep(0)
    assert sum(map(len, batches)) == count
    return batches


async def test_a_client_that_the_service_would_wait_for_is_waited_for() -> None:
    async with dialled() as (_, upstream), asyncio.timeout(WAIT_SECONDS):
        for batch in await read_slowly(upstream, "large", SIZES):
            taking = sum(message.ByteSize() for message in batch) / SLOWEST_BYTES
            assert taking < PATIENCE.events


async def test_few_messages_are_read_ahead_of_a_slow_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("openinteractions.gateway.channel._AHEAD", 8)
    async with dialled() as (_, upstream), asyncio.timeout(WAIT_SECONDS):
        assert max(map(len, await read_slowly(upstream))) == 8


async def test_few_bytes_are_read_ahead_of_a_slow_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("openinteractions.gateway.channel._AHEAD_BYTES", 24)
    async with dialled() as (_, upstream), asyncio.timeout(WAIT_SECONDS):
        for *before, _last in await read_slowly(upstream):
            assert sum(message.ByteSize() for message in before) < 24
