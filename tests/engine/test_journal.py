"""Readers of a journal fold to the same, whenever they come, however they read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.core import cursor, replay
from openinteractions.core.cursor import Cursor
from openinteractions.core.errors import InternalError
from openinteractions.core.fold import Fold, fold
from openinteractions.core.lifecycle import Lifecycle, Phase
from openinteractions.core.model_events import Finish, FinishReason, ModelEvent, Text
from openinteractions.engine import journal
from openinteractions.engine.journal import Journal
from openinteractions.v1 import event_pb2, interaction_pb2
from tests.clock import WAIT_SECONDS
from tests.core.streams import ID, run, turns

Event = event_pb2.InteractionEvent


class Writer:
    """Folds events and appends them, as a run and its supervisor do."""

    def __init__(self) -> None:
        self.folded = Fold()
        self.journal = Journal(ID, self._replay)

    def _replay(self, after: Cursor | None) -> list[Event]:
        interaction = interaction_pb2.Interaction(id=ID, model="m")
        steps, last_is_open = self.folded.so_far()
        return replay.so_far(interaction, steps, after, last_is_open=last_is_open)

    def fold(self, events: Sequence[Event]) -> None:
        for event in events:
            self.folded.apply(event)


async def read(
    followed: Journal, *, pauses: int = 0, after: str | None = None
) -> list[Event]:
    """Read to the end, giving way so many times before each batch."""
    place = None if after is None else cursor.decode(after, ID)
    events: list[Event] = []
    async for batch in followed.tail(place):
        assert batch
        events += batch
        for _ in range(pauses):
            await asyncio.sleep(0)
    return events


@given(
    said=turns(),
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    pauses=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    recent=st.integers(1, 6),
    late=st.integers(0, 8),
    ahead=st.booleans(),
)
def test_readers_of_any_speed_fold_to_the_same(
    said: list[ModelEvent],
    sizes: list[int],
    pauses: list[int],
    recent: int,
    late: int,
    *,
    ahead: bool,
) -> None:
    whole = run(said)

    async def scenario() -> None:
        writer = Writer()
        followed = writer.journal
        readers = [asyncio.create_task(read(followed, pauses=n)) for n in pauses]
        await asyncio.sleep(0)
        left, turn, received = whole[:-1], 0, whole[0].event_id
        while left:
            size = sizes[turn % len(sizes)]
            batch, left = left[:size], left[size:]
            writer.fold(batch)
            if ahead:
                await asyncio.sleep(0)
            followed.append(batch)
            if turn == late:
                readers.append(asyncio.create_task(read(followed)))
                resumed = asyncio.create_task(read(followed, after=received))
            turn += 1
            await asyncio.sleep(0)
        followed.end(whole[-1:])
        async with asyncio.timeout(WAIT_SECONDS):
            streams = await asyncio.gather(*readers, read(followed))
            if turn > late:
                streams.append([whole[0], *await resumed])
        expected = fold(whole)
        for events in streams:
            assert fold(events) == expected
            tokens = [event.event_id for event in events]
            assert len(set(tokens)) == len(tokens)
            life = Lifecycle()
            for event in events:
                life.feed(event)
            assert life.phase is Phase.ENDED

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "RECENT", recent)
        asyncio.run(scenario())


async def test_a_reader_that_keeps_up_gets_the_events_themselves() -> None:
    events = run([])
    writer = Writer()
    reader = asyncio.create_task(read(writer.journal))
    await asyncio.sleep(0)
    for event in events[:-1]:
        writer.fold([event])
        writer.journal.append([event])
        await asyncio.sleep(0)
    writer.journal.end(events[-1:])
    for given_, event in zip(await reader, events, strict=True):
        assert given_ is event


async def test_an_error_comes_after_the_events() -> None:
    events = run([])
    writer = Writer()
    writer.fold(events[:2])
    writer.journal.append(events[:2])
    writer.journal.end((), InternalError("broken"))
    stream = writer.journal.tail()
    assert len(await anext(stream)) == 2
    with pytest.raises(InternalError, match="broken"):
        await anext(stream)


async def test_a_reader_who_leaves_while_waiting_leaves_nothing_behind() -> None:
    events = run([])
    writer = Writer()
    task = asyncio.create_task(read(writer.journal))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    writer.fold(events[:-1])
    writer.journal.append(events[:-1])
    writer.journal.end(events[-1:])
    assert fold(await read(writer.journal)) == fold(events)


@pytest.mark.parametrize("known", [1, 2, 3])
async def test_a_reader_that_knows_more_than_the_journal_is_told_nothing_twice(
    known: int,
) -> None:
    writer = Writer()
    live = run([Text("one "), Text("two "), Text("three"), Finish(FinishReason.STOP)])
    deltas = [event for event in live if event.HasField("step_delta")]
    before = live[: live.index(deltas[known - 1]) + 1]
    reader = asyncio.create_task(read(writer.journal, after=before[-1].event_id))
    await asyncio.sleep(0)
    # What another process logs may come in larger deltas, from the first event on.
    writer.fold(live)
    for event in writer.journal._replay(None):
        writer.journal.append([event])
        await asyncio.sleep(0)
    writer.journal.end()
    (step,) = fold([*before, *await reader]).steps
    assert step.model_output.content[0].text.text == "one two three"
