"""What another process runs, as its log tells it, for the readers of this process.

They share one follower, and read a journal as they would read that of a run here: a
slow one is given what it lacks from what was folded. When the process is lost the log
goes on with what the next one tells. The row has the last word.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from openinteractions.core import cursor, lifecycle, marks, replay
from openinteractions.core.attempts import FIRST, Attempts
from openinteractions.core.cursor import Cursor
from openinteractions.core.errors import (
    DomainError,
    InternalError,
    NotFoundError,
    UnavailableError,
)
from openinteractions.core.fold import Fold
from openinteractions.engine.journal import Journal, straddles
from openinteractions.engine.news import News
from openinteractions.engine.signal_ports import (
    Batch,
    EventLog,
    LogGapError,
    Signal,
    Signals,
)
from openinteractions.engine.store_ports import (
    Holder,
    InteractionStore,
    Record,
    Wish,
)
from openinteractions.engine.supervisor import CLOSING
from openinteractions.v1 import event_pb2

Event = event_pb2.InteractionEvent

POLL_SECONDS = 2.0
"""When the row is looked at while the log is silent, in case that signals are lost."""

GAP_SECONDS = 0.1
"""How long after a gap the log is followed anew."""

log = logging.getLogger(__name__)


class Mirror:
    """An interaction that runs elsewhere, followed from its beginning to its end."""

    def __init__(
        self,
        record: Record,
        *,
        store: InteractionStore,
        log: EventLog,
        signals: Signals,
        news: News,
    ) -> None:
        self._id = record.interaction.id
        self._record = record
        self._store = store
        self._log = log
        self._signals = signals
        self._news = news
        self._fold = Fold()
        self._attempts = FIRST
        self._last: Cursor | None = None
        self._holder: Holder | None = None
        self.journal = Journal(self._id, self._replay)

    async def run(self) -> None:
        """Follow until the interaction has ended; failures go to the readers."""
        try:
            with self._news.watch(self._id) as news:
                while not await self._follow(news):
                    pass
        except DomainError as error:
            self.journal.end(error=error)
        except Exception:
            log.exception("interaction %s cannot be followed", self._id)
            self.journal.end(error=InternalError("Internal error."))

    async def _follow(self, news: asyncio.Event) -> bool:
        """Follow the log; False when it has to be followed anew."""
        batches = self._log.follow(self._id)
        coming = asyncio.ensure_future(anext(batches))
        self._holder = None
        try:
            looks = True
            while True:
                if looks and not coming.done() and await self._has_ended():
                    return True
                looks = await self._wait(coming, news)
                while coming.done():
                    if self._take(coming.result()):
                        return True
                    coming = asyncio.ensure_future(anext(batches))
                    await asyncio.sleep(0)
        except LogGapError:
            await asyncio.sleep(GAP_SECONDS)
            return False
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await batches.aclose()  # type: ignore[attr-defined]

    async def _wait(self, coming: asyncio.Future[Batch], news: asyncio.Event) -> bool:
        """Wait for the log, or until the row is to be looked at; say which it is."""
        told: asyncio.Future[Any] = asyncio.ensure_future(news.wait())
        try:
            either: set[asyncio.Future[Any]] = {coming, told}
            done, _ = await asyncio.wait(
                either,
                timeout=POLL_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            told.cancel()
        news.clear()
        return told in done or not done

    async def _has_ended(self) -> bool:
        """Look at the row; have who runs it log it, and end when nobody does."""
        owner = self._record.owner
        known, asks = self._holder, self._holder is None
        if asks:
            holder = await self._store.ask(self._id, owner, Wish.FOLLOW)
        else:
            holder = await self._store.holder(self._id, owner)
        self._holder = holder
        if holder is None:
            await self._finish()
            return True
        if holder.process is not None and (
            known is None or known.process != holder.process
        ):
            self._signals.send(Signal.FOLLOW, self._id, to=holder.process)
        if holder.process is None or holder.lost:
            self._signals.send(Signal.WORK)
        return False

    async def _finish(self) -> None:
        """Tell the rest from the row."""
        record = await self._store.get(self._id, self._record.owner)
        if record is None:
            raise NotFoundError("The interaction was deleted while it ran.")
        assert lifecycle.has_ended(record.interaction.status)  # noqa: S101 - as was said
        self._attempts = Attempts.parse(record.attempts)
        self._fold = Fold(record.interaction.steps)
        rest = replay.replay(record.interaction, self._last, self._attempts)
        self._tell(rest)

    def _take(self, batch: Batch) -> bool:
        """Take a batch of the log; True when it ends the interaction."""
        events = [Event.FromString(said) for said in batch.events]
        if batch.whole:
            self._fold, self._attempts = Fold(), FIRST
        for event in events:
            self._apply(event)
        return self._tell(self._news_of(batch, events))

    def _news_of(self, batch: Batch, events: list[Event]) -> list[Event]:
        """Return what was not told yet: batches may come again."""
        told = self._last
        if told is not None:
            events = [e for e in events if cursor.decode(e.event_id, self._id) > told]
        # Its deltas may be others than those that were told already.
        if batch.whole or (told and events and straddles(events[0], told, self._id)):
            last = [event for event in events if _is_last(event)]
            return [*self._replay(told), *last]
        return events

    def _apply(self, event: Event) -> None:
        if not marks.fits(event, len(self._fold)):
            return  # another server's, which its relay has passed over, too
        self._fold.apply(event)
        if event.HasField("step_start"):
            index = event.step_start.index
            attempt = cursor.decode(event.event_id, self._id).attempt
            if attempt > self._attempts.last:
                self._attempts = self._attempts.begin(attempt, index)

    def _tell(self, events: Sequence[Event]) -> bool:
        """Pass events on to the readers; True when they end the interaction."""
        going = [event for event in events if not _is_last(event)]
        last = [event for event in events if _is_last(event)]
        if events:
            self._last = cursor.decode(events[-1].event_id, self._id)
        if going:
            self.journal.append(going)
        if last:
            self.journal.end(last)
        return bool(last)

    def _replay(self, after: Cursor | None) -> list[Event]:
        steps, last_is_open = self._fold.so_far()
        return replay.so_far(
            self._record.interaction,
            steps,
            after,
            last_is_open=last_is_open,
            attempts=self._attempts,
        )


def _is_last(event: Event) -> bool:
    return event.HasField("error") or event.HasField("completed")


class Mirrors:
    """What this process follows, each once."""

    def __init__(
        self, *, store: InteractionStore, log: EventLog, signals: Signals, news: News
    ) -> None:
        self._parts = {"store": store, "log": log, "signals": signals, "news": news}
        self._open: dict[str, tuple[Mirror, asyncio.Task[None]]] = {}
        self._readers: dict[str, int] = {}

    async def tail(
        self, record: Record, after: Cursor | None
    ) -> AsyncIterator[Sequence[Event]]:
        """Yield the events of an interaction after a cursor, until it has ended."""
        identifier = record.interaction.id
        mirror = self._mirror(record)
        self._readers[identifier] = self._readers.get(identifier, 0) + 1
        try:
            tail = mirror.journal.tail(after)
            async with contextlib.aclosing(tail):  # type: ignore[type-var]
                async for batch in tail:
                    yield batch
        finally:
            self._readers[identifier] -= 1
            if not self._readers[identifier]:
                del self._readers[identifier]
                await self._close(identifier, mirror)

    def close(self) -> None:
        """End what the readers follow: this server is shutting down."""
        for mirror, task in self._open.values():
            task.cancel()
            mirror.journal.end(error=UnavailableError(CLOSING))

    def _mirror(self, record: Record) -> Mirror:
        identifier = record.interaction.id
        if identifier not in self._open:
            mirror = Mirror(record, **self._parts)  # type: ignore[arg-type]
            task = asyncio.get_running_loop().create_task(
                mirror.run(), name=f"mirror of {identifier}"
            )
            self._open[identifier] = mirror, task
        return self._open[identifier][0]

    async def _close(self, identifier: str, mirror: Mirror) -> None:
        found, task = self._open.get(identifier, (None, None))
        if found is mirror and task is not None:
            del self._open[identifier]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
