"""The calls of the gRPC server, spoken to by the generated Python client."""

from __future__ import annotations

import grpc.aio
import pytest
from google.protobuf import empty_pb2

from openinteractions.core.fold import fold
from openinteractions.core.model_events import Text
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.rig import ask, names
from tests.rpc.face import Face, delete, events, get

Status = interaction_pb2.InteractionStatus
EVENTS = [
    "created",
    "status_update",
    "step_start",
    "step_delta",
    "step_delta",
    "step_stop",
    "completed",
]


async def test_an_interaction_is_created_fetched_listed_and_deleted(
    face: Face,
) -> None:
    face.say()
    created = await face.stub.CreateInteraction(ask(), timeout=WAIT_SECONDS)
    assert created.status == Status.INTERACTION_STATUS_COMPLETED
    assert [step.WhichOneof("kind") for step in created.steps] == ["model_output"]
    assert created.steps[0].model_output.content[0].text.text == "Hello"

    fetched = await face.stub.GetInteraction(get(created.id), timeout=WAIT_SECONDS)
    assert fetched.steps[0].user_input.content[0].text.text == "hi"
    assert fetched.steps[1:] == created.steps
    page = await face.stub.ListInteractions(
        interaction_service_pb2.ListInteractionsRequest(), timeout=WAIT_SECONDS
    )
    assert [entry.id for entry in page.interactions] == [created.id]
    gone = await face.stub.DeleteInteraction(delete(created.id), timeout=WAIT_SECONDS)
    assert gone == empty_pb2.Empty()
    with pytest.raises(grpc.aio.AioRpcError):
        await face.stub.GetInteraction(get(created.id), timeout=WAIT_SECONDS)


async def test_a_stream_has_every_event_and_folds_to_the_interaction(
    face: Face,
) -> None:
    face.say()
    seen = await events(face.stub.StreamCreateInteraction(ask()))
    assert names(seen) == EVENTS
    folded = fold(seen)

    fetched = await face.stub.GetInteraction(get(folded.id), timeout=WAIT_SECONDS)
    assert fetched.steps[1:] == folded.steps
    assert fetched.status == folded.status == Status.INTERACTION_STATUS_COMPLETED


async def test_a_replay_goes_on_after_the_last_event(face: Face) -> None:
    face.say()
    seen = await events(face.stub.StreamCreateInteraction(ask()))
    request = interaction_service_pb2.StreamInteractionRequest(
        id=seen[0].created.interaction.id, last_event_id=seen[4].event_id
    )

    assert await events(face.stub.StreamInteraction(request)) == seen[5:]


async def test_events_arrive_while_the_model_still_speaks(face: Face) -> None:
    call = face.stub.StreamCreateInteraction(ask())
    face.say([Text("Hel")])
    assert names(await events(call, 4)) == EVENTS[:4]
    face.say([Text("lo")], None)

    assert "completed" in names(await events(call))


async def test_messages_above_4_mib_pass_in_both_directions(face: Face) -> None:
    large = "x" * (6 * 1024 * 1024)
    face.say([Text(large)], None)
    created = await face.stub.CreateInteraction(ask(large), timeout=WAIT_SECONDS)
    assert created.steps[0].model_output.content[0].text.text == large

    fetched = await face.stub.GetInteraction(get(created.id), timeout=WAIT_SECONDS)
    assert fetched.steps[0].user_input.content[0].text.text == large
