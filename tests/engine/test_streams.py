"""What a stream promises: its order, its failures, who follows, who leaves, cancels."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.errors import (
    PreconditionError,
    RequestError,
    UpstreamFailedError,
)
from openinteractions.core.fold import fold
from openinteractions.core.model_events import (
    ModelEvent,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.answers import STOP, USAGE, answering, previous, running_stream
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, ask, drain, names, rig

Status = interaction_pb2.InteractionStatus
Stream = interaction_service_pb2.StreamInteractionRequest
Cancel = interaction_service_pb2.CancelInteractionRequest
List = interaction_service_pb2.ListInteractionsRequest


async def test_a_stream_begins_created_and_ends_completed() -> None:
    made = rig(Puppet([Text("Hel")], [Text("lo"), Spent(USAGE), STOP], None))
    events = await drain(made.interactions.stream_create(Caller(), ask()))
    assert names(events) == [
        "created",
        "status_update",
        "step_start",
        "step_delta",
        "step_delta",
        "step_stop",
        "completed",
    ]
    identifier = events[0].created.interaction.id
    assert events[1].status_update.interaction_id == identifier
    completed = events[-1].completed.interaction
    assert completed.id == identifier
    assert completed.usage == USAGE
    assert not completed.steps
    assert len({event.event_id for event in events}) == len(events)


async def test_the_first_event_does_not_wait_for_what_was_read_with_it() -> None:
    read_at_once: list[list[ModelEvent]] = [[Text("a")], [Text("b"), Text("c")], [STOP]]
    made = rig(Puppet(*read_at_once, None))
    stream = made.interactions.stream_create(Caller(), ask())
    async with asyncio.timeout(WAIT_SECONDS):
        batches = [names(batch) async for batch in stream]
    assert batches[:2] == [["created", "status_update"], ["step_start", "step_delta"]]


async def test_a_stream_that_is_not_stored_has_empty_ids_everywhere() -> None:
    made = rig(answering("Hello"))
    events = await drain(made.interactions.stream_create(Caller(), ask(store=False)))
    assert events[0].created.interaction.id == ""
    assert events[0].created.interaction.HasField("id")
    assert events[1].status_update.HasField("interaction_id")
    assert events[-1].completed.interaction.HasField("id")
    assert not any(event.HasField("event_id") for event in events)


@pytest.mark.parametrize("store", [True, False])
async def test_a_failure_in_mid_stream_is_an_error_event_and_a_failed_end(
    *, store: bool
) -> None:
    made = rig(Puppet([Text("half")], UpstreamFailedError("broken")))
    request = ask(store=store)
    events = await drain(made.interactions.stream_create(Caller(), request))
    assert names(events)[-4:] == ["step_delta", "step_stop", "error", "completed"]
    assert events[-2].error.error.code == "bad_gateway"
    assert events[-2].error.error.message == "broken"
    completed = events[-1].completed.interaction
    assert completed.status == Status.INTERACTION_STATUS_FAILED
    if store:
        stored = await made.get(completed.id)
        assert stored.status == Status.INTERACTION_STATUS_FAILED
        assert [error.message for error in stored.errors] == ["broken"]
        assert stored.steps[1].model_output.content[0].text.text == "half"
        again = await drain(made.interactions.stream(Caller(), Stream(id=completed.id)))
        assert names(again)[-2:] == ["error", "completed"]


async def test_a_fault_of_our_own_shows_no_internals(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = rig(Puppet([Text("half")], ZeroDivisionError("secret detail")))
    events = await drain(made.interactions.stream_create(Caller(), ask()))
    assert events[-2].error.error.message == "Internal error."
    (line,) = caplog.records
    assert events[0].created.interaction.id in line.getMessage()
    assert line.exc_info is not None
    assert isinstance(line.exc_info[1], ZeroDivisionError)


async def test_a_stream_begins_without_a_model_that_takes_too_long() -> None:
    made = rig(first_event_seconds=0)
    stream = made.interactions.stream_create(Caller(), ask())
    async with asyncio.timeout(WAIT_SECONDS):
        first = await anext(stream)
    assert names(first) == ["created", "status_update"]
    made.puppet.say(UpstreamFailedError("late"))
    assert names(await drain(stream)) == ["error", "completed"]


async def test_a_unary_caller_who_leaves_cancels_the_turn() -> None:
    made = rig()
    task = asyncio.create_task(made.create(ask()))
    await made.puppet.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert made.puppet.closed.is_set()
    page = await made.interactions.list(Caller(), List())
    assert not page.interactions


async def test_a_stored_stream_outlives_its_caller() -> None:
    made = rig(Puppet([Text("a")]))
    stream = made.interactions.stream_create(Caller(), ask())
    identifier = (await anext(stream))[0].created.interaction.id
    await stream.aclose()  # type: ignore[attr-defined]
    running = made.supervisor.find(identifier)
    assert running is not None
    made.puppet.say([Text("b"), STOP])
    made.puppet.say(None)
    async with asyncio.timeout(WAIT_SECONDS):
        await running.task
    stored = await made.get(identifier)
    assert stored.steps[1].model_output.content[0].text.text == "ab"
    assert made.supervisor.find(identifier) is None


async def test_a_stream_that_is_not_stored_ends_with_its_caller() -> None:
    made = rig(Puppet([Text("a")]))
    stream = made.interactions.stream_create(Caller(), ask(store=False))
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert made.puppet.closed.is_set()


async def test_a_caller_who_leaves_before_the_id_went_out_leaves_nothing() -> None:
    made = rig()
    task = asyncio.create_task(drain(made.interactions.stream_create(Caller(), ask())))
    await made.puppet.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(WAIT_SECONDS):
        await made.puppet.closed.wait()
    page = await made.interactions.list(Caller(), List())
    assert not page.interactions


async def test_a_running_stream_can_be_followed_by_others() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    request = Stream(id=identifier)
    readers = [
        asyncio.create_task(drain(made.interactions.stream(Caller(), request)))
        for _ in range(3)
    ]
    made.puppet.say([Text("b"), STOP])
    made.puppet.say(None)
    streams = await asyncio.gather(*readers)
    assert streams[0] == streams[1] == streams[2]
    cut = Stream(id=identifier, last_event_id=streams[0][3].event_id)
    rest = await drain(made.interactions.stream(Caller(), cut))
    assert fold([*streams[0][:4], *rest]) == fold(streams[0])


async def test_a_finished_interaction_is_replayed_from_any_event() -> None:
    made = rig(answering("Hello"))
    created = await made.create(ask())
    whole = await drain(made.interactions.stream(Caller(), Stream(id=created.id)))
    assert fold(whole) == created
    for place, event in enumerate(whole):
        request = Stream(id=created.id, last_event_id=event.event_id)
        rest = await drain(made.interactions.stream(Caller(), request))
        assert rest == whole[place + 1 :]
    with_input = Stream(id=created.id, include_input=True)
    first = (await drain(made.interactions.stream(Caller(), with_input)))[0]
    assert first.created.interaction.input.text == "hi"


async def test_a_token_of_another_interaction_is_refused() -> None:
    made = rig(answering("a", "b"))
    one, two = await made.create(ask()), await made.create(ask())
    events = await drain(made.interactions.stream(Caller(), Stream(id=one.id)))
    request = Stream(id=two.id, last_event_id=events[0].event_id)
    with pytest.raises(RequestError) as caught:
        await drain(made.interactions.stream(Caller(), request))
    assert caught.value.field == "last_event_id"


async def test_cancel_keeps_the_steps_so_far() -> None:
    made = rig(Puppet([Thought("hm"), Signature("eA=="), Text("half")]))
    identifier = await running_stream(made)
    reader = asyncio.create_task(
        drain(made.interactions.stream(Caller(), Stream(id=identifier)))
    )
    await made.puppet.taken()
    cancelled = await made.interactions.cancel(Caller(), Cancel(id=identifier))
    assert cancelled.status == Status.INTERACTION_STATUS_CANCELLED
    assert cancelled.steps[-1].model_output.content[0].text.text == "half"
    assert names(await reader)[-1] == "completed"
    assert made.puppet.closed.is_set()
    again = await made.interactions.cancel(Caller(), Cancel(id=identifier))
    assert again == cancelled


async def test_an_interaction_that_has_ended_cannot_be_cancelled() -> None:
    made = rig(answering("x"))
    created = await made.create(ask())
    with pytest.raises(PreconditionError, match="its status is completed"):
        await made.interactions.cancel(Caller(), Cancel(id=created.id))


async def test_a_running_interaction_cannot_be_continued() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    with pytest.raises(PreconditionError, match="in_progress") as caught:
        await made.create(previous(identifier))
    assert caught.value.field == "previous_interaction_id"
    await made.supervisor.close(0)
