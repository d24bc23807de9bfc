"""Large requests over gRPC wait for room, and small ones do not."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from openinteractions.gateway.room import Room, Share
from openinteractions.v1.interaction_service_pb2 import CreateInteractionRequest
from tests.clock import WAIT_SECONDS
from tests.rpc.face import Face, events, serving

MIB = 1024 * 1024
BUSY = "The server is busy with other large requests; try again later."


def request(size: int) -> CreateInteractionRequest:
    made = CreateInteractionRequest(model="m", store=False)
    made.input.text = "x" * size
    return made


async def ask(face: Face, size: int, *, stream: bool) -> None:
    face.say()
    if stream:
        await events(face.stub.StreamCreateInteraction(request(size)))
    else:
        await face.stub.CreateInteraction(request(size), timeout=WAIT_SECONDS)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_large_request_waits_for_room_but_not_for_ever(*, stream: bool) -> None:
    room = Room(4 * MIB, wait_seconds=0.01)
    async with asyncio.timeout(WAIT_SECONDS), serving(room=room) as face:
        other = Share(room)
        await other.grow(3 * MIB)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await ask(face, 2 * MIB, stream=stream)
        assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
        assert failed.value.details() == BUSY
        trailers: Any = failed.value.trailing_metadata()
        assert dict(trailers)["retry-after"] == "5"
        assert room.used == 3 * MIB
        other.close()
        await ask(face, 2 * MIB, stream=stream)
        assert room.used == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_a_small_request_does_not_wait_for_room(*, stream: bool) -> None:
    room = Room(0, wait_seconds=0.01)
    await Share(room).grow(2 * MIB)
    async with serving(room=room) as face:
        await ask(face, MIB // 2, stream=stream)
