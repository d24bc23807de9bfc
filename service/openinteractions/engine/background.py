"""What runs in the background, in this process: who gets a place, and when.

A process runs so many at once; what comes when all places are taken waits in the
store, in turns that go around among callers, and is claimed by whoever has a place
first (design §7). What other processes have lost is claimed the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from openinteractions.core.errors import (
    DomainError,
    InternalError,
    QueueFullError,
    UnavailableError,
)
from openinteractions.engine import writes
from openinteractions.engine.callers import Caller
from openinteractions.engine.plan import Planner
from openinteractions.engine.ports import Clock
from openinteractions.engine.settled import settled
from openinteractions.engine.signal_ports import Signal, Signals
from openinteractions.engine.store_ports import (
    Claimed,
    InteractionStore,
    Place,
    Record,
    Wish,
)
from openinteractions.engine.supervisor import CLOSING, Run, Running, Supervisor
from openinteractions.engine.wishes import Wishes
from openinteractions.engine.writes import DeletedError, HandedOverError
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Status = interaction_pb2.InteractionStatus

CONCURRENCY = 2000
QUEUE = 10_000

AT_ONCE = 100
"""How many interactions are claimed with one call."""

FULL_SECONDS = 5.0
"""When callers are told to come back that find the queue full."""

MOST_LOSSES = 5
"""How many processes may be lost, one after the other, with the same call."""

Resume = Callable[[Claimed], Awaitable[Run]]
"""Makes the run that goes on with an interaction that was claimed."""

LOST = "The process that ran the interaction has stopped."
DEFERRED = "deferred"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken on."""

    concurrency: int = CONCURRENCY
    """How many interactions run in the background at once, in this process."""
    queue: int = QUEUE
    """How many may wait, in all."""


