"""Which event may follow which, driven through the tables."""

from __future__ import annotations

from typing import cast

import pytest

from openinteractions.core.lifecycle import (
    CONTINUABLE,
    ENDED,
    PHASES,
    STEP_PHASES,
    IllegalEventError,
    Lifecycle,
    Phase,
    StepPhase,
    has_ended,
)
from openinteractions.v1 import event_pb2, interaction_pb2

Status = interaction_pb2.InteractionStatus
STATUSES = cast("list[interaction_pb2.InteractionStatus]", Status.values())
NAMES = tuple(
    field.name
    for field in event_pb2.InteractionEvent.DESCRIPTOR.oneofs_by_name["event"].fields
)


def event(
    name: str, index: int = 0, status: interaction_pb2.InteractionStatus | None = None
) -> event_pb2.InteractionEvent:
    """Return an event of that name."""
    made = event_pb2.InteractionEvent()
    if name == "other":
        made.other = "{}"
        return made
    member = getattr(made, name)
    member.SetInParent()
    if name.startswith("step_"):
        member.index = index
    if status is not None:
        member.interaction.status = status
    return made


def life(*events: event_pb2.InteractionEvent) -> Lifecycle:
    """Return a life that has seen these events."""
    made = Lifecycle()
    for each in events:
        made.feed(each)
    return made


LIVES = {
    Phase.NEW: (),
    Phase.RUNNING: (event("created"), event("step_start")),
    Phase.ENDED: (event("created"), event("completed")),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("phase", Phase)
def test_only_the_tables_transitions_are_legal(phase: Phase, name: str) -> None:
    made = life(*LIVES[phase])
    following = event(name, status=None)
    if name == "completed":
        following = event(name, status=Status.INTERACTION_STATUS_CANCELLED)
    if (phase, name) in PHASES:
        made.feed(following)
        assert made.phase is PHASES[phase, name]
    else:
        with pytest.raises(IllegalEventError):
            made.feed(following)
        assert made.phase is phase


STEP_LIVES = {
    StepPhase.ABSENT: (event("created"),),
    StepPhase.OPEN: (event("created"), event("step_start")),
    StepPhase.WHOLE: (event("created"), event("step_start"), event("step_stop")),
}


@pytest.mark.parametrize("name", ["step_start", "step_delta", "step_stop"])
@pytest.mark.parametrize("phase", StepPhase)
def test_only_the_tables_step_transitions_are_legal(
    phase: StepPhase, name: str
) -> None:
    made = life(*STEP_LIVES[phase])
    if (phase, name) in STEP_PHASES:
        made.feed(event(name))
        assert made.steps == [STEP_PHASES[phase, name]]
    else:
        with pytest.raises(IllegalEventError):
            made.feed(event(name))


@pytest.mark.parametrize("index", [-1, 1, 7])
def test_steps_start_in_order(index: int) -> None:
    with pytest.raises(IllegalEventError):
        life(event("created"), event("step_start", index))


def test_a_step_that_starts_again_voids_the_later_ones() -> None:
    made = life(
        event("created"),
        event("step_start", 0),
        event("step_stop", 0),
        event("step_start", 1),
        event("step_start", 0),
    )
    assert made.steps == [StepPhase.OPEN]


def test_only_what_was_cut_ends_with_an_open_step() -> None:
    opened = (event("created"), event("step_start"))
    for status in STATUSES:
        end = event("completed", status=status)
        if Status.Name(status).endswith(("FAILED", "CANCELLED", "INCOMPLETE")):
            life(*opened, end)
        else:
            with pytest.raises(IllegalEventError):
                life(*opened, end)


def test_every_status_has_ended_or_has_not() -> None:
    running = {
        Status.INTERACTION_STATUS_UNSPECIFIED,
        Status.INTERACTION_STATUS_QUEUED,
        Status.INTERACTION_STATUS_IN_PROGRESS,
    }
    assert {status for status in STATUSES if not has_ended(status)} == running
    assert CONTINUABLE < ENDED
