"""One run: a model's turn, from the first event to the stored end.

Model events become interaction events in `core.assembler`, and the events become the
stored interaction in `core.fold`; nothing else makes output. What was acknowledged is
durable: a stream's row is written before its id goes out, its end before the last
event does (design §4, §7).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from openinteractions.core import bounds, replay
from openinteractions.core.assembler import Assembler
from openinteractions.core.cursor import Cursor
from openinteractions.core.errors import (
    CancelledError,
    DomainError,
    InternalError,
    UnavailableError,
    to_error,
)
from openinteractions.core.fold import Fold
from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.interrupt import Interrupt, StoppedError
from openinteractions.engine.journal import Journal
from openinteractions.engine.ports import Clock, Model, ModelRequest
from openinteractions.engine.store_ports import InteractionStore, Lease, Record
from openinteractions.v1 import event_pb2, interaction_pb2

Event = event_pb2.InteractionEvent
Status = interaction_pb2.InteractionStatus

FIRST_EVENT_SECONDS = 10.0
"""How long a stream waits for the model before it begins without it: a failure until
then is an error of the call, a later one an event (design §5)."""

RETRY_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
"""The pauses between tries to store an end; what was said is in memory until then."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Run:
    """A model's turn that is about to happen or is happening."""

    model: Model
    turn: ModelRequest
    interaction: interaction_pb2.Interaction
    """What is known beforehand: id (absent when not stored), model, echoed members."""
    assembler: Assembler
    store: InteractionStore
    clock: Clock
    owner: str
    lineage: Sequence[str]
    cursors: str | None
    """What the tokens of its events begin with; None when they have none."""
    first_event_seconds: float = FIRST_EVENT_SECONDS
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    fold: Fold = field(default_factory=Fold)
    begun: bool = False
    """Whether its row is, or is about to be, in the store."""
    lease: Lease | None = None
    """Under which its row is claimed; whoever starts a run that is stored sets it."""
    epoch: int = 1
    """Which claim of its row this is."""
    _interrupt: Interrupt = field(default_factory=Interrupt)
    _stop_error: DomainError | None = None

    @property
    def stored(self) -> bool:
        """Whether the interaction is kept."""
        return self.interaction.HasField("id")

    @property
    def leased(self) -> bool:
        """Whether its row is claimed by this process."""
        return self.begun

    def open_journal(self) -> Journal:
        """Return what its readers are to follow."""
        return Journal(self.interaction.id, self.replay)

    def stop(self, error: DomainError | None = None) -> None:
        """End the turn where it is: `cancelled`, or `failed` with an error.

        A turn in one piece raises the error. Has no effect once the model has finished.
        """
        self._stop_error = error
        self._interrupt.press()

    async def answer(self) -> interaction_pb2.Interaction:
        """Run the turn in one piece and return the interaction, stored if it is to be.

        Raises:
            DomainError: the turn failed, or could not be stored; nothing is stored.
        """
        try:
            said = await self._interrupt.guard(self.model.generate(self.turn))
        except StoppedError:
            raise self._reason() from None
        self._take(said)
        self.assembler.finish()
        self._drain()
        status = self.assembler.status()
        self._fold([bounds.completed(self._final(status), self.cursors)])
        interaction = self.fold.result()
        if self.stored:
            await self.store.add(self._record(interaction), self.lineage)
        return interaction

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        """Run the turn and yield its events in batches, as they happen.

        A failure before the first event raises and stores nothing; a later one is an
        `error` event, followed by the end with the status `failed`.

        Raises:
            DomainError: the model failed, or the run was stopped, before anything was
                said; or the store failed when the row was to be written.
        """
        source = _Source(self.model.stream(self.turn), self._interrupt)
        async with aclosing(source) as model:
            try:
                await model.wait(self.first_event_seconds)
            except StoppedError:
                raise self._reason() from None
            if self._interrupt.pressed:
                raise self._reason()
            yield await self._begin()
            try:
                async for batch in model:
                    events = self._take(batch)
                    if events:
                        yield events
                self.assembler.finish()
                status = self.assembler.status()
                ending = self._drain()
            except StoppedError:
                ending, status = self._cut()
            except Exception as error:  # noqa: BLE001 - the one catch-all of a run
                ending, status = self._failed(error)
        yield await self._end(ending, status)

    def replay(self, after: Cursor | None) -> list[Event]:
        """Return the events up to now, after a cursor, made from what was folded."""
        steps, last_is_open = self.fold.so_far()
        return replay.so_far(self.interaction, steps, after, last_is_open=last_is_open)

    async def _begin(self) -> list[Event]:
        if self.stored:
            self.begun = True
            await self.store.add(
                self._record(self.interaction),
                self.lineage,
                lease=self.lease,
            )
        first = interaction_pb2.Interaction(
            id=self.interaction.id,
            object=self.interaction.object,
            status=self.interaction.status,
            model=self.interaction.model,
            created=self.interaction.created,
        )
        return self._fold(bounds.created(first, self.interaction.id, self.cursors))

    async def _end(self, ending: list[Event], status: _Status) -> list[Event]:
        completed = bounds.completed(self._final(status), self.cursors)
        self._fold([completed])
        if not self.stored:
            if not completed.completed.interaction.HasField("id"):
                completed.completed.interaction.id = ""
            return [*ending, completed]
        try:
            if await self._store_end():
                return [*ending, completed]
        except DomainError as error:
            _log.exception("interaction %s: its end is not stored", self.interaction.id)
            return [*ending, self._error_event(error)]
        gone = InternalError("The interaction was deleted while it ran.")
        return [*ending, self._error_event(gone)]

    async def _store_end(self) -> bool:
        record = self._record(self.fold.result())
        for pause in RETRY_SECONDS:
            try:
                return await self.store.update(record, self.epoch)
            except UnavailableError as error:
                _log.warning(
                    "interaction %s: its end is not stored yet: %s",
                    self.interaction.id,
                    error.message,
                )
                await self.sleep(pause)
        return await self.store.update(record, self.epoch)

    def _take(self, batch: Sequence[ModelEvent]) -> list[Event]:
        for said in batch:
            self.assembler.feed(said)
        return self._drain()

    def _drain(self) -> list[Event]:
        return self._fold(self.assembler.drain())

    def _fold(self, events: list[Event]) -> list[Event]:
        for event in events:
            self.fold.apply(event)
        return events

    def _reason(self) -> DomainError:
        return self._stop_error or CancelledError("The run was cancelled.")

    def _cut(self) -> _Ending:
        """End a turn that was stopped from outside."""
        if self._stop_error is not None:
            return self._failed(self._stop_error)
        self.assembler.abort()
        return self._drain(), Status.INTERACTION_STATUS_CANCELLED

    def _failed(self, error: Exception) -> _Ending:
        if not isinstance(error, DomainError):
            _log.error("a run failed", exc_info=error)
            error = InternalError("Internal error.")
        self.interaction.errors.append(to_error(error))
        self.assembler.abort()
        # First whatever was made of the batch that failed.
        ending = [*self._drain(), self._error_event(error)]
        return ending, Status.INTERACTION_STATUS_FAILED

    def _error_event(self, error: DomainError) -> Event:
        return bounds.failed(to_error(error), self.cursors)

    def _final(self, status: _Status) -> interaction_pb2.Interaction:
        """Return the interaction as it ends, without its steps."""
        final = self.interaction
        final.status = status
        final.updated.FromSeconds(int(self.clock.now()))
        if self.assembler.usage is not None:
            final.usage.CopyFrom(self.assembler.usage)
        return final

    def _record(self, interaction: interaction_pb2.Interaction) -> Record:
        return Record(self.owner, self.turn.request, interaction)