class Background:
    """The places of this process, and the queue in front of all."""

    def __init__(
        self,
        *,
        planner: Planner,
        store: InteractionStore,
        supervisor: Supervisor,
        wishes: Wishes,
        signals: Signals,
        fresh: Callable[[], Awaitable[None]],
        clock: Clock,
        resume: Resume | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._planner = planner
        self._resume = resume or planner.resume
        self._store = store
        self._supervisor = supervisor
        self._wishes = wishes
        self._signals = signals
        self._fresh = fresh
        self._clock = clock
        self._limits = limits or Limits()
        self._busy = 0
        self._some_wait = False
        """Whether something may be waiting, as far as is known here."""
        self._starting: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        signals.listen(self._hear)

    @property
    def busy(self) -> int:
        """How many places are taken."""
        return self._busy

    async def create(
        self, caller: Caller, request: Request
    ) -> tuple[Interaction, Running | None]:
        """Take an interaction on and return it as it is stored, and its run if it runs.

        Raises:
            QueueFullError: too much waits already.
            UnavailableError: the server is shutting down.
        """
        draft = await self._planner.draft(caller, request)
        if self._supervisor.closing:
            raise UnavailableError(CLOSING)
        interaction = draft.interaction
        record = Record(caller.owner, request, interaction)
        told = Interaction()
        if not self._has_room(request):
            interaction.status = Status.INTERACTION_STATUS_QUEUED
            await self._queue(caller, record, draft.lineage)
            told.CopyFrom(interaction)
            return told, None
        told.CopyFrom(interaction)
        self._take_place()
        self._wishes.expect(interaction.id, Wish.NONE)
        try:
            lease = self._supervisor.lease
            adding = self._store.add(record, draft.lineage, lease=lease)
            await writes.finished(adding)
            running = self._supervisor.start(draft.run())
        except BaseException as error:
            self._wishes.forget(interaction.id)
            self._leave_place()
            await self._drop(record, error)
            raise
        running.task.add_done_callback(lambda _: self._leave_place())
        self._wishes.begin(running)
        return told, running

    def wake(self) -> None:
        """Claim what can be claimed, as far as there are places."""
        self._awake.set()

    def open(self) -> None:
        """Begin to claim."""
        self._signals.accept_work()
        self._task = asyncio.create_task(
            self._keep(), name=f"background of {self._supervisor.lease.process}"
        )
        self.wake()

    async def close(self) -> None:
        """Claim nothing more, and begin nothing of what was claimed."""
        self._signals.refuse_work()
        tasks = [*self._starting] + ([self._task] if self._task else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _has_room(self, request: Request) -> bool:
        """Say whether an interaction may run at once; not before others that wait."""
        return (
            self._busy < self._limits.concurrency
            and not self._some_wait
            and request.service_tier != DEFERRED
        )

    async def _drop(self, record: Record, error: BaseException) -> None:
        """Leave nothing to others to go on with of which nobody has the id."""
        if self._supervisor.closing or isinstance(error, asyncio.CancelledError):
            with contextlib.suppress(DomainError):
                await self._store.delete(record.interaction.id, record.owner)

    async def _queue(
        self, caller: Caller, record: Record, lineage: Sequence[str]
    ) -> None:
        place = Place(caller.owner or caller.peer, self._limits.queue)
        try:
            await writes.finished(self._store.add(record, lineage, place=place))
        except QueueFullError as error:
            error.retry_after = error.retry_after or FULL_SECONDS
            raise
        except BaseException as error:
            await self._drop(record, error)
            raise
        self._some_wait = True
        if self._busy < self._limits.concurrency:
            self.wake()
        else:
            self._signals.send(Signal.WORK)

    def _hear(self, signal: Signal, _: str) -> None:
        if signal in (Signal.WORK, Signal.MISSED):
            self.wake()

    def _take_place(self) -> None:
        self._busy += 1
        if self._busy == self._limits.concurrency:
            self._signals.refuse_work()

    def _leave_place(self) -> None:
        if self._busy == self._limits.concurrency and not self._supervisor.closing:
            self._signals.accept_work()
        self._busy -= 1
        if self._some_wait:
            self.wake()

    async def _keep(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self._claim()
            except DomainError as error:
                log.warning("nothing can be claimed: %s", error.message)
            except Exception:
                # The next signal, or the sweep, tries again.
                log.exception("nothing can be claimed")

    async def _claim(self) -> None:
        while (room := self._limits.concurrency - self._busy) > 0:
            if self._supervisor.closing:
                return
            await self._fresh()
            wanted = min(room, AT_ONCE)
            found = await self._store.claim(self._supervisor.lease, wanted)
            for one in found:
                self._take_place()
                self._wishes.expect(one.record.interaction.id, one.wishes)
                task = asyncio.create_task(self._start(one))
                self._starting.add(task)
                task.add_done_callback(self._starting.discard)
            self._some_wait = len(found) == wanted
            if not self._some_wait:
                return
            await asyncio.sleep(0)

    async def _start(self, claimed: Claimed) -> None:
        """Run what was claimed; what cannot run ends, or is given back."""
        identifier = claimed.record.interaction.id
        running = None
        try:
            _check_losses(claimed)
            await self._end_own(identifier)
            running = self._supervisor.start(await self._resume(claimed))
            running.task.add_done_callback(lambda _: self._leave_place())
            self._wishes.begin(running)
        except UnavailableError as error:
            # It is left alone for a while, and given back with the strays (`leases`).
            log.warning("%s cannot be taken up now: %s", identifier, error.message)
        except DomainError as error:
            await self._fail(claimed, error)
        except Exception:
            log.exception("interaction %s cannot be taken up", identifier)
            await self._fail(claimed, InternalError("Internal error."))
        finally:
            self._wishes.forget(identifier)
            if running is None:
                self._leave_place()

    async def _end_own(self, identifier: str) -> None:
        """Wait until a run here has gone that has lost the same interaction before."""
        old = self._supervisor.find(identifier)
        if old is not None:
            old.run.leave(UnavailableError("Its process has lost it."))
            await asyncio.wait({old.task})

    async def _fail(self, claimed: Claimed, error: DomainError) -> None:
        record = settled(claimed, self._clock.now(), error)
        identifier = record.interaction.id
        log.warning("interaction %s has failed: %s", identifier, error.message)
        try:
            await writes.update(self._store, record, claimed.epoch, sleep=asyncio.sleep)
        except (HandedOverError, DeletedError):
            return
        self._signals.send(Signal.ENDED, identifier)


def _check_losses(claimed: Claimed) -> None:
    """Refuse what kills those who run it.

    Raises:
        InternalError: it is one of those.
    """
    if claimed.losses > MOST_LOSSES:
        raise InternalError(f"{LOST} That happened {claimed.losses} times.")
