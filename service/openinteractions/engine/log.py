"""The events of one running interaction as they came, for any number of readers.

For what a relay passes on: its events are another server's, and a replay made of the
steps would not be the same ones. So a log holds them all, while the interaction runs
and no longer (see `journal` for what this server makes itself).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from openinteractions.core import cursor, marks, replay
from openinteractions.core.attempts import FIRST
from openinteractions.core.cursor import Cursor, Place
from openinteractions.core.fold import Fold
from openinteractions.engine.journal import straddles
from openinteractions.v1 import event_pb2, interaction_pb2

Event = event_pb2.InteractionEvent


class Log:
    """A growing list of events that can be followed from any of them."""

    def __init__(self, interaction_id: str) -> None:
        self._id = interaction_id
        self._events: list[Event] = []
        self._ended = False
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def append(self, events: Sequence[Event]) -> None:
        """Add events at the end and wake the readers."""
        self._events.extend(events)
        self._wake()

    def end(self, last: Sequence[Event] = (), error: Exception | None = None) -> None:
        """Add the last events; an error comes after them. No event follows."""
        self._events.extend(last)
        self._ended = True
        self._error = error
        self._wake()

    async def tail(self, after: Cursor | None = None) -> AsyncIterator[Sequence[Event]]:
        """Yield the events after a cursor, in order, until the interaction has ended.

        Batches are never empty. Raises the error that the log ended with.
        """
        position = self._find(after)
        if position:
            after = None
        while True:
            batch = self._events[position:]
            position += len(batch)
            if after is not None and batch:
                # From an earlier life of the interaction: its events come again.
                batch, reached = self._behind(batch, after)
                after = None if reached else after
            if batch:
                yield batch
            elif position < len(self._events):
                continue
            elif self._ended:
                break
            else:
                await self._news.wait()
        if self._error is not None:
            raise self._error

    def _find(self, after: Cursor | None) -> int:
        """Return where the event behind that of a cursor is; 0 if it is not here."""
        if after is None:
            return 0
        for index in range(len(self._events), 0, -1):
            if self._place(self._events[index - 1]) == after:
                return index
        return 0

    def _behind(self, batch: list[Event], after: Cursor) -> tuple[list[Event], bool]:
        """Return what lies behind a place, and whether the place has been reached.

        The events need not be those of the earlier life: where one begins before the
        place and ends behind it, what is lacking is made from what all of them tell.
        """
        for index, event in enumerate(batch):
            place = self._place(event)
            if place < after:
                continue
            if place == after:
                return batch[index + 1 :], True
            if straddles(event, after, self._id) or self._began_behind(after):
                return self._lacking(after), True
            return batch[index:], True
        return [], False

    def _began_behind(self, after: Cursor) -> bool:
        """Say whether a step began this time with more than a place in it has."""
        if after.place > Place.DELTA:
            return False
        begun = (self._place(e) for e in self._events if e.HasField("step_start"))
        return any(one[:2] == after[:2] and one.offset > after.offset for one in begun)

    def _lacking(self, after: Cursor) -> list[Event]:
        fold, attempts = Fold(), FIRST
        last: list[Event] = []
        for event in self._events:
            place = self._place(event)
            if place.step == cursor.END:
                last.append(event)
            elif marks.fits(event, len(fold)):
                fold.apply(event)
            if event.HasField("step_start") and place.attempt > attempts.last:
                attempts = attempts.begin(place.attempt, place.step)
        steps, last_is_open = fold.so_far()
        known = interaction_pb2.Interaction(id=self._id)
        return [
            *replay.so_far(
                known, steps, after, last_is_open=last_is_open, attempts=attempts
            ),
            *last,
        ]

    def _place(self, event: Event) -> Cursor:
        return cursor.decode(event.event_id, self._id)

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
