"""Owns the runs of this process: starts, finds, watches, stops and awaits them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from openinteractions.core.cursor import Cursor
from openinteractions.core.errors import DomainError, InternalError, UnavailableError
from openinteractions.engine.store_ports import Lease
from openinteractions.v1 import event_pb2, interaction_pb2

Event = event_pb2.InteractionEvent

LEASE_SECONDS = 6.0
"""How long a process is believed without a sign of life: what it has lost is taken over
within ten (design §7)."""

LEAVING_SECONDS = 2.0
"""How long runs may take that are to leave: writes may be on their way to a store that
does not answer."""

CLOSING = "The server is shutting down."
SHUT_DOWN = "The server was shut down."


class Journal(Protocol):
    """The events of one running interaction (see `journal` and `log`)."""

    def append(self, events: Sequence[Event]) -> None:
        """Add events at the end and wake the readers."""

    def end(self, last: Sequence[Event], error: Exception | None) -> None:
        """Add the last events, and the error that comes after them."""

    def tail(self, after: Cursor | None = None) -> AsyncIterator[Sequence[Event]]:
        """Yield the events after a cursor until the interaction has ended."""


class Stoppable(Protocol):
    """What can be ended where it is."""

    def stop(self, error: DomainError | None = None) -> None:
        """End it: `cancelled`, or `failed` with an error."""


class Run(Stoppable, Protocol):
    """A turn of an interaction that outlives its callers."""

    lease: Lease | None
    """Under which its row is claimed, set by the supervisor."""
    epoch: int
    """Which claim of its row it is."""
    background: bool
    """Whether nobody waits for it."""

    @property
    def interaction(self) -> interaction_pb2.Interaction:
        """The interaction, with its id."""

    @property
    def begun(self) -> bool:
        """Whether its row is, or is about to be, in the store."""

    @property
    def leased(self) -> bool:
        """Whether its row is claimed by this process."""

    def leave(self, error: DomainError) -> None:
        """Let others go on with it; if they cannot, it ends with the error."""

    def open_journal(self) -> Journal:
        """Return what its readers are to follow."""

    def events(self) -> AsyncIterator[Sequence[Event]]:
        """Run the turn and yield its events in batches, as they happen."""


@dataclass(slots=True, eq=False)
class Running:
    """A run that outlives its callers, and its events."""

    run: Run
    journal: Journal
    task: asyncio.Task[None]

    async def stop(self, error: DomainError | None = None) -> None:
        """End the run where it is and wait until its end is stored.

        It ends `cancelled`, or `failed` with an error.
        """
        self.run.stop(error)
        await asyncio.wait({self.task})

    def abandon(self) -> None:
        """Drop a run whose id nobody has, unless its row is written already.

        With a row it goes on to its stored end, as if its caller had left later.
        """
        if not self.run.begun:
            self.run.stop()


class Supervisor:
    """The runs of this process."""

    def __init__(
        self,
        process: str | None = None,
        lease_seconds: float = LEASE_SECONDS,
        keep_room: Callable[[], Callable[[], None] | None] = lambda: None,
    ) -> None:
        self.lease = Lease(process or secrets.token_hex(8), lease_seconds)
        """Under which this process claims what it runs."""
        self._keep_room = keep_room
        """Keeps the room that a large request has; returns what gives it back."""
        self._running: dict[str, Running] = {}
        self._watched: set[Stoppable] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    def start(self, run: Run) -> Running:
        """Start a run of a stored interaction; its events go to its journal.

        Raises:
            UnavailableError: the server is shutting down.
        """
        self._refuse_when_closing()
        run.lease = self.lease
        identifier = run.interaction.id
        journal = run.open_journal()
        task = asyncio.get_running_loop().create_task(
            self._drive(run, journal), name=f"run {identifier}"
        )
        if (give_back := self._keep_room()) is not None:
            task.add_done_callback(lambda _: give_back())
        running = self._running[identifier] = Running(run, journal, task)
        self._idle.clear()
        return running

    @contextmanager
    def watch(self, run: Stoppable) -> Iterator[None]:
        """Keep an eye on a run that its caller drives.

        Raises:
            UnavailableError: the server is shutting down.
        """
        self._refuse_when_closing()
        self._watched.add(run)
        self._idle.clear()
        try:
            yield
        finally:
            self._watched.discard(run)
            self._note_idle()

    def find(self, interaction_id: str) -> Running | None:
        """Return the run of an interaction, or None when it does not run here."""
        return self._running.get(interaction_id)

    @property
    def closing(self) -> bool:
        """Whether no more runs are taken."""
        return self._closing

    def held(self) -> dict[str, int]:
        """Return the epochs of the rows that are claimed for runs here, by id."""
        return {
            name: one.run.epoch for name, one in self._running.items() if one.run.leased
        }

    async def leave_background(self) -> None:
        """Take no more runs, and leave those in the background to others, at once."""
        self._closing = True
        runs = [one for one in self._running.values() if one.run.background]
        for one in runs:
            one.run.leave(UnavailableError(SHUT_DOWN))
        if runs:
            await asyncio.wait({one.task for one in runs}, timeout=LEAVING_SECONDS)

    async def close(self, grace_seconds: float) -> None:
        """Take no more runs, let those that run finish for a while, stop the rest.

        What is stored is left to others: in the background at once.
        """
        await self.leave_background()
        try:
            async with asyncio.timeout(grace_seconds):
                await self._idle.wait()
        except TimeoutError:
            error = UnavailableError(SHUT_DOWN)
            for one in list(self._running.values()):
                one.run.leave(error)
            for run in self._watched:
                run.stop(error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVING_SECONDS):
                    await self._idle.wait()

    def _refuse_when_closing(self) -> None:
        if self._closing:
            raise UnavailableError(CLOSING)

    def _note_idle(self) -> None:
        if not self._running and not self._watched:
            self._idle.set()

    async def _drive(self, run: Run, journal: Journal) -> None:
        """Move a run's events into its journal until it ends."""
        error: Exception | None = None
        ending: Sequence[Event] = ()
        flowing = False
        try:
            async with aclosing(run.events()) as events:  # type: ignore[type-var]
                async for batch in events:
                    if batch[-1].HasField("completed") or batch[-1].HasField("error"):
                        ending = batch
                        continue
                    journal.append(batch)
                    if not flowing:
                        # Otherwise the run goes on with what it has read already,
                        # and its readers get their first event after all of that.
                        flowing = any(e.HasField("step_delta") for e in batch)
                        await asyncio.sleep(0)
        except Exception as caught:  # noqa: BLE001 - its readers get it
            error = caught
        except asyncio.CancelledError:
            error = InternalError("The run was broken off.")
            raise
        finally:
            del self._running[run.interaction.id]
            self._note_idle()
            journal.end(ending, error)
