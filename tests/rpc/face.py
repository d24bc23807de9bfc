"""The gRPC face over a real engine, on a port of its own, and a client of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from openinteractions.core.model_events import Finish, FinishReason, Text
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.interactions import handlers
from openinteractions.rpc.roomy import Room
from openinteractions.rpc.server import GrpcServer
from openinteractions.rpc.stalls import PATIENCE, Patience
from openinteractions.v1 import (
    interaction_service_pb2,
    interaction_service_pb2_grpc,
)
from tests.clock import WAIT_SECONDS
from tests.engine.puppet import Said
from tests.engine.rig import Rig, rig

SERVICE = "openinteractions.v1.InteractionService"
MAX_MESSAGE_BYTES = 20 * 1024 * 1024

ANSWER: tuple[Said, ...] = (
    [Text("Hel")],
    [Text("lo"), Finish(FinishReason.STOP)],
    None,
)


@dataclass
class Face:
    """A server and what belongs to it."""

    rig: Rig
    server: GrpcServer
    target: str
    channel: grpc.aio.Channel
    stub: Any

    def say(self, *said: Said) -> None:
        """Have the model say this next; by default that it says hello."""
        for batch in said or ANSWER:
            self.rig.puppet.say(batch)


@asynccontextmanager
async def serving(
    keys: Sequence[str] | None = None,
    *,
    room: Room | None = None,
    patience: Patience = PATIENCE,
) -> AsyncIterator[Face]:
    """Start a server whose only model is called `m`, and stop it."""
    parts = rig()
    server = GrpcServer(
        [handlers(parts.interactions)],
        Authentication(keys),
        max_message_bytes=MAX_MESSAGE_BYTES,
        room=room,
        patience=patience,
    )
    port = await server.start("127.0.0.1:0")
    target = f"127.0.0.1:{port}"
    options = [("grpc.max_receive_message_length", -1)]
    try:
        async with grpc.aio.insecure_channel(target, options=options) as channel:
            stub = interaction_service_pb2_grpc.InteractionServiceStub(channel)
            yield Face(parts, server, target, channel, stub)
    finally:
        await server.stop(0)
        await parts.supervisor.close(0)


def get(identifier: str) -> interaction_service_pb2.GetInteractionRequest:
    """Return the request for an interaction."""
    return interaction_service_pb2.GetInteractionRequest(id=identifier)


def delete(identifier: str) -> interaction_service_pb2.DeleteInteractionRequest:
    """Return the request that deletes an interaction."""
    return interaction_service_pb2.DeleteInteractionRequest(id=identifier)


async def events(call: Any, count: int = 1_000_000) -> list[Any]:
    """Up to `count` messages of a stream, all by default."""
    seen: list[Any] = []
    end: Any = grpc.aio.EOF  # type: ignore[attr-defined]
    async with asyncio.timeout(WAIT_SECONDS):
        while len(seen) < count and (event := await call.read()) is not end:
            seen.append(event)
    return seen


@dataclass
class Failure:
    """A failed call, taken apart."""

    code: grpc.StatusCode
    message: str
    trailers: dict[str, str | bytes]
    details: list[Message]

    @property
    def info(self) -> error_details_pb2.ErrorInfo:
        """The first detail, which every error has."""
        assert isinstance(self.details[0], error_details_pb2.ErrorInfo)
        return self.details[0]


KINDS = (
    error_details_pb2.ErrorInfo,
    error_details_pb2.BadRequest,
    error_details_pb2.RetryInfo,
)


def taken_apart(error: grpc.aio.AioRpcError) -> Failure:
    """The failure with its details."""
    metadata: Any = error.trailing_metadata()
    trailers = dict(metadata)
    serialized = trailers["grpc-status-details-bin"]
    assert isinstance(serialized, bytes)
    status = status_pb2.Status.FromString(serialized)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    return Failure(error.code(), status.message, trailers, details(status))


async def failure(call: Any) -> Failure:
    """How a call fails, with one answer or with many."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (events(call) if hasattr(call, "read") else call)
    return taken_apart(caught.value)


def details(status: status_pb2.Status) -> list[Message]:
    """The details of a status as messages."""
    found = []
    for packed in status.details:
        kind = next(kind for kind in KINDS if packed.Is(kind.DESCRIPTOR))
        message = kind()
        packed.Unpack(message)
        found.append(message)
    return found
