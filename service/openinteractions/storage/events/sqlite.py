"""The log between the processes of one machine: live events in the SQLite file.

Through the same writer and reader as the interactions, whose rows they belong to.
Followers read when a `LOGGED` signal wakes them, and now and then without one.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.signal_ports import Batch, LogGapError, Signal, Signals
from openinteractions.storage.events.frames import joined, taken_apart
from openinteractions.storage.events.succession import Place, Succession, Verdict, place
from openinteractions.storage.events.wakes import Wakes, ring
from openinteractions.storage.reader import Reader
from openinteractions.storage.writer import Writer

POLL_SECONDS = 1.0
"""After which silence a follower looks for what it was not told of."""

READ_BYTES = 1024 * 1024
"""How much a follower reads at once, unless one batch is larger."""

FIND = """
SELECT interactions.key, ifnull(runs.epoch, 0)
FROM interactions LEFT JOIN runs USING (key) WHERE interactions.id = ?
"""

LAST = """
SELECT epoch, number FROM events WHERE interaction = ?
ORDER BY epoch DESC, number DESC LIMIT 1
"""

CLEAR = "DELETE FROM events WHERE interaction = ?"

INSERT = """
INSERT INTO events (interaction, epoch, number, whole, events) VALUES (?, ?, ?, ?, ?)
"""

READ = """
WITH later AS (
    SELECT key, epoch, number, length(events) AS size FROM events
    WHERE interaction = (SELECT key FROM interactions WHERE id = ?)
        AND (epoch, number) > (?, ?)
    ORDER BY epoch, number LIMIT 64
),
counted AS (
    SELECT key, sum(size) OVER (ORDER BY epoch, number) - size AS before FROM later
)
SELECT epoch, number, whole, events FROM counted JOIN events USING (key)
WHERE before < ? ORDER BY epoch, number
"""


class SqliteLog:
    """An `EventLog` in the SQLite file of a `SqliteStore`."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        signals: Signals,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._signals = signals
        self._poll_seconds = poll_seconds
        self._wakes = Wakes()
        self._pages: dict[str, tuple[Place, list[Batch]]] = {}
        """The last page of a log that several follow here, and what it comes after."""
        signals.listen(self._hear)

    async def append(self, id: str, batch: Batch) -> None:  # noqa: A002 - the resource's own word
        """Add a batch; see `EventLog.append`."""
        data = joined(batch.events)

        def append(connection: sqlite3.Connection) -> bool:
            return _append(connection, id, batch, data)

        if await self._writer.write(append):
            self._signals.send(Signal.LOGGED, id)

    async def follow(self, id: str) -> AsyncIterator[Batch]:  # noqa: A002
        """Yield what is there and what comes; see `EventLog.follow`."""
        succession = Succession()
        with self._watch(id) as grown:
            while True:
                grown.clear()
                batches = await self._page(id, succession.place)
                for batch in batches:
                    if succession.judge(batch) is Verdict.GAP:
                        raise LogGapError(id)
                    yield batch
                if not batches:
                    await ring(grown, self._poll_seconds)

    async def trim(self, id: str) -> None:  # noqa: A002
        """Forget a log; see `EventLog.trim`."""

        def trim(connection: sqlite3.Connection) -> None:
            found = connection.execute(FIND, (id,)).fetchone()
            if found is not None:
                connection.execute(CLEAR, found[:1])

        await self._writer.write(trim)

    @contextlib.contextmanager
    def _watch(self, id: str) -> Iterator[asyncio.Event]:  # noqa: A002
        try:
            with self._wakes.watch(id) as grown:
                yield grown
        finally:
            if not self._wakes.count(id):
                self._pages.pop(id, None)

    async def _page(self, id: str, after: Place) -> list[Batch]:  # noqa: A002
        """Return the next batches after a place; what another has read, if it has."""
        place, batches = self._pages.get(id, (None, []))
        if place != after:
            batches = await self._read(id, after)
            if batches and self._wakes.count(id) > 1:
                self._pages[id] = after, batches
        return batches

    async def _read(self, id: str, after: Place) -> list[Batch]:  # noqa: A002
        """Return the next batches after a place; none when the file is out of reach."""
        try:
            rows = await self._reader.read(READ, (id, *after, READ_BYTES))
        except UnavailableError:
            return []
        return [
            Batch(epoch, number, bool(whole), taken_apart(events))
            for epoch, number, whole, events in rows
        ]

    def _hear(self, signal: Signal, id: str) -> None:  # noqa: A002
        if signal is Signal.LOGGED:
            self._wakes.wake(id)
        elif signal is Signal.MISSED:
            self._wakes.wake_all()


def _append(
    connection: sqlite3.Connection,
    id: str,  # noqa: A002
    batch: Batch,
    data: bytes,
) -> bool:
    """Add a batch unless it comes too late; say whether it was added."""
    found = connection.execute(FIND, (id,)).fetchone()
    if found is None:
        return False
    key, epoch = found
    last = connection.execute(LAST, (key,)).fetchone() or (0, 0)
    if batch.epoch < epoch or place(batch) <= last:
        return False
    if batch.whole:
        connection.execute(CLEAR, (key,))
    row = (key, batch.epoch, batch.number, batch.whole, data)
    connection.execute(INSERT, row)
    return True
