"""What another server makes goes on whatever happens to the process that reads it.

Where that server keeps nothing, whoever takes over asks it anew; where it keeps the
interaction, whoever is asked reads it from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from openinteractions.core.errors import (
    UnavailableError,
    UpstreamRefusedError,
    UpstreamUnreachableError,
)
from openinteractions.core.fold import fold
from openinteractions.core.lifecycle import Lifecycle, Phase
from openinteractions.engine.relay_ports import Keeping
from openinteractions.v1 import event_pb2, interaction_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.cluster import Cluster, Delete, Member, Stream, cluster, texts
from tests.engine.relay_puppet import (
    One,
    RelayPuppet,
    completed,
    created,
    start,
    stop,
    text,
    whole,
)
from tests.engine.rig import Caller, ask, drain, names
from tests.engine.test_takeover import identifier_of, rest_of, until_delta

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus

THEIRS = "v1_theirs"


def cut() -> list[Event]:
    """Return what a call says that does not come to its end."""
    return [created(), start(), text("lost")]


def joined(made: Cluster, relay: RelayPuppet) -> Member:
    """Add a process that reads from a server."""
    return made.join(relays=One(relay))


def here(*batches: Sequence[Event] | Exception | None) -> RelayPuppet:
    """Return a server that keeps nothing."""
    return RelayPuppet(Keeping.HERE, *batches)


def both(*batches: Sequence[Event] | Exception | None) -> RelayPuppet:
    """Return a server that keeps what we keep, too."""
    return RelayPuppet(Keeping.BOTH, *batches)


async def begun(member: Member) -> list[Event]:
    """Begin a stream and leave it after its first delta; return what it said."""
    return await until_delta(member.interactions.stream_create(Caller(), ask()))


def judge(events: Sequence[Event]) -> Interaction:
    """Check that events are a legal stream, none twice; return what they tell."""
    life = Lifecycle()
    for event in events:
        life.feed(event)
    assert life.phase is Phase.ENDED
    assert len({event.event_id for event in events}) == len(events)
    return fold(events)


async def check(member: Member, events: Sequence[Event]) -> Interaction:
    """Check that events are a legal stream that tells what is stored."""
    said = judge(events)
    stored = await member.get(identifier_of(events))
    del stored.steps[0]
    assert said.steps == stored.steps
    assert said.status == stored.status
    # Whoever reads it later, from any of its events, is told the same.
    for length in range(1, len(events)):
        again = [*events[:length], *await rest_of(member, events[:length])]
        assert judge(again).steps == stored.steps
    return stored


async def test_a_cut_call_is_made_anew_by_another_process() -> None:
    made = cluster()
    first, second = here(cut()), here(whole("a", "b"))
    one, two = joined(made, first), joined(made, second)
    received = await begun(one)
    await made.lose(one)
    events = [*received, *await rest_of(two, received)]
    stored = await check(two, events)
    assert texts(stored.steps) == ["ab"]
    assert [e.step_start.index for e in events if e.HasField("step_start")] == [0, 0]
    assert first.asked == second.asked
    assert not second.asked[0].store
    assert first.closed


async def test_it_may_be_lost_many_times() -> None:
    made = cluster()
    member = joined(made, here(cut()))
    received = await begun(member)
    for number in range(3):
        following = joined(made, here([created(), start(), text(str(number))]))
        await made.lose(member)
        token = received[-1].event_id
        request = Stream(id=identifier_of(received), last_event_id=token)
        received += await until_delta(following.interactions.stream(Caller(), request))
        member = following
    last = joined(made, here(whole("done")))
    await made.lose(member)
    stored = await check(last, [*received, *await rest_of(last, received)])
    assert texts(stored.steps) == ["done"]


async def test_a_reader_in_a_third_process_is_told_all_of_it() -> None:
    made = cluster()
    one, two = joined(made, here(cut())), joined(made, here(whole("a")))
    three = joined(made, here())
    await three.process.background.close()
    received = await begun(one)
    request = Stream(id=identifier_of(received))
    reader = three.interactions.stream(Caller(), request)
    seen = [event async for event in _until(reader, "lost")]
    await made.lose(one)
    seen += await drain(reader)
    assert texts((await check(two, seen)).steps) == ["a"]


async def test_a_reader_elsewhere_is_told_what_can_be_folded() -> None:
    made = cluster()
    first = here([created(), start(), text("a")])
    one, two = joined(made, first), joined(made, here())
    received = await begun(one)
    reader = two.interactions.stream(Caller(), Stream(id=identifier_of(received)))
    seen = [event async for event in _until(reader, "a")]
    strange = Event(other='{"event_type":"new"}')
    first.say(
        [strange, text("?", 3), stop(3), start(7), text("b"), stop(), completed()]
    )
    seen += await drain(reader)
    assert texts((await check(two, seen)).steps) == ["ab"]


async def _until(reader, wanted: str):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    async for batch in reader:
        for event in batch:
            yield event
        if any(event.step_delta.delta.text.text == wanted for event in batch):
            return


async def test_who_has_lost_it_writes_nothing_and_its_readers_go_on() -> None:
    made = cluster()
    first = here(cut())
    one, two = joined(made, first), joined(made, here([created(), start(), text("a")]))
    stream = one.interactions.stream_create(Caller(), ask())
    received = list(await anext(stream))
    reader = asyncio.create_task(drain(stream))
    await first.taken()
    made.clock.seconds += 20
    await two.process.leases.turn()
    await made.settle()
    first.say([text("late"), stop(), completed()])
    await one.process.leases.turn()
    await made.settle()
    second = two.interactions.stream(Caller(), Stream(id=identifier_of(received)))
    assert names(await anext(second))[-1] == "step_delta"
    _relay(two).say([stop(), completed()])
    async with asyncio.timeout(WAIT_SECONDS):
        events = [*received, *await reader]
    await second.aclose()  # type: ignore[attr-defined]
    assert texts((await check(two, events)).steps) == ["a"]


def _relay(member: Member) -> RelayPuppet:
    relaying = member.interactions._relaying
    assert relaying is not None
    found = relaying._relays.named("r")
    assert isinstance(found, RelayPuppet)
    return found


async def test_a_server_that_is_down_then_is_asked_again() -> None:
    made = cluster()
    down = UpstreamUnreachableError("down")
    second = here(down, [created(), start(), text("half")], down, whole("a"))
    one, two = joined(made, here(cut())), joined(made, second)
    received = await begun(one)
    reader = two.interactions.stream(Caller(), Stream(id=identifier_of(received)))
    seen = [event async for event in _until(reader, "lost")]
    await made.lose(one)
    seen += await drain(reader)
    stored = await check(two, seen)
    assert texts(stored.steps) == ["a"]
    assert len(second.asked) == 3
    await check(two, [*received, *await rest_of(two, received)])


async def test_a_server_that_refuses_then_ends_it() -> None:
    made = cluster()
    second = here(UpstreamRefusedError("no", metadata={"http_status": "400"}))
    one, two = joined(made, here(cut())), joined(made, second)
    received = await begun(one)
    await made.lose(one)
    rest = await rest_of(two, received)
    stored = await two.get(identifier_of(received))
    assert stored.status == Status.INTERACTION_STATUS_FAILED
    assert stored.errors[0].message == "no"
    assert texts(stored.steps) == texts(fold([*received, *rest]).steps) == [""]


async def test_what_is_cancelled_before_it_says_anything_leaves_nothing_void() -> None:
    made = cluster()
    second = here([created()])
    one, two = joined(made, here(cut())), joined(made, second)
    received = await begun(one)
    await made.lose(one)
    await second.taken()
    await two.cancel(identifier_of(received))
    stored = await check(two, [*received, *await rest_of(two, received)])
    assert stored.status == Status.INTERACTION_STATUS_CANCELLED
    assert texts(stored.steps) == [""]
    assert second.closed


async def test_steps_that_come_only_with_the_end_are_told() -> None:
    made = cluster()
    end = completed()
    end.completed.interaction.steps.add().model_output.content.add().text.text = "all"
    one, two = joined(made, here(cut())), joined(made, here([created(), end]))
    received = await begun(one)
    await made.lose(one)
    stored = await check(two, [*received, *await rest_of(two, received)])
    assert texts(stored.steps) == ["all"]


async def test_shutting_down_hands_it_over() -> None:
    made = cluster()
    first = here(cut())
    one, two = joined(made, first), joined(made, here(whole("a")))
    stream = one.interactions.stream_create(Caller(), ask())
    received = list(await anext(stream))
    reader = asyncio.create_task(drain(stream))
    await first.taken()
    await one.process.hand_over(0)
    with pytest.raises(UnavailableError, match="shutting down"):
        await reader
    made.members.remove(one)
    await two.process.leases.turn()
    await made.settle()
    assert first.closed
    await check(two, [*received, *await rest_of(two, received)])


async def test_what_it_continues_is_told_again() -> None:
    made = cluster()
    first, second = here(whole("one"), whole("two"), cut()), here(whole("three"))
    one, two = joined(made, first), joined(made, second)
    previous = ""
    for asked in ("a", "b"):
        request = ask(asked, previous_interaction_id=previous) if previous else ask("a")
        said = await drain(one.interactions.stream_create(Caller(), request))
        previous = identifier_of(said)
    request = ask("c", previous_interaction_id=previous)
    stream = one.interactions.stream_create(Caller(), request)
    received = await until_delta(stream)
    await one.interactions.delete(Caller(), Delete(id=previous))
    await made.lose(one)
    await check(two, [*received, *await rest_of(two, received)])
    told = [
        step.user_input.content[0].text.text
        for step in second.asked[0].input.steps.items
        if step.HasField("user_input")
    ]
    assert told == ["a", "c"]
    assert not second.asked[0].HasField("previous_interaction_id")


async def test_a_server_that_is_not_configured_any_more_ends_it() -> None:
    made = cluster()
    gone = here()
    gone.endpoint = "other"
    one, two = joined(made, here(cut())), joined(made, gone)
    received = await begun(one)
    await made.lose(one)
    await rest_of(two, received)
    stored = await two.get(identifier_of(received))
    assert stored.status == Status.INTERACTION_STATUS_FAILED
    assert '"r", which is not configured' in stored.errors[0].message


@pytest.mark.parametrize(
    "again",
    [
        [text("Hello"), text(" there.")],
        [text("Hello there.")],
        [text("H"), text("ello there.")],
        [],
    ],
    ids=["same", "fewer", "more", "with the beginning"],
)
async def test_what_the_server_keeps_is_read_on_from_there(again: list[Event]) -> None:
    made = cluster()
    begin = start()
    if not again:
        begin.step_start.step.model_output.content.add().text.text = "Hello there."
    said = [created(THEIRS), begin, *again, stop(), completed(THEIRS)]
    one = joined(made, both([created(THEIRS), start(), text("Hel"), text("lo")]))
    second = both(*([event] for event in said))
    two = joined(made, second)
    received = await begun(one)
    await made.lose(one)
    stored = await check(two, [*received, *await rest_of(two, received)])
    assert texts(stored.steps) == ["Hello there."]
    assert not second.asked
    assert second.followed == [None]


async def test_a_server_that_begins_anew_voids_what_it_has_told() -> None:
    made = cluster()
    restarted = [created(THEIRS), start(), text("void"), start(), text("good")]
    first = both(restarted)
    second = both([created(THEIRS), start(), text("good one"), stop()])
    one, two = joined(made, first), joined(made, second)
    stream = one.interactions.stream_create(Caller(), ask())
    received = [event async for event in _until(stream, "good")]
    await made.settle()
    await made.lose(one)
    second.say([completed(THEIRS)])
    events = [*received, *await rest_of(two, received)]
    assert texts((await check(two, events)).steps) == ["good one"]


async def test_a_server_that_keeps_it_has_its_end() -> None:
    made = cluster()
    first = both([created(THEIRS), start(), text("a")])
    one, two = joined(made, first), joined(made, both())
    stream = one.interactions.stream_create(Caller(), ask())
    received = [event async for event in _until(stream, "a")]
    await one.process.hand_over(0)
    with pytest.raises(UnavailableError):
        await drain(stream)
    there = Interaction(id=THEIRS, status=Status.INTERACTION_STATUS_COMPLETED)
    there.steps.add().user_input.content.add().text.text = "hi"
    there.steps.add().model_output.content.add().text.text = "abc"
    _relay(two).there = there
    stored = await two.get(identifier_of(received))
    assert texts(stored.steps) == ["abc"]
    assert stored.status == Status.INTERACTION_STATUS_COMPLETED
    await check(two, [*received, *await rest_of(two, received)])
