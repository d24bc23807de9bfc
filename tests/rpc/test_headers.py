"""What goes along with answers over gRPC: in front of a stream, else behind."""

from __future__ import annotations

from typing import Any

import pytest

from openinteractions.v1 import interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.rig import ask
from tests.rpc.face import Face, events, failure, get


async def headers(call: Any) -> dict[str, str]:
    """What goes along: in front of a stream, and behind a single answer."""
    return dict(await call.initial_metadata()) | dict(await call.trailing_metadata())


@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
async def test_what_the_model_ignores_is_named_beside_the_answer(
    face: Face, stream: bool
) -> None:
    request = ask()
    request.generation_config.seed = 7
    face.say()
    if stream:
        call = face.stub.StreamCreateInteraction(request)
        await events(call)
    else:
        call = face.stub.CreateInteraction(request, timeout=WAIT_SECONDS)
        await call
    metadata = await headers(call)

    assert metadata["x-openinteractions-ignored"] == "generation_config.seed"


async def test_nothing_ignored_is_not_mentioned(face: Face) -> None:
    face.say()
    call = face.stub.CreateInteraction(ask(), timeout=WAIT_SECONDS)
    await call

    assert list(await headers(call)) == ["x-request-id"]


@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
async def test_every_response_carries_the_request_id(face: Face, stream: bool) -> None:
    face.say()
    metadata = (("x-request-id", "mine-1"),)
    if stream:
        call = face.stub.StreamCreateInteraction(ask(), metadata=metadata)
        await events(call)
    else:
        call = face.stub.CreateInteraction(
            ask(), metadata=metadata, timeout=WAIT_SECONDS
        )
        await call
    assert (await headers(call))["x-request-id"] == "mine-1"

    failing = face.stub.GetInteraction(
        get("none"), metadata=metadata, timeout=WAIT_SECONDS
    )
    assert (await failure(failing)).trailers["x-request-id"] == "mine-1"


async def test_a_stream_without_a_message_carries_the_request_id(face: Face) -> None:
    face.say()
    last = (await events(face.stub.StreamCreateInteraction(ask())))[-1]
    request = interaction_service_pb2.StreamInteractionRequest(
        id=last.completed.interaction.id, last_event_id=last.event_id
    )
    metadata = (("x-request-id", "mine-1"),)
    call = face.stub.StreamInteraction(request, metadata=metadata)

    assert await events(call) == []
    assert (await headers(call))["x-request-id"] == "mine-1"
