"""Owns the runs that outlive their callers: starts, finds, stops and awaits them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from openinteractions.engine.journal import Journal
from openinteractions.engine.run import Run


@dataclass(slots=True, eq=False)
class Running:
    """A run in progress and its events."""

    run: Run
    journal: Journal
    task: asyncio.Task[None]

    async def stop(self) -> None:
        """End the run where it is and wait until its end is stored."""
        self.run.stop()
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
            _drive(run, journal), name=f"run {identifier}"
        )
        run.bind(task)
        running = self._running[identifier] = Running(run, journal, task)
        task.add_done_callback(lambda _: self._running.pop(identifier, None))
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
        await asyncio.gather(*(running.stop() for running in rest))


async def _drive(run: Run, journal: Journal) -> None:
    """Move a run's events into its journal until it ends; never raises."""
    try:
        async with aclosing(run.events()) as events:  # type: ignore[type-var]
            async for batch in events:
                journal.append(batch)
    except BaseException as error:
        journal.end(error)
        if not isinstance(error, Exception):
            raise
    else:
        journal.end()
