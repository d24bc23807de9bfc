"""What has been told of one interaction so far: the events, and what they fold to.

Model events become interaction events in `core.assembler`, and the events become the
stored interaction in `core.fold`; nothing else makes output (design §4). Does no I/O,
and knows neither who runs nor where it is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from openinteractions.core import attempts, bounds, cursor, lifecycle, replay, usages
from openinteractions.core.assembler import Assembler
from openinteractions.core.attempts import FIRST, Attempts
from openinteractions.core.cursor import Cursor
from openinteractions.core.fold import Fold
from openinteractions.core.model_events import ModelEvent
from openinteractions.v1 import (
    error_pb2,
    event_pb2,
    interaction_pb2,
    step_pb2,
    usage_pb2,
)

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus
_Status = interaction_pb2.InteractionStatus


@dataclass(slots=True, eq=False)
class Telling:
    """One interaction as it is told, call after call."""

    interaction: Interaction
    """What is known beforehand: id (absent when not stored), model, echoed members."""
    assembler: Assembler
    """Of the call at hand."""
    cursors: str | None
    """What the tokens of the events begin with; None when they have none."""
    fold: Fold = field(default_factory=Fold)
    attempts: Attempts = FIRST
    before: Attempts | None = None
    """The attempts that made what is folded, while the last one has made no step."""
    standing: int = 0
    """How many steps stand for good: those of calls that have finished."""
    spent: usage_pb2.Usage | None = None
    """What earlier calls to the model have used."""

    def resume(self, interaction: Interaction, made: Attempts) -> None:
        """Go on from what is written."""
        steps = interaction.steps
        self.standing, self.fold, self.attempts = len(steps), Fold(steps), made
        if interaction.HasField("usage"):
            self.spent = interaction.usage

    def created(self) -> list[Event]:
        """Return the events with which it begins."""
        known = self.interaction
        first = Interaction(
            id=known.id,
            object=known.object,
            status=known.status,
            model=known.model,
            created=known.created,
        )
        return self.apply(bounds.created(first, known.id, self.cursors))

    def take(self, batch: Sequence[ModelEvent]) -> list[Event]:
        """Return what a model's events amount to.

        Raises:
            UpstreamFailedError: they make no sense; what came before them stands.
        """
        for said in batch:
            self.assembler.feed(said)
        return self.apply(self.assembler.drain())

    def finish(self) -> tuple[list[Event], _Status]:
        """End a call to the model; return its last events, and what it amounts to.

        Raises:
            UpstreamFailedError: what it said makes no sense.
        """
        self.assembler.finish()
        return self.apply(self.assembler.drain()), self.assembler.status()

    def drain(self) -> list[Event]:
        """Return what was made and not yet returned."""
        return self.apply(self.assembler.drain())

    def apply(self, events: list[Event]) -> list[Event]:
        """Fold events and return them."""
        for event in events:
            self.fold.apply(event)
        return events

    def abort(self) -> list[Event]:
        """Return what ends a call that is broken off."""
        self.assembler.abort()
        return self.drain()

    def add(self, step: step_pb2.Step) -> list[Event]:
        """Return the events of a step that came whole, behind those that stand."""
        self.before = None
        return self.apply(replay.whole_step(self.standing, step, self.cursors or ""))

    def settle(self, steps: int) -> Interaction:
        """Let that many steps stand, for a call has finished; return what is known."""
        self.spent = self.usage()
        self.standing, self.before = steps, None
        self.assembler = self.assembler.another(self.cursors, steps)
        known = Interaction()
        known.CopyFrom(self.interaction)
        if self.spent is not None:
            known.usage.CopyFrom(self.spent)
        known.steps.extend(self.steps())
        return known

    def steps(self) -> list[step_pb2.Step]:
        """Return the steps that stand."""
        return list(self.fold.result().steps)[: self.standing]

    def begin_attempt(self, epoch: int, retries: int) -> None:
        """Begin the call at hand anew: what it has told so far is void."""
        if self.assembler.end > self.standing:
            self.before = self.attempts  # until they are void for readers, too
        number = attempts.number(epoch, retries)
        self.attempts = self.attempts.begin(number, self.standing)
        self.cursors = cursor.prefix(self.interaction.id, number)
        self.assembler = self.assembler.another(self.cursors, self.standing)

    def fail(self, error: error_pb2.Error) -> list[Event]:
        """Return the events of a failure, after whatever was made before it."""
        failed = self.error(error)
        self.interaction.errors.append(error)
        return [*self.abort(), failed]

    def error(self, error: error_pb2.Error) -> Event:
        """Return the event of a failure that is none of the interaction's own."""
        return bounds.failed(error, self.cursors, len(self.interaction.errors))

    def end(
        self, ending: list[Event], status: _Status, now: float
    ) -> tuple[list[Event], Event]:
        """Return all the last events, and the very last apart."""
        if self.attempts.begun:
            ending = [*self._void(status), *ending]
        final = self.interaction
        final.status = status
        final.updated.FromSeconds(int(now))
        usage = self.assembler.usage if self.spent is None else self.usage()
        if usage is not None:
            final.usage.CopyFrom(usage)
        completed = bounds.completed(final, self.cursors)
        self.fold.apply(completed)
        return ending, completed

    def replay(self, after: Cursor | None) -> list[Event]:
        """Return the events up to now, after a cursor, made from what was folded."""
        steps, last_is_open = self.fold.so_far()
        made = self.attempts
        if self.before is not None and self.assembler.end == self.standing:
            made = self.before
        return replay.so_far(
            self.interaction,
            steps,
            after,
            last_is_open=last_is_open,
            attempts=made,
        )

    def usage(self) -> usage_pb2.Usage | None:
        """Return what all calls to the model have used."""
        said, spent = self.assembler.usage, self.spent
        if said is None or spent is None:
            return said or spent
        return usages.total(spent, said)

    def _void(self, status: _Status) -> list[Event]:
        """Return an empty answer where readers have void steps and get no others.

        Steps that a claim before this one made are not here; those of an earlier try
        of this one are, and stay if the call was cut.
        """
        kept = len(self.fold) > self.standing and status in lifecycle.CUT
        if self.assembler.end > self.standing or kept:
            return []
        empty = step_pb2.Step()
        empty.model_output.SetInParent()
        return self.add(empty)
