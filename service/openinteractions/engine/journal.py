"""The events of one running interaction, kept while it runs, for any number of readers.

The run appends and never waits; a reader that is behind gets everything that it lacks
in one batch. Events are kept serialized, a tenth of the size of messages; those that a
reader is about to take are kept as they are, too, so that nothing is parsed on the way
of a reader that keeps up. A slow one holds a position, not a copy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from openinteractions.core import cursor
from openinteractions.core.cursor import Cursor
from openinteractions.v1 import event_pb2

Event = event_pb2.InteractionEvent

RECENT = 512
"""How many events are kept as messages for readers that are a little behind."""


class Journal:
    """An append-only list of events that can be followed while it grows."""

    def __init__(self, interaction_id: str) -> None:
        self._id = interaction_id
        self._log: list[bytes] = []
        self._recent: list[Event] = []
        self._readers = 0
        self._ended = False
        self._error: Exception | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def append(self, events: Sequence[Event]) -> None:
        """Add events at the end and wake the readers."""
        self._log.extend([event.SerializeToString() for event in events])
        if self._readers:
            self._recent.extend(events)
            if len(self._recent) > RECENT:
                del self._recent[:-RECENT]
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
        self._readers += 1
        try:
            while True:
                if position < len(self._log):
                    batch = self._take(position)
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
        finally:
            self._readers -= 1
            if not self._readers:
                self._recent.clear()

    def _take(self, position: int) -> list[Event]:
        """Return the events from a position on."""
        oldest = len(self._log) - len(self._recent)
        if position >= oldest:
            batch = self._recent[position - oldest :]
        else:
            parsed = [Event.FromString(one) for one in self._log[position:oldest]]
            batch = parsed + self._recent
        if self._readers == 1:
            self._recent.clear()
        return batch

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
