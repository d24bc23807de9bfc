"""Interactions go when their time is over, and what continued them stays."""

from __future__ import annotations

import pytest

from openinteractions.core.errors import NotFoundError, UnavailableError
from openinteractions.core.model_events import Finish, FinishReason, Text
from openinteractions.engine.retention import AT_ONCE, Retention
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, Rig, ask, rig

Status = interaction_pb2.InteractionStatus
List = interaction_service_pb2.ListInteractionsRequest
STOP = Finish(FinishReason.STOP)
DAY = 86400.0


def answering(times: int) -> Puppet:
    """Return a model that answers that often."""
    puppet = Puppet()
    for _ in range(times):
        puppet.say([Text("x"), STOP])
        puppet.say(None)
    return puppet


def retention(made: Rig) -> Retention:
    """Return the sweep for interactions that live for a day."""
    return Retention(store=made.store, clock=made.clock, ttl_seconds=DAY)


async def test_what_is_old_goes_and_what_is_young_stays() -> None:
    made = rig(answering(3))
    old = await made.create(ask("a"))
    made.clock.seconds += DAY - 1
    assert await retention(made).turn() == 0
    young = await made.create(ask("b", previous_interaction_id=old.id))
    made.clock.seconds += 2
    assert await retention(made).turn() == 1
    with pytest.raises(NotFoundError):
        await made.get(old.id)
    assert (await made.get(young.id)).previous_interaction_id == old.id
    again = await made.create(ask("c", previous_interaction_id=young.id))
    assert again.status == Status.INTERACTION_STATUS_COMPLETED


async def test_many_go_at_once_whoever_they_belong_to() -> None:
    made = rig(answering(2 * AT_ONCE + 1))
    for number in range(2 * AT_ONCE + 1):
        await made.interactions.create(Caller(owner=str(number % 3)), ask())
    made.clock.seconds += DAY + 1
    assert await retention(made).turn() == 2 * AT_ONCE + 1
    assert await retention(made).turn() == 0


async def test_what_runs_stays_until_it_has_ended() -> None:
    made = rig(Puppet([Text("a")]))
    created = await made.interactions.create(Caller(), ask(background=True))
    made.clock.seconds += DAY + 1
    assert await retention(made).turn() == 0
    made.puppet.say([STOP])
    made.puppet.say(None)
    running = made.supervisor.find(created.id)
    assert running is not None
    await running.task
    assert await retention(made).turn() == 1


async def test_a_store_out_of_reach_leaves_it_to_the_next_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = rig(answering(1))
    await made.create(ask())
    made.clock.seconds += DAY + 1

    async def refuse(*_: object) -> bool:
        raise UnavailableError("The store is locked.")

    with monkeypatch.context() as patched:
        patched.setattr(made.store, "delete", refuse)
        sweep = retention(made)
        with pytest.raises(UnavailableError):
            await sweep.turn()
    assert await sweep.turn() == 1
