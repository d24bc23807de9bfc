"""One run of a relay: a turn that another server makes, passed on as it comes.

One event of the server is one event here, with our ids in it. What is kept here is
folded from the same events; what is acknowledged is durable, as in `run`. A server that
keeps the interaction goes on without us: what cannot be read to its end is left there,
to be fetched (`relay_ending`). Where it keeps nothing our row is claimed, and whoever
claims it after us makes the call anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from openinteractions.core import attempts, relayed
from openinteractions.core.errors import CancelledError, DomainError
from openinteractions.core.marks import Taken
from openinteractions.engine import patience, writes
from openinteractions.engine.interrupt import Interrupt, StoppedError
from openinteractions.engine.log import Log
from openinteractions.engine.ports import Clock
from openinteractions.engine.relay_ending import Ending
from openinteractions.engine.relay_source import Source, Stream, Turn
from openinteractions.engine.store_ports import InteractionStore, Lease, Record
from openinteractions.engine.writes import HandedOverError
from openinteractions.v1 import event_pb2, interaction_pb2

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction


_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class RelayedRun:
    """A turn at another server that is about to happen or is happening."""

    turn: Turn
    store: InteractionStore
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    lease: Lease | None = None
    """Under which its row is claimed, unless the server keeps it too."""
    epoch: int = 0
    """Which claim of its row this is; 0: the server has it."""
    background: bool = False
    """Whether nobody waits for it: then a server that is down is asked again."""
    _failures: int = 0
    _told: bool = False
    """Whether anything was told; then a call that is made anew begins nothing."""
    _left: bool = False
    _interrupt: Interrupt = field(default_factory=Interrupt)
    _stop_error: DomainError | None = None
    _taken: Taken = field(init=False)
    _ending: Ending = field(init=False)

    def __post_init__(self) -> None:
        self._taken = Taken(self.turn.interaction.id, self.turn.attempts)
        self._ending = Ending(self.turn, self._taken)

    @property
    def interaction(self) -> Interaction:
        """What is known of the interaction beforehand."""
        return self.turn.interaction

    @property
    def kept(self) -> bool:
        """Whether its steps are stored here."""
        return self.turn.stored and self.turn.remote.whole

    @property
    def begun(self) -> bool:
        """Whether its row is in the store."""
        return self.turn.begun

    @property
    def leased(self) -> bool:
        """Whether its row is claimed by this process, as what goes on here only is."""
        return self.epoch > 0

    def open_journal(self) -> Log:
        """Return what its readers are to follow."""
        return Log(self.turn.interaction.id)

    def stop(self, error: DomainError | None = None) -> None:
        """End it where it is: cancelled, or with an error; the server may go on."""
        self._stop_error = error
        self._interrupt.press()

    def leave(self, error: DomainError) -> None:
        """Let others go on; without a row nobody can: it ends with the error."""
        self._left = self.begun
        self.stop(error)

    def resume(self, epoch: int) -> None:
        """Make the call anew, for a row that was claimed."""
        self.epoch, self.background = epoch, True
        self._taken.begin_attempt(attempts.number(epoch))

    async def answer(self) -> Interaction:
        """Ask for the turn in one piece and return the answer, stored if it is to be.

        Raises:
            DomainError: the server refused or failed, or the store did.
        """
        try:
            said = await self._source().create()
        except StoppedError:
            raise self._reason() from None
        self.turn.note_id(said.id)
        relayed.rewrite(said, self.turn.own)
        if not self.turn.stored:
            return said
        if not self.kept and self.turn.remote.id is None:
            said.ClearField("id")  # nobody keeps it
            return said
        await self._add(said)
        return said

    async def events(self) -> Stream:
        """Yield the turn's events as they come, in batches.

        A failure before the first event raises and stores nothing; a later one is an
        `error` event.

        Raises:
            DomainError: see above; or the row cannot be written.
        """
        passing = self._kept_events() if self.kept else self._passed_events()
        async with contextlib.aclosing(passing):  # type: ignore[type-var]
            async for batch in passing:
                yield batch

    async def _passed_events(self) -> Stream:
        """Yield the events of what is not kept here."""
        begun = False
        reading = self._source().events()
        try:
            async with contextlib.aclosing(reading):  # type: ignore[type-var]
                async for batch in reading:
                    if not self.begun and self.turn.remote.id is None:
                        self.interaction.ClearField("id")  # nobody keeps it
                    for event in batch:
                        relayed.rewrite_event(event, self.turn.own)
                        if event.HasField("completed"):
                            self._taken.completed = event.completed.interaction
                    if self.turn.stored:
                        await self._note_row()
                    begun = True
                    yield batch
        except StoppedError:
            raise self._reason() from None
        except DomainError as error:
            if not begun:
                raise
            yield [relayed.error_event(error)]

    async def _note_row(self) -> None:
        """Keep whose interaction it is, before its id goes out, and how it ended."""
        said = self._taken.completed
        if not self.begun and self.turn.remote.id is not None:
            await self._add(said or self.interaction)
        elif self.begun and said is not None:
            await self.store.update(self._record(said), self.epoch)

    async def _kept_events(self) -> Stream:
        """Yield the events of what is kept here; the last ones come after the end."""
        held: list[Event] = []
        final: Interaction | None = None
        while final is None:
            reading = self._read(held)
            try:
                async with contextlib.aclosing(reading):  # type: ignore[type-var]
                    async for batch in reading:
                        yield batch
                final = await self._ending.told()
            except StoppedError:
                final = await self._cut(held)
            except Exception as error:
                if not self.begun:
                    raise
                final = await self._caught(error, held)
        held[:0] = [self._take(event) for event in self._taken.fill(final)]
        await self._store_end(final, held)
        yield held

    async def _read(self, held: list[Event]) -> Stream:
        """Yield the events of one call; those with which it may end are held back."""
        reading, begins = self._source().events(), not self._told
        async with contextlib.aclosing(reading):  # type: ignore[type-var]
            async for batch in reading:
                made = self._taken.attempts
                news = [e for e in batch if begins or not relayed.begins(e)]
                events = [self._take(event) for event in news]
                self._told = True
                if not self.begun:
                    await self._add(self.interaction)
                elif self._taken.attempts != made and not self.leased:
                    await self._note_attempts()
                at = 0 if held else relayed.first_last(events)
                if at:
                    yield events[:at]
                held += events[at:]
                if self._taken.completed is not None:
                    return

    async def _note_attempts(self) -> None:
        """Keep where the server began anew, for those who follow it elsewhere."""
        with contextlib.suppress(DomainError):  # the end will have it
            await self.store.update(self._record(self.interaction), self.epoch)

    def _source(self) -> Source:
        return Source(self.turn, self._interrupt, sleep=self.sleep)

    def _take(self, event: Event) -> Event:
        relayed.rewrite_event(event, self.turn.own)
        self._taken.take(event)
        return event

    async def _cut(self, held: list[Event]) -> Interaction:
        """End a turn that was stopped from outside.

        Raises:
            HandedOverError: others go on with it.
            DomainError: it has not begun, or the server has its end.
        """
        if self._left:
            raise HandedOverError
        if not self.begun:
            raise self._reason()
        if self._stop_error is not None:
            said, event = self._ending.failed(self._stop_error)
        else:
            said, event = await self._ending.cancelled()
        held.append(self._take(event))
        return said

    async def _caught(self, error: Exception, held: list[Event]) -> Interaction | None:
        """End the turn after a failure; None: it is to be asked for again.

        Raises:
            HandedOverError: others go on with it.
            DomainError: the server has its end.
        """
        if isinstance(error, HandedOverError):
            raise error
        again = self.background and self.turn.remote.id is None and not held
        pause = patience.pause(error, self._failures) if again else None
        if pause is None:
            said, event = self._ending.failed(error)
            held.append(self._take(event))
            return said
        try:
            await self._interrupt.guard(self.sleep(pause))
        except StoppedError:
            return await self._cut(held)
        self._failures += 1
        self._taken.begin_attempt(attempts.number(self.epoch, self._failures))
        return None

    async def _store_end(self, final: Interaction, held: list[Event]) -> None:
        row = self._record(final)
        try:
            await writes.update(self.store, row, self.epoch, sleep=self._wait)
        except DomainError as error:
            where, why = self.interaction.id, error.message
            _log.warning("interaction %s: its end is not stored: %s", where, why)
            held[:] = [self._take(relayed.error_event(error))]

    async def _wait(self, seconds: float) -> None:
        """Pause between tries of a write; who is stopped or left tries once more."""
        if self._left:
            raise HandedOverError
        await self._interrupt.pause(self.sleep(seconds))

    async def _add(self, said: Interaction) -> None:
        """Store the row; without one, what the server keeps has nobody to name it."""
        turn = self.turn
        lease = self.lease if turn.remote.id is None else None
        turn.begun = True
        try:
            await self.store.add(self._record(said), turn.lineage, lease=lease)
            self.epoch = int(lease is not None)
        except DomainError:
            turn.begun = False
            if turn.remote.id is not None:
                with contextlib.suppress(DomainError):
                    await turn.relay.delete(turn.remote.id, call=turn.call)
            raise

    def _record(self, said: Interaction) -> Record:
        self.turn.attempts = self._taken.attempts
        return self.turn.record(said, now=self.clock.now())

    def _reason(self) -> DomainError:
        return self._stop_error or CancelledError("The run was cancelled.")
