"""Who leaves a run, or one that was about to begin, leaves it to others at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from openinteractions.core.errors import (
    NotFoundError,
    PreconditionError,
    UnavailableError,
)
from openinteractions.core.model_events import Finish, FinishReason, Text
from openinteractions.engine.background import Limits
from openinteractions.engine.store_ports import Claimed, Lease, Record
from openinteractions.engine.supervisor import LEASE_SECONDS
from openinteractions.storage.memory import MemoryStore
from openinteractions.v1 import interaction_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.cluster import Cluster, Member, cluster
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, ask

Status = interaction_pb2.InteractionStatus
STOP = Finish(FinishReason.STOP)
COMPLETED = Status.INTERACTION_STATUS_COMPLETED
OTHER = Lease("other", LEASE_SECONDS)


class FickleStore(MemoryStore):
    """A store that refuses ends, and takes its time to add, while it is told so."""

    def __init__(self) -> None:
        super().__init__(lambda: 1_780_000_000.0)
        self.refuses = asyncio.Event()
        self.hasty = asyncio.Event()
        self.adding = asyncio.Event()
        self.adds_first = False
        """Whether what is added is there before the wait, or after it."""
        self.goes_on = False
        """Whether what is on its way arrives though its caller has left."""
        self.hasty.set()

    async def update(self, record: Record, epoch: int) -> bool:
        """Refuse, maybe."""
        if self.refuses.is_set():
            raise UnavailableError("The store is locked.")
        return await super().update(record, epoch)

    async def add(self, record: Record, lineage: Sequence[str], **claim: Any) -> None:
        """Add it, maybe later."""
        adding = asyncio.ensure_future(self._add(record, lineage, **claim))
        await (asyncio.shield(adding) if self.goes_on else adding)

    async def _add(self, record: Record, lineage: Sequence[str], **claim: Any) -> None:
        if self.adds_first:
            await super().add(record, lineage, **claim)
        self.adding.set()
        await self.hasty.wait()
        if not self.adds_first:
            await super().add(record, lineage, **claim)


class Pauses:
    """Pauses that last for ever."""

    def __init__(self, member: Member) -> None:
        self.begun = asyncio.Event()
        member.process.background._planner._sleep = self.sleep

    async def sleep(self, _: float) -> None:
        """Pause."""
        self.begun.set()
        await asyncio.Event().wait()


async def waiting_to_write(made: Cluster, member: Member) -> str:
    """Begin a run whose end cannot be written; return its id while it pauses."""
    store, pauses = made.store, Pauses(member)
    assert isinstance(store, FickleStore)
    store.refuses.set()
    created = await member.interactions.create(Caller(), ask(background=True))
    async with asyncio.timeout(WAIT_SECONDS):
        await pauses.begun.wait()
    store.refuses.clear()
    return created.id


def fickle() -> tuple[Cluster, FickleStore, Member]:
    """Return a process over a fickle store, whose model says one word."""
    store = FickleStore()
    made = cluster(store=store)
    return made, store, made.join(Puppet([Text("a"), STOP], None))


async def test_who_waits_to_write_leaves_at_once_when_the_claim_is_lost() -> None:
    made, store, member = fickle()
    identifier = await waiting_to_write(made, member)
    store._runs._now = lambda: 1_780_000_000.0 + LEASE_SECONDS + 1
    (claimed,) = await store.claim(OTHER, 1)
    assert claimed.epoch == 2
    await member.process.leases.turn()
    await made.settle()
    assert member.supervisor.find(identifier) is None
    row = await member.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_IN_PROGRESS


async def test_who_waits_to_write_tries_at_once_when_it_is_to_stop() -> None:
    made, _, member = fickle()
    identifier = await waiting_to_write(made, member)
    async with asyncio.timeout(WAIT_SECONDS):
        with pytest.raises(PreconditionError, match="completed"):
            await member.cancel(identifier)


async def test_who_waits_to_write_tries_once_more_before_it_hands_over() -> None:
    made, _, member = fickle()
    identifier = await waiting_to_write(made, member)
    async with asyncio.timeout(WAIT_SECONDS):
        await member.process.hand_over(60)
    assert (await member.get(identifier)).status == COMPLETED


async def test_a_cancel_that_a_delete_overtakes_finds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = cluster(limits=Limits(concurrency=0))
    member = made.join()
    created = await member.interactions.create(Caller(), ask(background=True))
    claim_one = made.store.claim_one

    async def claim_last(id: str, owner: str, lease: Lease) -> Claimed | None:  # noqa: A002
        claimed = await claim_one(id, owner, lease)
        await made.store.delete(id, owner)
        return claimed

    monkeypatch.setattr(made.store, "claim_one", claim_last)
    with pytest.raises(NotFoundError):
        await member.cancel(created.id)


async def test_nothing_is_asked_for_what_is_deleted_while_it_is_taken_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = cluster()
    crashed, member = made.join(Puppet([Text("lost")])), made.join()
    created = await crashed.interactions.create(Caller(), ask(background=True))
    conversation = made.store.conversation

    async def delete_first(id: str, owner: str) -> Sequence[Record]:  # noqa: A002
        await made.store.delete(id, owner)
        return await conversation(id, owner)

    monkeypatch.setattr(made.store, "conversation", delete_first)
    await made.lose(crashed)
    assert not member.puppet.asked
    assert member.supervisor.find(created.id) is None
    assert member.process.background.busy == 0


@pytest.mark.parametrize("leaves", ["caller", "process"])
@pytest.mark.parametrize("row", ["not yet", "added", "on its way"])
async def test_nothing_is_left_of_a_create_that_is_overtaken(
    leaves: str, row: str
) -> None:
    made, store, member = fickle()
    store.adds_first, store.goes_on = row == "added", row == "on its way"
    store.hasty.clear()
    create = member.interactions.create(Caller(), ask(background=True))
    creating = asyncio.create_task(create)
    async with asyncio.timeout(WAIT_SECONDS):
        await store.adding.wait()
        if leaves == "caller":
            creating.cancel()
        else:
            await member.process.hand_over(60)
        store.hasty.set()
        (error,) = await asyncio.gather(creating, return_exceptions=True)
    kind = asyncio.CancelledError if leaves == "caller" else UnavailableError
    assert isinstance(error, kind)
    await made.settle()
    assert await store.list("", limit=9, before=None) == []
    assert (await store.renew(member.supervisor.lease)).held == {}
    assert member.process.background.busy == 0


async def test_a_stream_that_is_stored_while_its_process_ends_is_given_back() -> None:
    made, store, member = fickle()
    store.hasty.clear()
    stream = member.interactions.stream_create(Caller(), ask())
    reading = asyncio.create_task(_last(stream))
    async with asyncio.timeout(WAIT_SECONDS):
        await store.adding.wait()
        closing = asyncio.create_task(member.process.hand_over(0))
        await made.settle()
        store.hasty.set()
        await closing
        await asyncio.gather(reading, return_exceptions=True)
    (entry,) = await store.list("", limit=9, before=None)
    holder = await store.holder(entry.id, "")
    assert holder is None or holder.process is None


async def test_background_runs_are_given_back_before_streams_have_finished() -> None:
    made = cluster()
    member = made.join(Puppet([Text("a")]))
    other = made.join(Puppet([Text("b"), STOP], None))
    stream = member.interactions.stream_create(Caller(), ask())
    await anext(stream)
    created = await member.interactions.create(Caller(), ask(background=True))
    closing = asyncio.create_task(member.process.hand_over(60))
    await made.settle()
    assert not closing.done()
    other.process.sweep()
    await made.settle()
    assert (await other.get(created.id)).status == COMPLETED
    member.puppet.say([STOP])
    member.puppet.say(None)
    async with asyncio.timeout(WAIT_SECONDS):
        await asyncio.gather(closing, _last(stream))


async def test_what_a_process_holds_without_knowing_is_given_back() -> None:
    made = cluster()
    crashed, member = made.join(Puppet([Text("lost")])), made.join()
    created = await crashed.interactions.create(Caller(), ask(background=True))
    made.members.remove(crashed)
    await crashed.crash()
    made.clock.seconds += LEASE_SECONDS + 1
    # A claim whose answer never came.
    await made.store.claim(member.supervisor.lease, 1)
    await member.process.hand_over(0)
    holder = await made.store.holder(created.id, "")
    assert holder is not None
    assert holder.process is None


@pytest.mark.parametrize("call", ["add", "update", "conversation", "renew", "release"])
async def test_a_store_that_does_not_answer_holds_up_no_shutdown(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    made = cluster()
    lost, member = made.join(Puppet([Text("lost")])), made.join(Puppet())
    await lost.interactions.create(Caller(), ask(background=True))
    await made.settle()
    hangs = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        hangs.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr("openinteractions.engine.process.GIVING_BACK_SECONDS", 0.01)
        patched.setattr("openinteractions.engine.supervisor.LEAVING_SECONDS", 0.01)
        patched.setattr(made.store, call, hang)
        create = member.interactions.create(Caller(), ask(background=call != "add"))
        creating = asyncio.create_task(create)
        if call == "conversation":
            await made.lose(lost)
        if call in {"add", "update"}:
            member.puppet.say([STOP])
            member.puppet.say(None)
        await made.settle()
        async with asyncio.timeout(WAIT_SECONDS):
            await member.process.hand_over(0)
        assert hangs.is_set()
    creating.cancel()
    await asyncio.gather(creating, return_exceptions=True)


async def test_what_was_claimed_and_does_not_run_yet_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = cluster()
    lost, member = made.join(Puppet([Text("lost")])), made.join(Puppet())
    created = await lost.interactions.create(Caller(), ask(background=True))
    stream = member.interactions.stream_create(Caller(), ask())
    reading = asyncio.create_task(_last(stream))

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(made.store, "conversation", hang)
    await made.lose(lost)
    holder = await made.store.holder(created.id, "")
    assert holder is not None
    assert holder.process == member.name

    closing = asyncio.create_task(member.process.hand_over(60))
    await made.settle()
    assert not closing.done()
    holder = await made.store.holder(created.id, "")
    assert holder is not None
    assert holder.process is None
    member.puppet.say([STOP])
    member.puppet.say(None)
    async with asyncio.timeout(WAIT_SECONDS):
        await asyncio.gather(closing, reading)


@pytest.mark.parametrize("row", ["not yet", "added", "on its way"])
async def test_nothing_waits_whose_caller_has_left_without_its_id(row: str) -> None:
    store = FickleStore()
    made = cluster(store=store, limits=Limits(concurrency=0))
    member = made.join()
    store.adds_first, store.goes_on = row == "added", row == "on its way"
    store.hasty.clear()
    create = member.interactions.create(Caller(), ask(background=True))
    creating = asyncio.create_task(create)
    async with asyncio.timeout(WAIT_SECONDS):
        await store.adding.wait()
        creating.cancel()
        store.hasty.set()
        await asyncio.gather(creating, return_exceptions=True)
    assert creating.cancelled()
    await made.settle()
    assert await store.queued() == 0


async def _last(stream: Any) -> None:
    async for _ in stream:
        pass
