"""What is asked for in the background waits its turn, runs, and comes to its end."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.errors import (
    NotSupportedError,
    PreconditionError,
    QueueFullError,
    RequestError,
    UpstreamRateLimitedError,
    UpstreamRefusedError,
    UpstreamUnreachableError,
)
from openinteractions.core.fold import fold
from openinteractions.core.lifecycle import Lifecycle, Phase
from openinteractions.core.model_events import (
    Finish,
    FinishReason,
    ModelEvent,
    Spent,
    Text,
)
from openinteractions.engine.background import Limits
from openinteractions.v1 import (
    event_pb2,
    interaction_pb2,
    interaction_service_pb2,
    usage_pb2,
)
from tests.clock import WAIT_SECONDS
from tests.engine.alone import alone, background
from tests.engine.cluster import Stream, texts
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, ask, drain, names

Request = interaction_service_pb2.CreateInteractionRequest
Status = interaction_pb2.InteractionStatus
STOP = Finish(FinishReason.STOP)
QUEUED = Status.INTERACTION_STATUS_QUEUED
RUNNING = Status.INTERACTION_STATUS_IN_PROGRESS
COMPLETED = Status.INTERACTION_STATUS_COMPLETED
FAILED = Status.INTERACTION_STATUS_FAILED
CANCELLED = Status.INTERACTION_STATUS_CANCELLED


async def test_it_is_answered_at_once_and_found_finished_later() -> None:
    _, member = alone()
    created = await member.interactions.create(Caller(), background("Hi"))
    assert created.status == RUNNING
    assert not created.steps
    assert created.id.startswith("v1_")
    running = await member.get(created.id)
    assert running.status == RUNNING
    assert [step.WhichOneof("kind") for step in running.steps] == ["user_input"]
    usage = usage_pb2.Usage(total_tokens=3)
    member.puppet.say([Text("done"), Spent(usage), STOP])
    member.puppet.say(None)
    ended = await member.finished(created.id)
    assert ended.status == COMPLETED
    assert texts(ended.steps) == ["done"]
    assert ended.usage == usage


async def test_its_stream_is_followed_from_the_first_event_to_the_last() -> None:
    _, member = alone(Puppet([Text("a")], [Text("b"), STOP], None))
    events = await drain(member.interactions.stream_create(Caller(), background()))
    assert names(events)[:2] == ["created", "status_update"]
    assert names(events)[-1] == "completed"
    assert events[0].created.interaction.status == RUNNING
    stored = await member.get(events[0].created.interaction.id)
    del stored.steps[0]
    assert fold(events) == stored


async def test_it_goes_on_when_its_reader_leaves_and_can_be_taken_up_again() -> None:
    _, member = alone(Puppet([Text("a")]))
    stream = member.interactions.stream_create(Caller(), background())
    received: list[event_pb2.InteractionEvent] = []
    async with asyncio.timeout(WAIT_SECONDS):
        async for batch in stream:
            received += batch
            if names(batch)[-1] == "step_delta":
                break
    await stream.aclose()  # type: ignore[attr-defined]
    identifier = received[0].created.interaction.id
    member.puppet.say([Text("b"), STOP])
    member.puppet.say(None)
    rest = await drain(
        member.interactions.stream(
            Caller(), Stream(id=identifier, last_event_id=received[-1].event_id)
        )
    )
    assert len({event.event_id for event in [*received, *rest]}) == len(received) + len(
        rest
    )
    stored = await member.finished(identifier)
    del stored.steps[0]
    assert fold([*received, *rest]) == stored


MISTAKES = [
    (background(store=False), RequestError, "background"),
    (background(previous_interaction_id="v1_nope"), RequestError, "previous"),
    (background(cached_content="x"), NotSupportedError, "cached_content"),
    (ask(service_tier="deferred"), RequestError, "service_tier"),
]


@pytest.mark.parametrize(("request_", "kind", "field"), MISTAKES)
async def test_a_mistake_is_an_error_of_the_call(
    request_: Request, kind: type[Exception], field: str
) -> None:
    made, member = alone()
    with pytest.raises(kind, match=field):
        await member.interactions.create(Caller(), request_)
    assert not await made.store.list("", limit=1, before=None)


async def test_webhooks_are_not_supported_yet() -> None:
    _, member = alone()
    request = background()
    request.webhook_config.uris.append("https://example.com")
    with pytest.raises(NotSupportedError, match="webhook_config"):
        await member.interactions.create(Caller(), request)


async def test_what_finds_no_place_waits_and_runs_when_there_is_one() -> None:
    _, member = alone(limits=Limits(concurrency=1, queue=10))
    first = await member.interactions.create(Caller(), background("a"))
    second = await member.interactions.create(Caller(), background("b"))
    assert (first.status, second.status) == (RUNNING, QUEUED)
    assert (await member.get(second.id)).status == QUEUED
    await member.puppet.was_asked(1)
    member.puppet.say([Text("1"), STOP])
    member.puppet.say(None)
    await member.puppet.was_asked(1)
    assert (await member.get(second.id)).status == RUNNING
    member.puppet.say([Text("2"), STOP])
    member.puppet.say(None)
    assert texts((await member.finished(second.id)).steps) == ["2"]


async def test_a_stream_that_waits_says_so_and_then_goes_on() -> None:
    _, member = alone(limits=Limits(concurrency=1, queue=10))
    first = await member.interactions.create(Caller(), background("a"))
    stream = member.interactions.stream_create(Caller(), background("b"))
    async with asyncio.timeout(WAIT_SECONDS):
        begun = await anext(stream)
    assert names(begun) == ["created"]
    assert begun[0].created.interaction.status == QUEUED
    member.puppet.say([Text("1"), STOP])
    member.puppet.say(None)
    member.puppet.say([Text("2"), STOP])
    member.puppet.say(None)
    rest = await drain(stream)
    assert names(rest)[0] == "status_update"
    assert rest[0].status_update.status == RUNNING
    assert names(rest)[-1] == "completed"
    life = Lifecycle()
    for event in [*begun, *rest]:
        life.feed(event)
    assert life.phase is Phase.ENDED
    assert (await member.get(first.id)).status == COMPLETED


async def test_a_waiting_one_can_be_followed_from_its_beginning() -> None:
    _, member = alone(limits=Limits(concurrency=1, queue=10))
    await member.interactions.create(Caller(), background("a"))
    second = await member.interactions.create(Caller(), background("b"))
    stream = member.interactions.stream(Caller(), Stream(id=second.id))
    async with asyncio.timeout(WAIT_SECONDS):
        begun = await anext(stream)
    assert begun[0].created.interaction.status == QUEUED
    member.puppet.say([Text("1"), STOP])
    member.puppet.say(None)
    member.puppet.say([Text("2"), STOP])
    member.puppet.say(None)
    events = [*begun, *await drain(stream)]
    stored = await member.get(second.id)
    del stored.steps[0]
    assert fold(events) == stored


async def test_places_go_around_among_callers() -> None:
    _, member = alone(limits=Limits(concurrency=1, queue=100))
    greedy, modest = Caller(peer="10.0.0.1"), Caller(peer="10.0.0.2")
    await member.interactions.create(greedy, background("first"))
    for number in range(5):
        await member.interactions.create(greedy, background(f"greedy {number}"))
    await member.interactions.create(modest, background("modest"))
    for _ in range(7):
        await member.puppet.was_asked(1)
        member.puppet.say([STOP])
        member.puppet.say(None)
    order = [
        request.steps[0].user_input.content[0].text.text
        for request in member.puppet.asked
    ]
    assert order.index("modest") <= 3


async def test_a_full_queue_is_refused_and_says_when_to_come_back() -> None:
    made, member = alone(limits=Limits(concurrency=1, queue=1))
    for _ in range(2):
        await member.interactions.create(Caller(), background())
    with pytest.raises(QueueFullError) as caught:
        await member.interactions.create(Caller(), background())
    assert caught.value.retry_after
    assert await made.store.queued() == 1


async def test_deferred_work_waits_first_whatever_is_free() -> None:
    _, member = alone(Puppet([Text("x"), STOP], None))
    created = await member.interactions.create(
        Caller(), background(service_tier="deferred")
    )
    assert created.status == QUEUED
    await member.puppet.was_asked(1)
    assert (await member.finished(created.id)).status == COMPLETED


async def test_deferred_work_is_not_streamed() -> None:
    _, member = alone()
    request = background(service_tier="deferred")
    with pytest.raises(RequestError, match="service_tier"):
        await drain(member.interactions.stream_create(Caller(), request))


async def test_it_is_cancelled_where_it_is() -> None:
    _, member = alone(Puppet([Text("so far")]))
    created = await member.interactions.create(Caller(), background())
    await member.puppet.taken()
    cancelled = await member.cancel(created.id)
    assert cancelled.status == CANCELLED
    assert texts(cancelled.steps) == ["so far"]
    assert member.puppet.closed.is_set()
    assert (await member.cancel(created.id)).status == CANCELLED


async def test_a_waiting_one_is_cancelled_before_it_begins() -> None:
    made, member = alone(limits=Limits(concurrency=1, queue=10))
    await member.interactions.create(Caller(), background("a"))
    second = await member.interactions.create(Caller(), background("b"))
    cancelled = await member.cancel(second.id)
    assert cancelled.status == CANCELLED
    assert [step.WhichOneof("kind") for step in cancelled.steps] == ["user_input"]
    assert await made.store.queued() == 0
    events = await drain(member.interactions.stream(Caller(), Stream(id=second.id)))
    assert names(events) == ["created", "status_update", "completed"]


async def test_a_finished_one_cannot_be_cancelled() -> None:
    _, member = alone(Puppet([STOP], None))
    created = await member.interactions.create(Caller(), background())
    await member.finished(created.id)
    with pytest.raises(PreconditionError, match="completed"):
        await member.cancel(created.id)


PASSING = [
    UpstreamRateLimitedError("busy", retry_after=7),
    UpstreamUnreachableError("gone"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("before", [[], [Text("half")]], ids=["at once", "midway"])
async def test_a_model_that_is_down_is_asked_again(
    error: Exception, before: list[ModelEvent]
) -> None:
    said = [before] if before else []
    made, member = alone(Puppet(*said, error, [Text("whole"), STOP], None))
    begun = made.clock.seconds
    events = await drain(member.interactions.stream_create(Caller(), background()))
    assert len(member.puppet.asked) == 2
    assert made.clock.seconds - begun >= (getattr(error, "retry_after", 0) or 1)
    stored = await member.get(events[0].created.interaction.id)
    del stored.steps[0]
    assert stored.status == COMPLETED
    assert texts(stored.steps) == ["whole"]
    assert fold(events) == stored
    life = Lifecycle()
    for event in events:
        life.feed(event)
    again = await drain(member.interactions.stream(Caller(), Stream(id=stored.id)))
    assert fold(again) == stored


async def test_a_model_that_stays_down_fails_the_interaction() -> None:
    _, member = alone(Puppet(*[UpstreamUnreachableError("gone")] * 10))
    created = await member.interactions.create(Caller(), background())
    ended = await member.finished(created.id)
    assert ended.status == FAILED
    assert ended.errors[0].message == "gone"
    assert 3 < len(member.puppet.asked) < 10


async def test_a_refusal_is_not_tried_again() -> None:
    _, member = alone(Puppet(UpstreamRefusedError("no")))
    created = await member.interactions.create(Caller(), background())
    assert (await member.finished(created.id)).status == FAILED
    assert len(member.puppet.asked) == 1


async def test_it_is_cancelled_while_it_waits_for_its_model() -> None:
    made, member = alone(Puppet([Text("half")], UpstreamUnreachableError("gone")))
    hanging = asyncio.Event()

    async def sleep(_: float) -> None:
        hanging.set()
        await asyncio.Event().wait()

    member.process.background._planner._sleep = sleep
    created = await member.interactions.create(Caller(), background())
    async with asyncio.timeout(WAIT_SECONDS):
        await hanging.wait()
        cancelled = await member.cancel(created.id)
    assert cancelled.status == CANCELLED
    assert texts(cancelled.steps) == ["half"]
    del made
