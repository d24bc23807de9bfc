"""The events of one running interaction, for any number of readers.

The run appends and never waits. Only what a reader is about to take is kept: one that
comes late, or falls too far behind, is given what it lacks from the steps as they have
been folded, in fewer and larger deltas, and goes on from there. So a journal holds
nothing that the run does not hold already, however many read it, and however slowly.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from openinteractions.core import cursor
from openinteractions.core.cursor import Cursor
from openinteractions.core.extent import Extent
from openinteractions.v1 import event_pb2, step_pb2

Event = event_pb2.InteractionEvent
Replay = Callable[[Cursor | None], Sequence[Event]]
"""Makes the events up to now, after a cursor if there is one."""

RECENT = 256
"""How many events are kept for readers that are a little behind."""


@dataclass(slots=True)
class _Reader:
    """How far a reader has come."""

    after: Cursor | None
    token: str | None = None
    """The id of the last event that it was given."""
    position: int = -1
    """How many events it knows; none of them, not even that there are none."""
    replayed: bool = True


def straddles(event: Event, place: Cursor, interaction_id: str) -> bool:
    """Say whether an event from behind a place begins before it.

    Deltas that a replay made may be larger than what a reader lacks.
    """
    if not event.HasField("step_delta"):
        return False
    at = cursor.decode(event.event_id, interaction_id)
    if at[:2] != place[:2]:
        return False
    extent = Extent(step_pb2.Step())
    extent.add(event.step_delta.delta)
    return at.offset - extent.offset < place.offset


class Journal:
    """A growing list of events that can be followed from any point.

    `replay` makes events from what the run has folded; it may be ahead of the journal
    by what the run is about to append.
    """

    def __init__(self, interaction_id: str, replay: Replay) -> None:
        self._id = interaction_id
        self._replay = replay
        self._recent: list[Event] = []
        self._length = 0
        self._readers = 0
        self._ended = False
        self._last: list[Event] = []
        self._error: Exception | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def append(self, events: Sequence[Event]) -> None:
        """Add events at the end and wake the readers."""
        self._length += len(events)
        if self._readers:
            self._recent.extend(events)
            if len(self._recent) > RECENT:
                del self._recent[:-RECENT]
        self._wake()

    def end(self, last: Sequence[Event] = (), error: Exception | None = None) -> None:
        """Add the events that end the interaction; with an error, it comes after them.

        No event follows. They are kept, because no replay has them.
        """
        self._last = list(last)
        self._ended = True
        self._error = error
        self._wake()

    async def tail(self, after: Cursor | None = None) -> AsyncIterator[Sequence[Event]]:
        """Yield the events after a cursor, in order, until the interaction has ended.

        Batches are never empty. Raises the error that the journal ended with.
        """
        reader = _Reader(after)
        self._readers += 1
        try:
            while True:
                if reader.position < self._length:
                    batch = self._take(reader)
                    if batch:
                        reader.token = batch[-1].event_id
                        yield batch
                elif self._ended:
                    break
                else:
                    await self._more()
        finally:
            self._readers -= 1
            if not self._readers:
                self._recent.clear()
        last = self._after(self._last, self._place(reader))
        if last:
            yield last
        if self._error is not None:
            raise self._error

    def _take(self, reader: _Reader) -> Sequence[Event]:
        """Return what a reader lacks, and move it to the end."""
        position, reader.position = reader.position, self._length
        oldest = self._length - len(self._recent)
        if position < oldest:
            reader.replayed = True
            return self._replay(self._place(reader)) if self._length else ()
        batch = self._recent[position - oldest :]
        if self._readers == 1:
            self._recent.clear()
        if reader.replayed:
            # A replay, or the reader itself, may be ahead of the journal.
            place = self._place(reader)
            batch = self._after(batch, place)
            if batch and place is not None and straddles(batch[0], place, self._id):
                return self._replay(place)
            reader.replayed = not batch
        return batch

    def _place(self, reader: _Reader) -> Cursor | None:
        if reader.token is None:
            return reader.after
        return cursor.decode(reader.token, self._id)

    def _after(self, events: list[Event], place: Cursor | None) -> list[Event]:
        if place is None:
            return events
        return [
            event for event in events if cursor.decode(event.event_id, self._id) > place
        ]

    async def _more(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
