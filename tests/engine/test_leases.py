"""What a process learns when it gives a sign of life."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.core.model_events import Finish, FinishReason, Text
from openinteractions.engine.background import LOST, MOST_LOSSES
from openinteractions.engine.store_ports import Lease
from openinteractions.engine.supervisor import LEASE_SECONDS
from openinteractions.v1 import interaction_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.cluster import Member, Stream, cluster
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, ask, drain

Status = interaction_pb2.InteractionStatus
OTHER = Lease("other", LEASE_SECONDS)


async def running_stream(member: Member) -> str:
    """Start a stream that waits for its model; return its id."""
    stream = member.interactions.stream_create(Caller(), ask())
    batch = await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    return batch[0].created.interaction.id


async def test_a_row_whose_process_lives_is_left_alone() -> None:
    made = cluster()
    member, other = made.join(Puppet([Text("a")])), made.join()
    identifier = await running_stream(member)
    for _ in range(5):
        made.clock.seconds += LEASE_SECONDS - 1
        await member.process.leases.turn()
        await other.process.leases.turn()
        await made.settle()
    assert other.supervisor.find(identifier) is None
    member.puppet.say([Finish(FinishReason.STOP)])
    member.puppet.say(None)
    row = await member.finished(identifier)
    assert row.status == Status.INTERACTION_STATUS_COMPLETED


async def test_a_run_that_has_lost_its_row_stops_and_writes_nothing() -> None:
    made = cluster()
    member = made.join(Puppet([Text("a")]))
    identifier = await running_stream(member)
    made.clock.seconds += LEASE_SECONDS + 1
    (claimed,) = await made.store.claim(OTHER, 1)
    assert claimed.epoch == 2
    await member.process.leases.turn()
    await made.settle()
    assert member.supervisor.find(identifier) is None
    assert member.puppet.closed.is_set()
    row = await member.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_IN_PROGRESS


async def test_a_run_that_does_not_know_that_it_has_lost_its_row_cannot_write() -> None:
    made = cluster()
    member = made.join(Puppet([Text("a")]))
    identifier = await running_stream(member)
    made.clock.seconds += LEASE_SECONDS + 1
    await made.store.claim(OTHER, 1)
    member.puppet.say([Finish(FinishReason.STOP)])
    member.puppet.say(None)
    row = await member.finished(identifier)
    assert row.status == Status.INTERACTION_STATUS_IN_PROGRESS


async def test_what_is_held_and_does_not_run_is_given_back() -> None:
    made = cluster()
    member = made.join(Puppet([Text("a"), Finish(FinishReason.STOP)], None))
    crashed = made.join(Puppet([Text("lost")]))
    identifier = await running_stream(crashed)
    made.members.remove(crashed)
    await crashed.crash()
    made.clock.seconds += LEASE_SECONDS + 1
    # A claim whose answer never came.
    await made.store.claim(member.supervisor.lease, 1)
    await member.process.leases.turn()
    assert await made.store.queued() == 0
    await member.process.leases.turn()
    await made.settle()
    row = await member.finished(identifier)
    assert row.status == Status.INTERACTION_STATUS_COMPLETED


async def test_what_kills_every_process_fails_in_the_end() -> None:
    made = cluster()
    member = made.join(Puppet([Text("a")]))
    identifier = await running_stream(member)
    await made.lose(member)
    for number in range(MOST_LOSSES):
        made.clock.seconds += LEASE_SECONDS + 1
        await made.store.claim(Lease(f"dies {number}", LEASE_SECONDS), 1)
    survivor = made.join()
    made.clock.seconds += LEASE_SECONDS + 1
    await survivor.process.leases.turn()
    await made.settle()
    row = await survivor.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_FAILED
    assert row.errors[0].message.startswith(LOST)
    assert not survivor.puppet.asked


async def test_a_wish_whose_signal_was_lost_is_found() -> None:
    made = cluster()
    member, other = made.join(Puppet([Text("a")])), made.join()
    identifier = await running_stream(member)
    made.hub.leave(member.name)
    cancelling = asyncio.create_task(other.cancel(identifier))
    await made.settle()
    await member.process.leases.turn()
    async with asyncio.timeout(WAIT_SECONDS):
        row = await cancelling
    assert row.status == Status.INTERACTION_STATUS_CANCELLED


async def test_a_store_out_of_reach_is_no_reason_to_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = cluster()
    member = made.join(Puppet([Text("a")]))
    identifier = await running_stream(member)

    async def refuse(*_: object) -> None:
        raise UnavailableError("The store is locked.")

    monkeypatch.setattr(made.store, "renew", refuse)
    await member.process.leases.turn()
    assert "claims are not kept: The store is locked." in caplog.text
    assert member.supervisor.find(identifier) is not None


async def test_a_fault_does_not_end_the_claiming(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = cluster()
    crashed = made.join(Puppet([Text("lost")]))
    member = made.join(Puppet([Text("a"), Finish(FinishReason.STOP)], None))
    identifier = await running_stream(crashed)

    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(made.store, "claim", fail)
        patched.setattr(made.store, "renew", fail)
        await made.lose(crashed)
    assert "nothing can be claimed" in caplog.text
    assert "claims are not kept" in caplog.text
    await member.process.leases.turn()
    await made.settle()
    row = await member.finished(identifier)
    assert row.status == Status.INTERACTION_STATUS_COMPLETED


async def test_readers_of_a_run_that_was_lost_go_on_with_who_has_it() -> None:
    made = cluster()
    member = made.join(Puppet([Text("a")]))
    other = made.join(Puppet([Text("whole"), Finish(FinishReason.STOP)], None))
    stream = member.interactions.stream_create(Caller(), ask())
    begun = [*(await anext(stream))]
    identifier = begun[0].created.interaction.id
    reader = asyncio.create_task(drain(stream))
    await member.puppet.taken()
    # Its signs of life do not get through.
    made.clock.seconds += LEASE_SECONDS + 1
    await other.process.leases.turn()
    await made.settle()
    await member.process.leases.turn()
    async with asyncio.timeout(WAIT_SECONDS):
        events = [*begun, *await reader]
    again = await drain(member.interactions.stream(Caller(), Stream(id=identifier)))
    assert events[-1] == again[-1]
    starts = [event for event in events if event.HasField("step_start")]
    assert [event.step_start.index for event in starts] == [0, 0]
