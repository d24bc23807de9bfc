"""One run of a relay: a turn that another server makes, passed on as it comes.

One event of the server is one event here, with our ids in it. What is kept here is
folded from the same events; what is acknowledged is durable, as in `run`. A server that
keeps the interaction goes on without us: what cannot be read to its end is left there,
to be fetched.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from openinteractions.core import relayed
from openinteractions.core.errors import (
    CancelledError,
    DomainError,
    InternalError,
    UpstreamFailedError,
    to_error,
)
from openinteractions.core.marks import Taken
from openinteractions.engine import writes
from openinteractions.engine.interrupt import Interrupt, StoppedError
from openinteractions.engine.log import Log
from openinteractions.engine.ports import Clock
from openinteractions.engine.relay_source import Source, Stream, Turn
from openinteractions.engine.store_ports import InteractionStore, Lease, Record
from openinteractions.v1 import event_pb2, interaction_pb2, step_pb2

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus

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
    _interrupt: Interrupt = field(default_factory=Interrupt)
    _stop_error: DomainError | None = None
    _source: Source = field(init=False)
    _taken: Taken = field(init=False)

    def __post_init__(self) -> None:
        self._source = Source(self.turn, self._interrupt, sleep=self.sleep)
        self._taken = Taken(self.turn.interaction.id)

    @property
    def interaction(self) -> Interaction:
        """What is known of the interaction beforehand."""
        return self.turn.interaction

    @property
    def stored(self) -> bool:
        """Whether the interaction has an id."""
        return self.turn.stored

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
        """End the turn where it is: cancelled, or with an error.

        With an error, what the server keeps is left to it.
        """
        self._stop_error = error
        self._interrupt.press()

    def leave(self, error: DomainError) -> None:
        """End the turn with an error; what the server keeps is left to it."""
        self.stop(error)

    async def answer(self) -> Interaction:
        """Ask for the turn in one piece and return the answer, stored if it is to be.

        Raises:
            DomainError: the server refused or failed, or the store did.
        """
        try:
            said = await self._source.create()
        except StoppedError:
            raise self._reason() from None
        self.turn.note_id(said.id)
        relayed.rewrite(said, self.turn.own)
        if not self.stored:
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
        reading = self._source.events()
        try:
            async with contextlib.aclosing(reading):  # type: ignore[type-var]
                async for batch in reading:
                    for event in batch:
                        self._rewrite(event)
                        if event.HasField("completed"):
                            self._taken.completed = event.completed.interaction
                    if self.stored:
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
        final: Interaction | None
        reading = self._source.events()
        try:
            async with contextlib.aclosing(reading):  # type: ignore[type-var]
                async for batch in reading:
                    events = [self._take(event) for event in batch]
                    if not self.begun:
                        await self._add(self.interaction)
                    at = 0 if held else relayed.first_last(events)
                    if at:
                        yield events[:at]
                    held += events[at:]
                    if self._taken.completed is not None:
                        break
            final = await self._final()
        except StoppedError:
            final = await self._cut(held)
        except Exception as error:
            if not self.begun:
                raise
            final = self._failed(error, held)
        if final is not None:
            await self._store_end(final, held)
        if held:
            yield held

    def _rewrite(self, event: Event) -> None:
        relayed.rewrite_event(event, self.turn.own)

    def _take(self, event: Event) -> Event:
        self._rewrite(event)
        self._taken.take(event)
        return event

    async def _final(self) -> Interaction:
        """Return the interaction as its events have ended it."""
        said = Interaction()
        if self._taken.completed is not None:
            said.CopyFrom(self._taken.completed)
        elif self._taken.failed is not None:
            said.status = Status.INTERACTION_STATUS_FAILED
            said.errors.append(self._taken.failed.error)
        else:
            silent = UpstreamFailedError("The model server did not say how it ended.")
            said.status = Status.INTERACTION_STATUS_FAILED
            said.errors.append(to_error(silent))
        steps = self._taken.steps() or relayed.answered(said.steps)
        if self._taken.torn and self.turn.remote.id is not None:
            steps = await self._fetched() or steps
        del said.steps[:]
        said.steps.extend(steps)
        return said

    async def _fetched(self) -> Sequence[step_pb2.Step]:
        """Return the steps as the server has them, if it says."""
        turn = self.turn
        try:
            whole = await turn.relay.get(
                turn.remote.id or "", include_input=True, call=turn.call
            )
        except DomainError:
            return ()
        return relayed.output(whole.steps, whole.input)

    async def _cut(self, held: list[Event]) -> Interaction | None:
        """End a turn that was stopped from outside."""
        if self._stop_error is not None or not self.begun:
            return self._failed(self._reason(), held)
        turn = self.turn
        if turn.remote.id is not None:
            with contextlib.suppress(DomainError):  # one that does not stop goes on
                await turn.relay.cancel(turn.remote.id, call=turn.call)
        said = Interaction(status=Status.INTERACTION_STATUS_CANCELLED)
        said.steps.extend(self._taken.steps())
        event = Event()
        event.completed.interaction.CopyFrom(relayed.overlay(self.interaction, said))
        del event.completed.interaction.steps[:]
        held.append(self._take(event))
        return said

    def _failed(self, error: Exception, held: list[Event]) -> Interaction | None:
        """End a turn that could not be read on; None: the server has its end."""
        if not isinstance(error, DomainError):
            _log.error("a relayed run failed", exc_info=error)
            error = InternalError("Internal error.")
        event = relayed.error_event(error)
        self._taken.take(event)
        held.append(event)
        if self.turn.remote.id is not None:
            return None
        said = Interaction(status=Status.INTERACTION_STATUS_FAILED)
        said.errors.append(to_error(error))
        said.steps.extend(self._taken.steps())
        return said

    async def _store_end(self, final: Interaction, held: list[Event]) -> None:
        try:
            await writes.update(
                self.store, self._record(final), self.epoch, sleep=self.sleep
            )
        except DomainError as error:
            where, why = self.interaction.id, error.message
            _log.warning("interaction %s: its end is not stored: %s", where, why)
            held[:] = [relayed.error_event(error)]

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
        return self.turn.record(said, now=self.clock.now())

    def _reason(self) -> DomainError:
        return self._stop_error or CancelledError("The run was cancelled.")
