"""A run ends as it should, wherever it is stopped, left, or let down."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.core.fold import fold
from openinteractions.core.lifecycle import Lifecycle, Phase, has_ended
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Text,
    Thought,
)
from openinteractions.engine.store_ports import Record
from openinteractions.storage.memory import MemoryStore
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, Rig, ask, drain, names, rig

Status = interaction_pb2.InteractionStatus
List = interaction_service_pb2.ListInteractionsRequest
Cancel = interaction_service_pb2.CancelInteractionRequest

STOP = Finish(FinishReason.STOP)
TURN: list[ModelEvent] = [
    Thought("hm"),
    Signature("eA=="),
    Text("a"),
    Text("b"),
    CallFragment(0, "x", "f", '{"n":'),
    CallFragment(0, "", "", "1}"),
    Finish(FinishReason.CALLS),
]
NAMELESS = CallFragment(7, "y", "", "{}")


async def only(made: Rig) -> interaction_pb2.Interaction | None:
    """Return the one stored interaction, once nothing runs any more."""
    page = await made.interactions.list(Caller(), List())
    if not page.interactions:
        return None
    (listed,) = page.interactions
    running = made.supervisor.find(listed.id)
    if running is not None:
        async with asyncio.timeout(WAIT_SECONDS):
            await running.task
    return await made.get(listed.id)


@pytest.mark.parametrize("place", range(len(TURN)))
@pytest.mark.parametrize("reads", ["one read", "a read for each"])
async def test_a_mistake_anywhere_in_a_read_loses_nothing_before_it(
    place: int, reads: str
) -> None:
    said = [*TURN[:place], NAMELESS, *TURN[place:]]
    batches = [said] if reads == "one read" else [[event] for event in said]
    made = rig(Puppet(*batches, None))
    events = await drain(made.interactions.stream_create(Caller(), ask()))

    life = Lifecycle()
    for event in events:
        life.feed(event)
    assert life.phase is Phase.ENDED
    assert names(events)[-2:] == ["error", "completed"]
    completed = events[-1].completed.interaction
    assert completed.status == Status.INTERACTION_STATUS_FAILED
    stored = await made.get(completed.id)
    del stored.steps[0]
    assert stored == fold(events)
    texts = "".join(event.text for event in TURN[:place] if isinstance(event, Text))
    kept = [
        step.model_output.content[0].text.text
        for step in stored.steps
        if step.HasField("model_output")
    ]
    assert kept == ([texts] if texts else [])


@pytest.mark.parametrize("turns", range(12))
async def test_a_caller_may_leave_at_any_moment(turns: int) -> None:
    made = rig(Puppet([Text("a")], [Text("b"), STOP], None))
    task = asyncio.create_task(drain(made.interactions.stream_create(Caller(), ask())))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)
    stored = await only(made)
    # Either it never was, or it came to its own end.
    if stored is not None:
        assert stored.status == Status.INTERACTION_STATUS_COMPLETED
        assert stored.steps[-1].model_output.content[0].text.text == "ab"


@pytest.mark.parametrize("turns", range(12))
async def test_a_run_may_be_cancelled_at_any_moment(turns: int) -> None:
    made = rig(Puppet([Text("a")]))
    stream = made.interactions.stream_create(Caller(), ask())
    async with asyncio.timeout(WAIT_SECONDS):
        identifier = (await anext(stream))[0].created.interaction.id
        reader = asyncio.create_task(drain(stream))
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled = await made.interactions.cancel(Caller(), Cancel(id=identifier))
        events = await reader
    assert cancelled.status == Status.INTERACTION_STATUS_CANCELLED
    assert names(events)[-1] == "completed"
    assert made.puppet.closed.is_set()


async def test_a_reader_of_the_first_delta_may_cancel_at_once() -> None:
    made = rig(Puppet([Text("a")], [Text("b")]))
    async with asyncio.timeout(WAIT_SECONDS):
        async for batch in made.interactions.stream_create(Caller(), ask()):
            if batch[0].HasField("created"):
                identifier = batch[0].created.interaction.id
            elif any(event.HasField("step_delta") for event in batch):
                cancel = Cancel(id=identifier)
                done = await made.interactions.cancel(Caller(), cancel)
                break
    assert done.status == Status.INTERACTION_STATUS_CANCELLED


class LateStore(MemoryStore):
    """A store that takes an end only at the n-th try."""

    def __init__(self, tries: int) -> None:
        super().__init__()
        self.left = tries

    async def update(self, record: Record, epoch: int) -> bool:
        self.left -= 1
        if self.left > 0:
            raise UnavailableError("The store is locked.")
        return await super().update(record, epoch)


@pytest.mark.parametrize("tries", range(1, 10))
async def test_an_end_waits_for_a_store_that_comes_back(tries: int) -> None:
    made = rig(Puppet([Text("kept"), STOP], None), store=LateStore(tries))
    events = await drain(made.interactions.stream_create(Caller(), ask()))
    assert names(events)[-1] == "completed"
    stored = await made.get(events[0].created.interaction.id)
    assert has_ended(stored.status)
    assert stored.steps[-1].model_output.content[0].text.text == "kept"


async def test_closing_ends_every_kind_of_run() -> None:
    made = rig()
    unary = asyncio.create_task(made.create(ask()))
    unstored = asyncio.create_task(
        drain(made.interactions.stream_create(Caller(), ask(store=False)))
    )
    stored = asyncio.create_task(
        drain(made.interactions.stream_create(Caller(), ask()))
    )
    async with asyncio.timeout(WAIT_SECONDS):
        await made.puppet.was_asked(3)
        await made.supervisor.close(0)
        ended = await asyncio.gather(unary, unstored, stored, return_exceptions=True)
    assert [type(one) for one in ended] == [UnavailableError] * 3
    assert await only(made) is None


async def test_closing_lets_a_run_finish_that_is_quick_enough() -> None:
    made = rig()
    task = asyncio.create_task(made.create(ask()))
    await made.puppet.called.wait()
    closing = asyncio.create_task(made.supervisor.close(60))
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError, match="shutting down"):
        await made.create(ask())
    with pytest.raises(UnavailableError, match="shutting down"):
        await drain(made.interactions.stream_create(Caller(), ask()))
    made.puppet.say([Text("done"), STOP])
    made.puppet.say(None)
    async with asyncio.timeout(WAIT_SECONDS):
        await closing
    assert (await task).status == Status.INTERACTION_STATUS_COMPLETED
