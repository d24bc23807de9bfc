"""The events of one running interaction, kept while it runs, for any number of readers.

The run appends and never waits; a reader that is behind gets everything that it lacks
in one batch. A reader holds a position, not a copy, so a slow one costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from openinteractions.core import cursor
from openinteractions.core.cursor import Cursor
from openinteractions.v1 import event_pb2

Event = event_pb2.InteractionEvent


class Journal:
    """An append-only list of events that can be followed while it grows."""

    def __init__(self, interaction_id: str) -> None:
        self._id = interaction_id
        self._events: list[Event] = []
        self._ended = False
        self._error: Exception | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def append(self, events: Sequence[Event]) -> None:
        """Add events at the end and wake the readers."""
        self._events.extend(events)
        self._wake()

    def end(self, error: Exception | None = None) -> None:
        """Say that no event will follow; with an error, readers get it last."""
        self._ended = True
        self._error = error
        self._wake()

    async def tail(self, after: Cursor | None = None) -> AsyncIterator[Sequence[Event]]:
        """Yield the events after a cursor, in order, until the interaction has ended.

        Batches are never empty. Raises the error that the journal ended with.
        """
        position = 0
        while True:
            if position < len(self._events):
                batch = self._events[position:]
                position += len(batch)
                if after is not None:
                    batch = [e for e in batch if self._cursor(e) > after]
                if batch:
                    yield batch
            elif self._ended:
                if self._error is not None:
                    raise self._error
                return
            else:
                await self._more()

    def _cursor(self, event: Event) -> Cursor:
        return cursor.decode(event.event_id, self._id)

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
