"""The events of one running interaction as they came, for any number of readers.

For what a relay passes on: its events are another server's, and a replay made of the
steps would not be the same ones. So a log holds them all, while the interaction runs
and no longer (see `journal` for what this server makes itself).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from openinteractions.core import cursor
from openinteractions.core.cursor import Cursor
from openinteractions.v1 import event_pb2

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
            if after is not None:
                # From an earlier life of the interaction: its events come again.
                batch = [event for event in batch if self._place(event) > after]
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

    def _place(self, event: Event) -> Cursor:
        return cursor.decode(event.event_id, self._id)

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
