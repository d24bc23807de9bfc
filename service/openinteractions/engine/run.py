"""One run: the turn of a model and of tools, from the first event to the stored end.

What was acknowledged is durable: a stream's row is written before its id goes out, its
end before the last event does. Each call to the model or to a tool that has finished is
written before the next begins, and whoever claims the row goes on from there (design
§4, §7).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from openinteractions.core import errors
from openinteractions.core.attempts import Attempts
from openinteractions.core.errors import DomainError, to_error
from openinteractions.engine import failing, patience, writes
from openinteractions.engine.interrupt import Interrupt, StoppedError
from openinteractions.engine.journal import Journal
from openinteractions.engine.model_source import ModelSource
from openinteractions.engine.ports import Clock, Model, ModelRequest
from openinteractions.engine.rounds import Rounds
from openinteractions.engine.store_ports import InteractionStore, Lease, Record
from openinteractions.engine.telling import Telling
from openinteractions.engine.writes import DeletedError, HandedOverError
from openinteractions.v1 import event_pb2, interaction_pb2, step_pb2

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus
_Status = interaction_pb2.InteractionStatus
Prepare = Callable[[], Awaitable[Sequence[step_pb2.Step]]]
_Ending = tuple[list[Event], _Status]
_Next = tuple[list[Event], _Ending | None]  # events, and how it has ended if it has

REQUIRES_ACTION = Status.INTERACTION_STATUS_REQUIRES_ACTION

FIRST_EVENT_SECONDS = 10.0
"""How long a stream waits for the model before it begins: a failure until then is an
error of the call, a later one an event (design §5)."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Run:
    """A turn that is about to happen or is happening."""

    model: Model
    turn: ModelRequest  # the request, and the conversation up to it
    interaction: Interaction
    """What is known beforehand: id (absent when not stored), model, echoed members."""
    telling: Telling
    store: InteractionStore
    clock: Clock
    owner: str
    lineage: Sequence[str]
    rounds: Rounds | None = None
    """The calls of tools that run here; None: all are the caller's."""
    first_event_seconds: float = FIRST_EVENT_SECONDS
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    background: bool = False  # then a model that is down or busy is asked again
    prepare: Prepare | None = None
    """Returns the conversation as the model takes it, if that takes time."""
    begun: bool = False  # whether its row is, or is about to be, in the store
    lease: Lease | None = None  # whoever starts a run that is stored sets it
    epoch: int = 0  # which claim of its row this is, once it is claimed
    _failures: int = 0  # of the call at hand
    _retries: int = 0
    _unwritten: Interaction | None = None  # what is known, once a call has finished
    _interrupt: Interrupt = field(default_factory=Interrupt)
    _stop_error: DomainError | None = None
    _left: bool = False

    @property
    def stored(self) -> bool:
        """Whether the interaction is kept."""
        return self.interaction.HasField("id")

    @property
    def leased(self) -> bool:
        """Whether its row is claimed by this process."""
        return self.epoch > 0

    def open_journal(self) -> Journal:
        """Return what its readers are to follow."""
        return Journal(self.interaction.id, self.telling.replay)

    def stop(self, error: DomainError | None = None) -> None:
        """End it where it is, unless it has: `cancelled`, or `failed` with an error."""
        self._stop_error = error
        self._interrupt.press()

    def leave(self, error: DomainError) -> None:
        """Let others go on; without a row nobody can: it ends with the error."""
        self._left = self.begun
        self.stop(error)

    def resume(self, record: Record, epoch: int) -> None:
        """Go on with a row that was claimed, from what is written."""
        self.begun, self.epoch = True, epoch
        self.telling.resume(record.interaction, Attempts.parse(record.attempts))
        if epoch > 1:
            self.telling.begin_attempt(epoch, 0)

    async def answer(self) -> Interaction:
        """Run the turn in one piece and return the interaction, stored if it is to be.

        Raises:
            DomainError: it failed, or could not be stored; nothing is stored.
        """
        try:
            said = await self._interrupt.guard(self.model.generate(self.turn))
            self.telling.take(said)
            _, status = self.telling.finish()
            if self.rounds is not None:
                status = await self._more(self.rounds, status)
        except StoppedError:
            raise self._reason() from None
        self.telling.end([], status, self.clock.now())
        interaction = self.telling.fold.result()
        if self.stored:
            await self.store.add(self._record(interaction), self.lineage)
        return interaction

    async def _more(self, rounds: Rounds, status: _Status) -> _Status:
        """Run tools and ask again, until the turn has ended."""
        while self._tools_follow(rounds, status):
            while rounds.pending:
                await self._run_tool(rounds)
            if not rounds.ask_model:
                break
            said = await self._interrupt.guard(self.model.generate(self._request()))
            self.telling.take(said)
            _, status = self.telling.finish()
        return status

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        """Run the turn and yield its events in batches, as they happen.

        A failure before the first event raises and stores nothing; a later one is an
        `error` event, followed by the end with the status `failed`.

        Raises:
            DomainError: see above; or the row cannot be written, or was deleted.
            HandedOverError: others go on with the interaction.
        """
        async with aclosing(ModelSource(self._interrupt)) as model:
            yield await self._begin(model)
            ended: _Ending | None = None
            while ended is None:
                try:
                    if model.is_open:
                        async for batch in model:
                            events = self.telling.take(batch)
                            if events:
                                yield events
                        events, ended = await self._finish(model)
                    else:
                        events, ended = await self._go_on(model)
                except Exception as error:  # noqa: BLE001 - the one catch-all of a run
                    events, ended = await self._caught(error, model)
                if events:
                    yield events
        yield await self._end(*ended)

    async def _begin(self, model: ModelSource) -> list[Event]:
        if self.begun:
            if self.rounds is not None:
                self.rounds.look(self.telling.steps())
            return self.telling.replay(None)
        model.open(self.model.stream(self.turn))
        try:
            await model.wait(self.first_event_seconds)
        except StoppedError:
            raise self._reason() from None
        if self._interrupt.pressed:
            raise self._reason()
        if self.stored:
            self.begun = True
            row = self._record(self.interaction)
            await self.store.add(row, self.lineage, lease=self.lease)
            self.epoch = 1
        return self.telling.created()

    async def _go_on(self, model: ModelSource) -> _Next:
        """Run the next tool, ask the model, or end, whatever is next."""
        known, self._unwritten = self._unwritten, None
        if known is not None and self.begun:
            await self._update(known)
        if self.rounds is not None and self.rounds.pending:
            return await self._run_tool(self.rounds), None
        if self.rounds is not None and not self.rounds.ask_model:
            return [], ([], REQUIRES_ACTION)
        if self.prepare is not None:
            steps = await self._interrupt.guard(self.prepare())
            self.turn, self.prepare = ModelRequest(self.turn.request, steps), None
        model.open(self.model.stream(self._request()))
        return [], None

    async def _finish(self, model: ModelSource) -> _Next:
        """End a call to the model, and the turn unless tools are to be run here."""
        said, status = self.telling.finish()
        if self.rounds is None or not self._tools_follow(self.rounds, status):
            return [], (said, status)
        await model.aclose()
        return said, None

    def _tools_follow(self, rounds: Rounds, status: _Status) -> bool:
        if status != REQUIRES_ACTION:
            return False
        rounds.look(self.telling.fold.result().steps)
        if rounds.pending:
            self._settle(len(self.telling.fold))
        return rounds.pending

    async def _run_tool(self, rounds: Rounds) -> list[Event]:
        result = await self._interrupt.guard(rounds.run())
        events = self.telling.add(result)
        self._settle(self.telling.standing + 1)
        return events

    def _settle(self, steps: int) -> None:  # it is written before the next call begins
        self._failures, self._unwritten = 0, self.telling.settle(steps)

    async def _caught(self, error: Exception, model: ModelSource) -> _Next:
        """End the turn after a failure, or begin a new attempt."""
        if isinstance(error, StoppedError):
            return [], self._cut()
        if isinstance(error, HandedOverError | DeletedError):
            raise error
        pause = patience.pause(error, self._failures) if self.background else None
        if pause is None:
            return [], self._failed(error)
        await model.aclose()
        events = self.telling.abort()
        try:
            await self._interrupt.guard(self.sleep(pause))
        except StoppedError:
            return events, self._cut()
        self._failures, self._retries = self._failures + 1, self._retries + 1
        self.telling.begin_attempt(self.epoch, self._retries)
        return events, None

    async def _end(
        self, ending: list[Event], status: interaction_pb2.InteractionStatus
    ) -> list[Event]:
        ending, completed = self.telling.end(ending, status, self.clock.now())
        if not self.stored:
            if not completed.completed.interaction.HasField("id"):
                completed.completed.interaction.id = ""
            return [*ending, completed]
        try:
            await self._update(self.telling.fold.result())
        except DomainError as error:
            _log.warning("the end of %s is not stored: %s", self.interaction.id, error)
            return [*ending, self.telling.error(to_error(error))]
        return [*ending, completed]

    async def _update(self, interaction: Interaction) -> None:
        row = self._record(interaction)
        await writes.update(self.store, row, self.epoch, sleep=self._wait)

    async def _wait(self, seconds: float) -> None:
        """Pause between tries of a write; who is stopped or left tries once more."""
        if self._left:
            raise HandedOverError
        await self._interrupt.pause(self.sleep(seconds))

    def _reason(self) -> DomainError:
        return self._stop_error or errors.CancelledError("It was cancelled.")

    def _cut(self) -> _Ending:
        """End a turn that was stopped from outside."""
        if self._left:
            raise HandedOverError
        if self._stop_error is not None:
            return self._failed(self._stop_error)
        return self.telling.abort(), Status.INTERACTION_STATUS_CANCELLED

    def _failed(self, error: Exception) -> _Ending:
        told = to_error(failing.noted(error, self.interaction.id))
        return self.telling.fail(told), Status.INTERACTION_STATUS_FAILED

    def _request(self) -> ModelRequest:
        """Return what the model is asked next."""
        if not self.telling.standing:
            return self.turn
        steps = [*self.turn.steps, *self.telling.steps()]
        return ModelRequest(self.turn.request, steps)

    def _record(self, interaction: Interaction) -> Record:
        made = self.telling.attempts
        kept = str(made) if made.begun else ""
        return Record(self.owner, self.turn.request, interaction, attempts=kept)
