"""What must be true of a world, whatever happens in it.

The judge sees everything at once: the shared rows, what is asked of the model and of
tools, what clients did and were told. The first thing that is wrong ends the world.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from openinteractions.core import lifecycle
from openinteractions.core.errors import DomainError, QueueFullError, RequestError
from openinteractions.engine.store_ports import Record
from openinteractions.v1 import interaction_pb2, interaction_service_pb2, step_pb2
from tests.simulation import content
from tests.simulation.loop import LANE

if TYPE_CHECKING:
    from tests.simulation.world import World

Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus
Request = interaction_service_pb2.CreateInteractionRequest
Step = step_pb2.Step

STALE_SECONDS = 20.0
"""How long a process may go on with what it has lost: it learns of that when it gives
its next sign of life, which the store may refuse a few times."""


class ViolationError(BaseException):
    """Something is wrong that never may be."""


@dataclass
class Kept:
    """What the judge knows of one stored interaction."""

    marker: str
    owner: str
    background: bool = False
    acknowledged: bool = False
    cancelled: bool = False
    """Whether its cancel was acknowledged."""
    deleting: bool = False
    """Whether somebody has tried to delete it."""
    deleted: bool = False
    """Whether that was acknowledged."""
    steps: Sequence[bytes] = ()
    """Those that were written last."""
    ended: bytes | None = None
    """Its row when it had ended."""
    ended_at: float = 0.0
    """When that was first so."""


@dataclass(frozen=True)
class Before:
    """What was true of an interaction when a call began."""

    ended: bool = False
    cancelled: bool = False
    deleted: bool = False


class Judge:
    """Watches one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.kept: dict[str, Kept] = {}
        self._by_marker: dict[str, str] = {}

    def fail(self, what: str) -> NoReturn:
        """End the world."""
        error = ViolationError(what)
        self._world.fail(error)
        raise error

    def check(self, holds: object, what: str) -> None:
        """End the world unless something holds."""
        if not holds:
            self.fail(what)

    def written(self, record: Record, *, new: bool) -> None:
        """Look at a row that was just written."""
        interaction = record.interaction
        known = self.kept.get(interaction.id)
        if new:
            self.check(known is None, f"{interaction.id} was added twice")
            marker = record.request.input.text
            self._by_marker[marker] = interaction.id
            known = self.kept[interaction.id] = Kept(
                marker, record.owner, record.request.background
            )
        if known is None:
            self.fail(f"{interaction.id} was written and never added")
        steps = [
            step.SerializeToString(deterministic=True) for step in interaction.steps
        ]
        standing = list(known.steps)
        self.check(
            steps[: len(standing)] == standing,
            f"{interaction.id} lost steps that were written",
        )
        known.steps = steps
        if lifecycle.has_ended(interaction.status):
            row = interaction.SerializeToString(deterministic=True)
            self.check(
                known.ended in (None, row), f"{interaction.id} changed after its end"
            )
            known.ended_at = known.ended_at or self._world.now
            known.ended = row
            script = self._world.backend.scripts[known.marker]
            fault = content.fault(interaction, script)
            self.check(not fault, f"{interaction.id} ({known.marker}) {fault}")

    def swept(self, identifier: str) -> None:
        """Look at an interaction that was just deleted because its time is over."""
        known, ttl = self.kept[identifier], self._world.regime.ttl or 0.0
        self.check(known.ended is not None, f"{identifier} was swept and runs")
        age = self._world.now - created_at(identifier)
        self.check(
            age >= ttl - self._world.skew, f"{identifier} was swept at the age of {age}"
        )
        known.deleting = known.deleted = True

    def model_asked(self, marker: str, number: int, answered: Sequence[str]) -> None:
        """Check that a round is what comes next, as it is asked for."""
        row = self._world.row(self._by_marker.get(marker, ""))
        if row is None:
            return
        results = {step.function_result.call_id for step in row.steps} - {""}
        self.check(
            self._is_gone(marker) or set(answered) <= results,
            f"{marker}: round {number} is asked for before {answered} are written",
        )
        calls = [s.function_call.id for s in row.steps if s.HasField("function_call")]
        done = any(called.startswith(f"{marker}-{number}-") for called in calls)
        self._refuse_again(marker, f"round {number}", done=done)

    def tool_asked(self, marker: str, called: str) -> None:
        """Check that a call of a tool is what comes next, as it is run."""
        row = self._world.row(self._by_marker.get(marker, ""))
        if row is None:
            return
        calls = [step.function_call.id for step in row.steps]
        self.check(
            self._is_gone(marker) or called in calls,
            f"{marker}: {called} is run before it is written",
        )
        results = [step.function_result.call_id for step in row.steps]
        self._refuse_again(marker, called, done=called in results)

    def conversation(
        self,
        marker: str,
        before: Sequence[Step],
        calls: Sequence[str],
        answered: Sequence[str],
    ) -> None:
        """Check what the model is shown of an interaction."""
        self.check(
            len(set(answered)) == len(answered), f"{marker}: answered twice: {answered}"
        )
        self.check(
            all(called in calls for called in answered),
            f"{marker}: results without calls: {answered}, {calls}",
        )
        turns = [
            step.user_input.content[0].text.text
            for step in before
            if step.HasField("user_input")
        ]
        wanted = self._world.lineages.get(marker, [])
        there = [one for one in wanted if not self._is_gone(one)]
        self.check(
            [turn for turn in turns if turn in there] == there,
            f"{marker}: was shown {turns}, continues {wanted}",
        )

    def _has_lost(self, interaction_id: str) -> bool:
        """Say whether the process at hand holds no claim of an interaction."""
        run = self._world.run(interaction_id)
        return run is None or run.process != LANE.get().name

    def _refuse_again(self, marker: str, what: str, *, done: bool) -> None:
        interaction_id = self._by_marker[marker]
        row = self._world.row(interaction_id)
        ended = row is None or lifecycle.has_ended(row.status)
        if self._world.was_held(LANE.get().name, STALE_SECONDS):
            return  # It may not know yet what it has lost, even to itself.
        if self._has_lost(interaction_id):
            since = self._world.lost_at(interaction_id)
            late = since is not None and self._world.now - since > STALE_SECONDS
            self.check(
                not late, f"{marker}: {what} is asked for long after it was lost"
            )
            return
        self.check(
            not (done or ended), f"{marker}: {what} is asked for again after its end"
        )

    def _is_gone(self, marker: str) -> bool:
        known = self.kept.get(self._by_marker.get(marker, ""))
        return known is None or known.deleting

    def acknowledge(self, identifier: str, request: Request) -> None:
        """Note that a client has the id of what it asked for."""
        known = self.kept.get(identifier)
        if known is None:
            self.fail(f"{identifier} was acknowledged and is not there")
        self.check(
            known.marker == request.input.text, f"{identifier} is another's request"
        )
        known.acknowledged = True

    def excuse(self, error: Exception) -> None:
        """Check that a call may fail because of the state of the world."""
        self.check(
            isinstance(error, QueueFullError) or not self._world.regime.is_calm,
            f"nothing is wrong, and yet {error!r}",
        )

    def answered(self, answer: Interaction) -> None:
        """Check the answer of a call that created an interaction in one piece."""
        known = self.kept[answer.id]
        said = answer.SerializeToString(deterministic=True)
        self.check(said == known.ended, f"{answer.id} was answered otherwise")

    def missed(self, identifier: str, owner: str) -> None:
        """Check that an interaction may be missing."""
        known = self.kept[identifier]
        self.check(
            known.deleting or known.owner != owner or not known.acknowledged,
            f"{identifier} is lost",
        )

    def may_refuse(self, request: Request, error: DomainError) -> None:
        """Check that a request may be refused because of what it continues."""
        known = self.kept.get(request.previous_interaction_id)
        self.check(known is not None, f"{request.input.text} was refused: {error!r}")
        if known is not None and isinstance(error, RequestError):
            self.check(known.deleting, f"{request.input.text} was refused: {error!r}")

    def may_refuse_cancel(self, identifier: str, error: DomainError) -> None:
        """Check that a cancel may be refused, for the interaction has ended."""
        known = self.kept[identifier]
        self.check(known.ended is not None, f"{identifier}: {error!r}")

    def may_refuse_stream(self, identifier: str, error: DomainError) -> None:
        """Check that an interaction may not be streamed: never."""
        self.fail(f"{identifier}: {error!r}")

    def before(self, identifier: str) -> Before:
        """Return what has to be true of an answer to a call that begins now."""
        known = self.kept.get(identifier)
        if known is None:
            return Before()
        return Before(known.ended is not None, known.cancelled, known.deleted)

    def looked_at(self, interaction: Interaction, owner: str, before: Before) -> None:
        """Check what `get` answered."""
        name, known = interaction.id, self.kept.get(interaction.id)
        if known is None or known.owner != owner:
            self.fail(f"{name} was shown to {owner!r}")
        self.check(not before.deleted, f"{name} was shown after its delete")
        if before.cancelled:
            self.check(
                interaction.status == Status.INTERACTION_STATUS_CANCELLED,
                f"{name} was cancelled, and is {interaction.status}",
            )
        if not lifecycle.has_ended(interaction.status):
            self.check(not before.ended, f"{name} runs again after its end")
        elif known.ended is not None:
            shown = without_input(interaction)
            self.check(
                shown.SerializeToString(deterministic=True) == known.ended,
                f"{name} is shown otherwise than it was written",
            )


def created_at(identifier: str) -> float:
    """Return when an interaction was created, by the clock of who has done so."""
    return int(identifier[3:15], 16) / 1000


def without_input(interaction: Interaction) -> Interaction:
    """Return a copy without the steps of the input, of which there is one."""
    copy = Interaction()
    copy.CopyFrom(interaction)
    del copy.steps[0]
    return copy
