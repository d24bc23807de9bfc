"""Owns the runs that outlive their callers: starts, finds, stops and awaits them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from openinteractions.core.errors import CancelledError, DomainError, UnavailableError
from openinteractions.engine.journal import Journal
from openinteractions.engine.run import Run


@dataclass(slots=True, eq=False)
class Running:
    """A run in progress and its events."""

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
        """Drop a run whose id nobody has; nothing of it is kept."""
        self.task.cancel()


class Supervisor:
    """The runs of this process."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}

    def start(self, run: Run) -> Running:
        """Start a run of a stored interaction; its events go to its journal."""
        identifier = run.interaction.id
        journal = Journal(identifier)
        task = asyncio.get_running_loop().create_task(
            self._drive(run, journal), name=f"run {identifier}"
        )
        run.bind(task)
        running = self._running[identifier] = Running(run, journal, task)
        return running

    def find(self, interaction_id: str) -> Running | None:
        """Return the run of an interaction, or None when it does not run here."""
        return self._running.get(interaction_id)

    async def close(self, grace_seconds: float) -> None:
        """Let the runs finish for a while, then stop the rest."""
        tasks = {running.task for running in self._running.values()}
        if tasks:
            await asyncio.wait(tasks, timeout=grace_seconds)
        rest = list(self._running.values())
        error = UnavailableError("The server was shut down.")
        await asyncio.gather(*(running.stop(error) for running in rest))

    async def _drive(self, run: Run, journal: Journal) -> None:
        """Move a run's events into its journal until it ends."""
        error: Exception | None = None
        flowing = False
        try:
            async with aclosing(run.events()) as events:  # type: ignore[type-var]
                async for batch in events:
                    journal.append(batch)
                    if not flowing:
                        # Otherwise the run goes on with what it has read already,
                        # and its readers get their first event after all of that.
                        flowing = any(e.HasField("step_delta") for e in batch)
                        await asyncio.sleep(0)
        except Exception as caught:  # noqa: BLE001 - its readers get it
            error = caught
        except asyncio.CancelledError:
            error = CancelledError("The run was cancelled.")
            raise
        finally:
            del self._running[run.interaction.id]
            journal.end(error)
