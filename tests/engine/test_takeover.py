"""Whatever happens to the process that runs an interaction, others go on with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from openinteractions.core.errors import (
    DomainError,
    NotFoundError,
    PreconditionError,
    RequestError,
    UnavailableError,
)
from openinteractions.core.fold import fold
from openinteractions.core.lifecycle import Lifecycle, Phase
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    Spent,
    Text,
)
from openinteractions.v1 import event_pb2, interaction_pb2, usage_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.cluster import (
    Cancel,
    Cluster,
    Delete,
    Member,
    Stream,
    Tools,
    cluster,
    texts,
)
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, ask, drain, names

Event = event_pb2.InteractionEvent
Status = interaction_pb2.InteractionStatus
STOP = Finish(FinishReason.STOP)
CALLS = Finish(FinishReason.CALLS)
RUNNING = Status.INTERACTION_STATUS_IN_PROGRESS
COMPLETED = Status.INTERACTION_STATUS_COMPLETED
CANCELLED = Status.INTERACTION_STATUS_CANCELLED


def whole(*texts_: str) -> Puppet:
    """Return a model that says these texts in one call."""
    return Puppet(*([Text(text)] for text in texts_), [STOP], None)


async def first(member: Member, *, background: bool = True) -> list[Event]:
    """Begin a stream and leave it after its first delta; return what it said."""
    stream = member.interactions.stream_create(Caller(), ask(background=background))
    return await until_delta(stream)


async def until_delta(stream: AsyncIterator[Sequence[Event]]) -> list[Event]:
    """Return the events up to the first batch with a delta, and leave."""
    received: list[Event] = []
    async with asyncio.timeout(WAIT_SECONDS):
        async for batch in stream:
            received += batch
            if any(event.HasField("step_delta") for event in batch):
                break
    await stream.aclose()  # type: ignore[attr-defined]
    return received


def identifier_of(events: Sequence[Event]) -> str:
    """Return the id of the interaction that the events tell."""
    return events[0].created.interaction.id


async def rest_of(member: Member, received: Sequence[Event]) -> list[Event]:
    """Follow an interaction from where a reader has left it."""
    request = Stream(id=identifier_of(received), last_event_id=received[-1].event_id)
    return await drain(member.interactions.stream(Caller(), request))


async def check(member: Member, events: Sequence[Event]) -> interaction_pb2.Interaction:
    """Check that events are a legal stream, none twice, that folds to the row."""
    life = Lifecycle()
    for event in events:
        life.feed(event)
    assert life.phase is Phase.ENDED
    assert len({event.event_id for event in events}) == len(events)
    stored = await member.get(identifier_of(events))
    del stored.steps[0]
    assert fold(events) == stored
    return stored


@pytest.mark.parametrize("background", [True, False], ids=["background", "foreground"])
async def test_a_cut_call_starts_anew_in_another_process(*, background: bool) -> None:
    made = cluster()
    one, two = made.join(Puppet([Text("lost")])), made.join(whole("a", "b"))
    received = await first(one, background=background)
    await made.lose(one)
    events = [*received, *await rest_of(two, received)]
    stored = await check(two, events)
    assert stored.status == COMPLETED
    assert texts(stored.steps) == ["ab"]
    assert [e.step_start.index for e in events if e.HasField("step_start")] == [0, 0]


async def test_it_may_be_lost_many_times() -> None:
    made = cluster()
    member = made.join(Puppet([Text("0")]))
    received = await first(member)
    for number in range(1, 4):
        following = made.join(Puppet([Text(str(number))]))
        await made.lose(member)
        await following.puppet.taken()
        request = Stream(
            id=identifier_of(received), last_event_id=received[-1].event_id
        )
        received += await until_delta(following.interactions.stream(Caller(), request))
        member = following
    member.puppet.say([STOP])
    member.puppet.say(None)
    events = [*received, *await rest_of(member, received)]
    stored = await check(member, events)
    assert texts(stored.steps) == ["3"]
    # Whoever reads it from the row, from any of its events, is told the same.
    for length in range(1, len(events)):
        again = await rest_of(member, events[:length])
        assert fold([*events[:length], *again]) == stored


def asking(number: int = 0) -> list[CallFragment | Finish]:
    """Return what a model says that calls a tool of the server."""
    return [CallFragment(number, f"c{number}", "server_a", '{"n":1}'), CALLS]


@pytest.mark.parametrize("cut", ["tool", "second call"])
async def test_what_has_finished_is_not_done_again(cut: str) -> None:
    tools = Tools()
    made = cluster(tools=tools)
    spent = Spent(usage_pb2.Usage(total_tokens=2))
    one = made.join(Puppet([spent, *asking()], None))
    two = made.join(Puppet([Text("done"), spent, STOP], None))
    created = await one.interactions.create(Caller(), ask(background=True))
    await made.settle()
    if cut == "second call":
        tools.gate.set()
        await one.puppet.was_asked(2)
        one.puppet.say([Text("lost")])
        await one.puppet.taken()
    await made.lose(one)
    tools.gate.set()
    await made.settle()
    ended = await two.finished(created.id)
    assert ended.status == COMPLETED
    assert [step.WhichOneof("kind") for step in ended.steps] == [
        "user_input",
        "function_call",
        "function_result",
        "model_output",
    ]
    assert len(tools.ran) == 1
    assert len(two.puppet.asked) == 1
    assert len(two.puppet.asked[0].steps) == 3
    assert ended.usage.total_tokens == 4


async def test_a_reader_sees_steps_that_stand_once_and_void_ones_again() -> None:
    tools = Tools()
    tools.gate.set()
    made = cluster(tools=tools)
    one = made.join(Puppet(asking(), None, [Text("lost")]))
    made.join(whole("done"))
    three = made.join(Puppet())
    await three.process.background.close()
    created = await one.interactions.create(Caller(), ask(background=True))
    reader = asyncio.create_task(
        drain(three.interactions.stream(Caller(), Stream(id=created.id)))
    )
    await one.puppet.taken()
    await made.settle()
    await made.lose(one)
    async with asyncio.timeout(WAIT_SECONDS):
        events = await reader
    await check(three, events)
    starts = [e.step_start.index for e in events if e.HasField("step_start")]
    assert starts == [0, 1, 2, 2]


async def test_a_void_step_is_told_of_even_when_nothing_follows() -> None:
    made = cluster()
    one, two = made.join(Puppet([Text("lost")])), made.join(Puppet())
    received = await first(one)
    await made.lose(one)
    await two.cancel(identifier_of(received))
    events = [*received, *await rest_of(two, received)]
    stored = await check(two, events)
    assert stored.status == CANCELLED
    assert texts(stored.steps) == [""]


async def test_a_lost_one_is_cancelled_by_whoever_is_asked() -> None:
    made = cluster()
    one, two = made.join(Puppet([Text("lost")])), made.join(Puppet())
    await two.process.background.close()
    received = await first(one)
    made.members.remove(one)
    await one.crash()
    made.clock.seconds += 20
    async with asyncio.timeout(WAIT_SECONDS):
        cancelled = await two.cancel(identifier_of(received))
    assert cancelled.status == CANCELLED
    await check(two, [*received, *await rest_of(two, received)])


async def test_shutting_down_hands_over_at_once() -> None:
    made = cluster()
    one, two = made.join(Puppet([Text("lost")])), made.join(whole("done"))
    received = await first(one)
    await one.process.hand_over(60)
    assert one.puppet.closed.is_set()
    await two.process.leases.turn()
    await made.settle()
    await check(two, [*received, *await rest_of(two, received)])


async def test_a_foreground_stream_may_finish_before_the_shutdown() -> None:
    made = cluster()
    one = made.join(Puppet([Text("a")]))
    stream = one.interactions.stream_create(Caller(), ask())
    begun = list(await anext(stream))
    closing = asyncio.create_task(one.process.hand_over(60))
    await made.settle()
    one.puppet.say([Text("b"), STOP])
    one.puppet.say(None)
    events = [*begun, *await drain(stream)]
    async with asyncio.timeout(WAIT_SECONDS):
        await closing
    assert (await check(one, events)).status == COMPLETED


async def test_readers_of_a_process_that_shuts_down_are_told_to_come_back() -> None:
    made = cluster()
    one = made.join(Puppet([Text("a")]))
    stream = one.interactions.stream_create(Caller(), ask())
    await anext(stream)
    reader = asyncio.create_task(drain(stream))
    await one.puppet.taken()
    await one.process.hand_over(0)
    with pytest.raises(UnavailableError, match="shutting down"):
        await reader


async def test_a_unary_create_that_dies_leaves_nothing() -> None:
    made = cluster()
    one, two = made.join(Puppet()), made.join(whole("x"))
    task = asyncio.create_task(one.interactions.create(Caller(), ask()))
    await one.puppet.called.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await made.lose(one)
    assert not two.puppet.asked
    assert not await made.store.list("", limit=1, before=None)


async def both(puppet: Puppet) -> tuple[Cluster, Member, Member]:
    """Return two processes; only the first runs anything."""
    made = cluster()
    one, two = made.join(puppet), made.join(Puppet())
    return made, one, two


@pytest.mark.parametrize("background", [True, False], ids=["background", "foreground"])
async def test_it_is_cancelled_from_another_process(*, background: bool) -> None:
    _, one, two = await both(Puppet([Text("so far")]))
    received = await first(one, background=background)
    await one.puppet.taken()
    async with asyncio.timeout(WAIT_SECONDS):
        cancelled = await two.cancel(identifier_of(received))
    assert cancelled.status == CANCELLED
    assert texts(cancelled.steps) == ["so far"]
    assert one.puppet.closed.is_set()
    await check(two, [*received, *await rest_of(two, received)])
    with pytest.raises(PreconditionError, match="not running"):
        await two.interactions.cancel(Caller(), Cancel(id=(await finished(one)).id))


async def finished(member: Member) -> interaction_pb2.Interaction:
    """Return an interaction that has ended by itself."""
    member.puppet.say([STOP])
    member.puppet.say(None)
    return await member.interactions.create(Caller(), ask())


async def test_it_is_deleted_from_another_process() -> None:
    made, one, two = await both(Puppet([Text("so far")]))
    stream = one.interactions.stream_create(Caller(), ask())
    received = list(await anext(stream))
    reader = asyncio.create_task(drain(stream))
    await one.puppet.taken()
    identifier = identifier_of(received)
    await two.interactions.delete(Caller(), Delete(id=identifier))
    async with asyncio.timeout(WAIT_SECONDS):
        (outcome,) = await asyncio.gather(reader, return_exceptions=True)
    if isinstance(outcome, BaseException):
        assert isinstance(outcome, DomainError)
    else:
        assert names(outcome)[-1] == "error"
    await made.settle()
    assert one.puppet.closed.is_set()
    with pytest.raises(NotFoundError):
        await one.get(identifier)


async def test_readers_elsewhere_see_every_event_as_it_comes() -> None:
    _, one, two = await both(Puppet([Text("a")]))
    received = await first(one)
    readers = [
        asyncio.create_task(rest_of(two, received[:length]))
        for length in range(1, len(received) + 1)
    ]
    for text in "bcd":
        await one.puppet.taken()
        one.puppet.say([Text(text)])
    one.puppet.say([STOP])
    one.puppet.say(None)
    async with asyncio.timeout(WAIT_SECONDS):
        rests = await asyncio.gather(*readers)
    for length, rest in enumerate(rests, 1):
        stored = await check(two, [*received[:length], *rest])
        assert texts(stored.steps) == ["abcd"]


async def test_a_reader_elsewhere_comes_and_goes() -> None:
    made, one, two = await both(Puppet([Text("a")]))
    received = await first(one)
    request = Stream(id=identifier_of(received))
    stream = two.interactions.stream(Caller(), request)
    seen = await until_delta(stream)
    await made.settle()
    one.puppet.say([Text("b")])
    await one.puppet.taken()
    one.puppet.say([STOP])
    one.puppet.say(None)
    await check(two, [*seen, *await rest_of(two, seen)])


async def test_a_reader_elsewhere_ends_when_signals_are_lost() -> None:
    made, one, two = await both(Puppet([Text("a")]))
    received = await first(one)
    made.hub.leave(two.name)
    reader = asyncio.create_task(rest_of(two, received))
    await made.settle()
    one.puppet.say([Text("b"), STOP])
    one.puppet.say(None)
    async with asyncio.timeout(WAIT_SECONDS):
        await check(two, [*received, *await reader])


@pytest.mark.parametrize("place", ["1000-0-3-1", "0-7-2-0"])
async def test_a_token_of_what_was_never_told_is_refused(place: str) -> None:
    made = cluster()
    member = made.join(whole("a"))
    received = await first(member)
    await member.finished(identifier_of(received))
    check_, _, _ = received[-1].event_id.partition("-")
    request = Stream(id=identifier_of(received), last_event_id=f"{check_}-{place}")
    with pytest.raises(RequestError, match="last_event_id"):
        await drain(member.interactions.stream(Caller(), request))


@pytest.mark.parametrize("token", ["x", "00000000-0-0-0-0"])
async def test_a_token_that_is_none_is_refused(token: str) -> None:
    _, one, two = await both(Puppet([Text("a")]))
    received = await first(one)
    request = Stream(id=identifier_of(received), last_event_id=token)
    with pytest.raises(RequestError, match="last_event_id"):
        await drain(two.interactions.stream(Caller(), request))
