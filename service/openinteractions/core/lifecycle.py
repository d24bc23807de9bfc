"""The life of an interaction, as tables: statuses, and the legal order of events.

Everything that affects which event may follow which lives in this file. Nothing here
does I/O, or knows who asked. The order is contract §6.2; a step that starts again
voids every step from its index on (design §7).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from openinteractions.v1 import event_pb2, interaction_pb2

Status = interaction_pb2.InteractionStatus

ENDED = frozenset(
    {
        Status.INTERACTION_STATUS_REQUIRES_ACTION,
        Status.INTERACTION_STATUS_COMPLETED,
        Status.INTERACTION_STATUS_FAILED,
        Status.INTERACTION_STATUS_CANCELLED,
        Status.INTERACTION_STATUS_INCOMPLETE,
        Status.INTERACTION_STATUS_BUDGET_EXCEEDED,
        Status.INTERACTION_STATUS_REQUIRES_CONTINUATION,
    }
)
"""The statuses after which an interaction does not change any more."""

CONTINUABLE = ENDED - {Status.INTERACTION_STATUS_REQUIRES_CONTINUATION}
"""The statuses of interactions that `previous_interaction_id` may name."""


CUT = frozenset(
    {
        Status.INTERACTION_STATUS_FAILED,
        Status.INTERACTION_STATUS_CANCELLED,
        Status.INTERACTION_STATUS_INCOMPLETE,
    }
)
"""The statuses of interactions that may end in the middle of a call."""


class Phase(enum.Enum):
    """How far an interaction has come."""

    NEW = "new"
    RUNNING = "running"
    ENDED = "ended"


class StepPhase(enum.Enum):
    """How far one step has come."""

    ABSENT = "absent"
    OPEN = "open"
    WHOLE = "whole"


PHASES: Mapping[tuple[Phase, str], Phase] = {
    (Phase.NEW, "created"): Phase.RUNNING,
    (Phase.RUNNING, "status_update"): Phase.RUNNING,
    (Phase.RUNNING, "step_start"): Phase.RUNNING,
    (Phase.RUNNING, "step_delta"): Phase.RUNNING,
    (Phase.RUNNING, "step_stop"): Phase.RUNNING,
    (Phase.RUNNING, "error"): Phase.RUNNING,
    (Phase.RUNNING, "completed"): Phase.ENDED,
}
"""What each event, by its name in the oneof, does to the interaction."""

STEP_PHASES: Mapping[tuple[StepPhase, str], StepPhase] = {
    (StepPhase.ABSENT, "step_start"): StepPhase.OPEN,
    (StepPhase.OPEN, "step_delta"): StepPhase.OPEN,
    (StepPhase.OPEN, "step_stop"): StepPhase.WHOLE,
    # A call that was cut starts anew: what it had opened or finished is void.
    (StepPhase.OPEN, "step_start"): StepPhase.OPEN,
    (StepPhase.WHOLE, "step_start"): StepPhase.OPEN,
}
"""What each event does to the step of its index."""


class IllegalEventError(Exception):
    """An event came that may not follow those before it."""


class Lifecycle:
    """Follows one interaction's events and refuses the first that is out of order.

    The judge of the tests: `core.assembler` makes only legal events, and pays nothing
    for being watched.

    Besides the tables: a step starts only when the steps before it are there, and
    the steps of an interaction are whole when it completes, but for a call that was
    cut by a failure, a cancel or a limit, which is then void.
    """

    def __init__(self) -> None:
        self.phase = Phase.NEW
        self.steps: list[StepPhase] = []

    def feed(self, event: event_pb2.InteractionEvent) -> None:
        """Take the next event.

        Raises:
            IllegalEventError: it may not come here; nothing has changed.
        """
        name = event.WhichOneof("event") or "nothing"
        phase = PHASES.get((self.phase, name))
        if phase is None:
            raise IllegalEventError(f"{name} while {self.phase.value}")
        if name.startswith("step_"):
            self._feed_step(name, getattr(event, name).index)
        elif name == "completed" and StepPhase.OPEN in self.steps:
            status = event.completed.interaction.status
            if status not in CUT:
                raise IllegalEventError(f"{name} while a step is open")
        self.phase = phase

    def _feed_step(self, name: str, index: int) -> None:
        known = 0 <= index < len(self.steps)
        before = self.steps[index] if known else StepPhase.ABSENT
        after = STEP_PHASES.get((before, name))
        if after is None or not 0 <= index <= len(self.steps):
            raise IllegalEventError(f"{name} of step {index}, which is {before.value}")
        if name == "step_start":
            del self.steps[index:]
            self.steps.append(after)
        else:
            self.steps[index] = after


def has_ended(status: interaction_pb2.InteractionStatus) -> bool:
    """Say whether an interaction of this status changes no more."""
    return status in ENDED
