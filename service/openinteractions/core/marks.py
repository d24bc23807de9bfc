"""Cursors for events that were not made here, and what they fold to.

Another server's stream may leave out what this one never would: an event for a step
that has not begun says nothing that could be stored, and is passed over. `Taken` knows
whether that has happened. A step that begins again voids what came from it on: with it
a new attempt begins (`attempts`).
"""

from __future__ import annotations

from openinteractions.core import cursor, replay
from openinteractions.core.attempts import FIRST, Attempts
from openinteractions.core.cursor import Place
from openinteractions.core.extent import Extent
from openinteractions.core.fold import Fold
from openinteractions.v1 import event_pb2, interaction_pb2, step_pb2

Event = event_pb2.InteractionEvent


class Taken:
    """Takes the events of one interaction in their order, marks and folds them.

    `attempts` are those that have made its steps, as far as that is known.
    """

    def __init__(self, interaction_id: str, attempts: Attempts = FIRST) -> None:
        self.attempts = attempts
        """The attempts that have made its steps."""
        self.torn = False
        """Whether something came that could not be folded."""
        self.completed: interaction_pb2.Interaction | None = None
        """The interaction of the last `completed` event."""
        self.failed: event_pb2.InteractionError | None = None
        """The last `error` event."""
        self._id = interaction_id
        self._starts: dict[int, str] = {}
        self._anew = False
        self._extents: list[Extent] = []
        self._fold = Fold()
        self._last = self._encode(0, Place.CREATED)

    def begin_attempt(self, number: int) -> None:
        """Take from the beginning what is told anew: all that was told is void.

        What the server has begun anew itself may have taken the number already.
        """
        self.attempts = self.attempts.begin(max(number, self.attempts.last + 1), 0)
        self._anew = True
        self._extents, self._fold = [], Fold()
        self.torn, self.completed, self.failed = False, None, None

    def take(self, event: Event) -> None:
        """Take the next event, and mark it in place."""
        self._last = event.event_id = self._mark(event)
        kind = event.WhichOneof("event")
        if kind == "completed":
            self.completed = event.completed.interaction
        elif kind == "error":
            self.failed = event.error
        elif kind in ("other", None):
            self.torn = True

    def steps(self) -> list[step_pb2.Step]:
        """Return the steps so far; calls that are not whole are left out."""
        return list(self._fold.result().steps)

    def fill(self, interaction: interaction_pb2.Interaction) -> list[Event]:
        """Return what tells the steps of an interaction that ends, if that is lacking.

        So it is where an attempt has begun and told nothing: who has read an earlier
        one learns only so that it is void. Without steps there is an empty answer.
        """
        if not self._anew or self._extents:
            return []
        if not interaction.steps:
            interaction.steps.add().model_output.SetInParent()
        start = self._start(self.attempts.last)
        events: list[Event] = []
        for index, step in enumerate(interaction.steps):
            events += replay.whole_step(index, step, start)
        return events

    def _mark(self, event: Event) -> str:
        """Fold an event and return where it stands; else, where the last one does."""
        place: tuple[int, Place]
        match event.WhichOneof("event"):
            case "created":
                place = 0, Place.CREATED
            case "status_update" if not self._extents:
                place = 0, Place.STATUS
            case "step_start":
                return self._begin(event)
            case "step_delta":
                return self._grow(event)
            case "step_stop" if self._knows(event.step_stop.index):
                self._fold.apply(event)
                place = event.step_stop.index, Place.STOP
            case "error":
                place = cursor.END, Place.ERROR
            case "completed":
                place = cursor.END, Place.COMPLETED
            case _:
                return self._last
        return self._encode(*place)

    def _begin(self, event: Event) -> str:
        index = event.step_start.index
        if not 0 <= index <= len(self._extents):
            self.torn = True
            return self._last
        if index < len(self._extents):
            self.attempts = self.attempts.begin(self.attempts.last + 1, index)
            del self._extents[index:]
        self._extents.append(Extent(event.step_start.step))
        self._fold.apply(event)
        return self._at(index, Place.START)

    def _grow(self, event: Event) -> str:
        index = event.step_delta.index
        if not self._knows(index):
            return self._last
        delta = event.step_delta.delta
        self._extents[index].add(delta)
        self._fold.apply(event)
        return self._at(index, Place.DELTA)

    def _knows(self, index: int) -> bool:
        known = 0 <= index < len(self._extents)
        self.torn = self.torn or not known
        return known

    def _at(self, index: int, place: Place) -> str:
        extent = self._extents[index]
        return self._encode(index, place, extent.offset, extent.annotations)

    def _encode(
        self, index: int, place: Place, offset: int = 0, annotations: int = 0
    ) -> str:
        # As a replay has it: how an interaction begins is the same in all attempts.
        number = self.attempts.of(index) if place >= Place.START else 0
        return cursor.encode(self._start(number), index, place, offset, annotations)

    def _start(self, attempt: int) -> str:
        start = self._starts.get(attempt)
        if start is None:
            start = self._starts[attempt] = cursor.prefix(self._id, attempt)
        return start


def fits(event: Event, steps: int) -> bool:
    """Say whether an event can be folded, after others that made so many steps."""
    match event.WhichOneof("event"):
        case "step_start":
            return 0 <= event.step_start.index <= steps
        case "step_delta":
            return 0 <= event.step_delta.index < steps
        case "step_stop":
            return 0 <= event.step_stop.index < steps
    return True
