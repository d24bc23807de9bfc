"""A running row lives as long as its process says so, and no longer."""

from __future__ import annotations

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.core.model_events import Finish, FinishReason, Text
from openinteractions.engine.leases import LOST, Leases
from openinteractions.engine.supervisor import LEASE_SECONDS, Supervisor
from openinteractions.engine.writes import HandedOverError
from openinteractions.v1 import error_pb2, interaction_pb2
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, Rig, ask, drain, rig

Status = interaction_pb2.InteractionStatus


async def running_stream(made: Rig) -> str:
    """Start a stream that waits for its model; return its id."""
    stream = made.interactions.stream_create(Caller(), ask())
    batch = await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    return batch[0].created.interaction.id


async def test_a_row_whose_process_is_gone_fails_after_its_lease() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    # Another process: it has the store and the clock, but runs nothing.
    other = Leases(store=made.store, supervisor=Supervisor(), clock=made.clock)

    made.clock.seconds += LEASE_SECONDS - 1
    await other.turn()
    row = await made.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_IN_PROGRESS

    made.clock.seconds += 2
    await other.turn()
    row = await made.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_FAILED
    assert list(row.errors) == [error_pb2.Error(code="internal_error", message=LOST)]
    assert row.updated.seconds == int(made.clock.seconds)
    await made.supervisor.close(0)


async def test_a_row_whose_process_lives_is_left_alone() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    own = Leases(store=made.store, supervisor=made.supervisor, clock=made.clock)
    other = Leases(store=made.store, supervisor=Supervisor(), clock=made.clock)
    for _ in range(5):
        made.clock.seconds += LEASE_SECONDS - 1
        await own.turn()
        await other.turn()
    row = await made.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_IN_PROGRESS
    made.puppet.say([Finish(FinishReason.STOP)])
    made.puppet.say(None)
    running = made.supervisor.find(identifier)
    assert running is not None
    await running.task
    row = await made.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_COMPLETED


async def test_a_run_that_lost_its_row_does_not_write_over_it() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    running = made.supervisor.find(identifier)
    assert running is not None
    made.clock.seconds += LEASE_SECONDS + 1
    await Leases(store=made.store, supervisor=Supervisor(), clock=made.clock).turn()
    made.puppet.say([Finish(FinishReason.STOP)])
    made.puppet.say(None)
    with pytest.raises(HandedOverError):
        await drain(running.journal.tail())
    row = await made.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_FAILED


async def test_opening_sweeps_and_closing_stops() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    made.clock.seconds += LEASE_SECONDS + 1
    async with Leases(store=made.store, supervisor=Supervisor(), clock=made.clock):
        row = await made.get(identifier)
    assert row.status == Status.INTERACTION_STATUS_FAILED
    await made.supervisor.close(0)


async def test_a_store_out_of_reach_is_no_reason_to_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = rig()

    async def refuse(*_: object) -> None:
        raise UnavailableError("The store is locked.")

    monkeypatch.setattr(made.store, "renew", refuse)
    await Leases(store=made.store, supervisor=made.supervisor, clock=made.clock).turn()
    assert "claims are not kept: The store is locked." in caplog.text
