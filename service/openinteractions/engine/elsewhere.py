"""What the use cases do with interactions that other processes run.

The row says who runs one. What is asked of it is noted there and signalled; what it
says is read from its log; and when it is lost, whoever asks first claims the row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from openinteractions.core import bounds, cursor, lifecycle, replay
from openinteractions.core.attempts import Attempts
from openinteractions.core.cursor import Cursor, Place
from openinteractions.core.errors import NotFoundError, UnavailableError
from openinteractions.engine import writes
from openinteractions.engine.mirror import Mirrors
from openinteractions.engine.news import News
from openinteractions.engine.ports import Clock
from openinteractions.engine.settled import settled
from openinteractions.engine.signal_ports import EventLog, Signal, Signals
from openinteractions.engine.store_ports import (
    Claimed,
    InteractionStore,
    Record,
    Wish,
)
from openinteractions.engine.supervisor import CLOSING, Supervisor
from openinteractions.engine.writes import DeletedError, HandedOverError
from openinteractions.v1 import event_pb2, interaction_pb2

Event = event_pb2.InteractionEvent
Status = interaction_pb2.InteractionStatus
EventBatches = AsyncIterator[Sequence[Event]]

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""How often the row is looked at while an end is waited for; the last one repeats."""

LONGEST = 30.0
"""How long an end is waited for."""


class Elsewhere:
    """Interactions, wherever they run."""

    def __init__(
        self,
        *,
        store: InteractionStore,
        supervisor: Supervisor,
        log: EventLog,
        signals: Signals,
        clock: Clock,
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._news = News(signals)
        self._mirrors = Mirrors(store=store, log=log, signals=signals, news=self._news)
        self._signals = signals
        self._clock = clock

    def close(self) -> None:
        """End what readers here follow: this server is shutting down."""
        self._mirrors.close()

    async def events(
        self, interaction_id: str, owner: str, after: Cursor | None
    ) -> EventBatches:
        """Yield the events of an interaction after a cursor, until it has ended.

        It may change hands meanwhile, and come here or go.

        Raises:
            NotFoundError: there is none, or it was deleted.
            UnavailableError: this server is shutting down; others go on.
        """
        while True:
            tail, is_whole = await self._tail(interaction_id, owner, after)
            try:
                async with aclosing(tail):  # type: ignore[type-var]
                    async for batch in tail:
                        after = cursor.decode(batch[-1].event_id, interaction_id)
                        yield batch
            except HandedOverError:
                continue
            if is_whole:
                return

    async def _tail(
        self, interaction_id: str, owner: str, after: Cursor | None
    ) -> tuple[EventBatches, bool]:
        """Return the next events, and whether they go on to the end."""
        running = self._supervisor.find(interaction_id)
        if running is not None:
            return running.journal.tail(after), True
        record = await self._store.get(interaction_id, owner)
        if record is None:
            raise NotFoundError(f"There is no interaction {interaction_id[:80]!r}.")
        status = record.interaction.status
        if lifecycle.has_ended(status):
            made = Attempts.parse(record.attempts)
            _check(after, made, record)
            return _once(replay.replay(record.interaction, after, made)), True
        if status == Status.INTERACTION_STATUS_QUEUED and after is None:
            return _once([waiting(record.interaction)]), False
        if self._supervisor.closing:
            raise UnavailableError(CLOSING)
        return self._mirrors.tail(record, after), True

    async def cancel(self, interaction_id: str, owner: str) -> None:
        """Stop an interaction wherever it runs; returns when it has ended.

        Raises:
            UnavailableError: it does not end.
        """
        with self._news.watch(interaction_id) as news:
            waited, tries = 0.0, 0
            while waited < LONGEST:
                running = self._supervisor.find(interaction_id)
                if running is not None:
                    await running.stop()
                if await self._cancelled(interaction_id, owner):
                    return
                pause = PAUSES[min(tries, len(PAUSES) - 1)]
                waited, tries = waited + pause, tries + 1
                try:
                    async with asyncio.timeout(pause):
                        await news.wait()
                except TimeoutError:
                    pass
                news.clear()
        raise UnavailableError(f"Interaction {interaction_id} does not stop.")

    async def _cancelled(self, interaction_id: str, owner: str) -> bool:
        """Ask for an end; True when there is one."""
        holder = await self._store.ask(interaction_id, owner, Wish.CANCEL)
        if holder is None:
            return True
        if holder.process is not None and not holder.lost:
            self._signals.send(Signal.CANCEL, interaction_id, to=holder.process)
            return False
        lease = self._supervisor.lease
        claimed = await self._store.claim_one(interaction_id, owner, lease)
        return claimed is not None and await self._settle(claimed)

    async def _settle(self, claimed: Claimed) -> bool:
        record = settled(claimed, self._clock.now())
        try:
            await writes.update(self._store, record, claimed.epoch, sleep=asyncio.sleep)
        except HandedOverError:
            return False
        except DeletedError:
            return True
        self._signals.send(Signal.ENDED, record.interaction.id)
        return True

    async def delete(self, record: Record) -> bool:
        """Delete an interaction, and stop it where it runs; False: it is not there."""
        identifier = record.interaction.id
        holder = None
        if not lifecycle.has_ended(record.interaction.status):
            holder = await self._store.holder(identifier, record.owner)
        deleted = await self._store.delete(identifier, record.owner)
        if deleted and holder is not None:
            self._signals.send(Signal.CANCEL, identifier, to=holder.process)
            self._signals.send(Signal.ENDED, identifier)
        return deleted


def waiting(interaction: interaction_pb2.Interaction) -> Event:
    """Return the event with which an interaction begins that has to wait."""
    first = interaction_pb2.Interaction(
        id=interaction.id,
        object=interaction.object,
        status=interaction.status,
        model=interaction.model,
        created=interaction.created,
    )
    return bounds.created(first, interaction.id, cursor.prefix(interaction.id))[0]


BEGUN = Cursor(0, 0, Place.CREATED, 0)
"""The place of that event."""


def _check(after: Cursor | None, made: Attempts, record: Record) -> None:
    """Refuse a place where nothing was ever told.

    Raises:
        RequestError: it is one. Of what others have made too little is known.
    """
    if after is None or record.remote is not None:
        return
    steps = len(record.interaction.steps)
    step = 0 if after.step == cursor.END else after.step
    if not made.may_have(after.attempt, step, steps):
        raise cursor.unknown(record.interaction.id)


async def _once(events: Sequence[Event]) -> EventBatches:
    if events:
        yield events