_Status = interaction_pb2.InteractionStatus
_Ending = tuple[list[Event], _Status]


class _Source:
    """A model's stream, whose first batch can be waited for without being taken."""

    def __init__(
        self, stream: AsyncIterator[Sequence[ModelEvent]], interrupt: Interrupt
    ) -> None:
        self._stream = stream
        self._interrupt = interrupt
        self._first: asyncio.Task[Sequence[ModelEvent] | None] | None = None

    async def wait(self, seconds: float) -> None:
        """Wait for the first batch; raises what the stream raises before it."""
        first = self._first = asyncio.ensure_future(self._next())
        done, _ = await asyncio.wait({first}, timeout=seconds)
        if done:
            error = first.exception()
            if error is not None:
                raise error

    def __aiter__(self) -> _Source:
        return self

    async def __anext__(self) -> Sequence[ModelEvent]:
        if self._first is not None:
            first, self._first = self._first, None
            batch = await first
        else:
            batch = await self._next()
        if batch is None:
            raise StopAsyncIteration
        return batch

    async def aclose(self) -> None:
        """Close the stream, and with it the connection to the endpoint."""
        if self._first is not None:
            self._first.cancel()
            await asyncio.gather(self._first, return_exceptions=True)
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()

    async def _next(self) -> Sequence[ModelEvent] | None:
        return await self._interrupt.guard(anext(self._stream, None))
