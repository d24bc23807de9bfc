"""Cursors for events that were not made here, and what they fold to.

Another server's stream may leave out what this one never would: an event for a step
that has not begun says nothing that could be stored, and is passed over. `Taken` knows
whether that has happened.
"""

from __future__ import annotations

from openinteractions.core import cursor
from openinteractions.core.cursor import Place
from openinteractions.core.extent import Extent
from openinteractions.core.fold import Fold
from openinteractions.v1 import event_pb2, interaction_pb2, step_pb2

Event = event_pb2.InteractionEvent


class Taken:
    """Takes the events of one interaction in their order, marks and folds them."""

    def __init__(self, interaction_id: str) -> None:
        self.torn = False
        """Whether something came that could not be folded."""
        self.completed: interaction_pb2.Interaction | None = None
        """The interaction of the last `completed` event."""
        self.failed: event_pb2.InteractionError | None = None
        """The last `error` event."""
        self._start = cursor.prefix(interaction_id)
        self._extents: list[Extent] = []
        self._fold = Fold()
        self._last = cursor.encode(self._start, 0, Place.CREATED)

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
        return cursor.encode(self._start, *place)

    def _begin(self, event: Event) -> str:
        index = event.step_start.index
        if not 0 <= index <= len(self._extents):
            self.torn = True
            return self._last
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
        return cursor.encode(
            self._start, index, place, extent.offset, extent.annotations
        )
