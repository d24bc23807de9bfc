"""What becomes of calls over gRPC whose callers leave."""

from __future__ import annotations

import asyncio

import grpc
import grpc.aio
import pytest

from openinteractions.core.fold import fold
from openinteractions.core.model_events import Text
from openinteractions.v1 import interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.rig import ask
from tests.rpc.face import Face, events

Code = grpc.StatusCode


async def test_a_call_whose_deadline_passes_is_cancelled(face: Face) -> None:
    seconds = 0.1
    # A deadline may pass before the call is there, which says nothing of the server.
    while not face.rig.puppet.called.is_set():
        assert seconds < WAIT_SECONDS, "the call never arrives"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await face.stub.CreateInteraction(ask(), timeout=seconds)
        assert caught.value.code() == Code.DEADLINE_EXCEEDED
        seconds *= 2

    await asyncio.wait_for(face.rig.puppet.closed.wait(), WAIT_SECONDS)
    assert list(await face.rig.store.list("", limit=9, before=None)) == []


async def test_a_call_that_its_caller_cancels_is_cancelled(face: Face) -> None:
    call = face.stub.CreateInteraction(ask())
    await asyncio.wait_for(face.rig.puppet.called.wait(), WAIT_SECONDS)
    call.cancel()

    await asyncio.wait_for(face.rig.puppet.closed.wait(), WAIT_SECONDS)
    assert list(await face.rig.store.list("", limit=9, before=None)) == []


async def test_a_stream_that_is_not_stored_ends_when_its_caller_leaves(
    face: Face,
) -> None:
    face.say([Text("Hel")])
    call = face.stub.StreamCreateInteraction(ask(store=False))
    await events(call, 1)
    call.cancel()

    await asyncio.wait_for(face.rig.puppet.closed.wait(), WAIT_SECONDS)


async def test_a_stored_stream_goes_on_when_its_caller_leaves(face: Face) -> None:
    face.say([Text("Hel")])
    call = face.stub.StreamCreateInteraction(ask())
    (event,) = await events(call, 1)
    call.cancel()
    face.say([Text("lo")], None)
    replay = interaction_service_pb2.StreamInteractionRequest(
        id=event.created.interaction.id
    )
    seen = await events(face.stub.StreamInteraction(replay))

    assert fold(seen).steps[0].model_output.content[0].text.text == "Hello"
