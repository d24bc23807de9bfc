"""Who runs what in one world, looked at again and again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from openinteractions.storage.memory_runs import Run
from tests.simulation.judge import created_at
from tests.simulation.process import SWEEP_SECONDS, Process

if TYPE_CHECKING:
    from tests.simulation.world import World

IDLE_SECONDS = 5.0
"""How long an interaction may be without a process that could have one: somebody looks
for such every two seconds."""
STALE_SECONDS = 6.0
"""How long a process may go on with what it has lost: it learns of that with its next
sign of life."""


class Watch:
    """Looks at claims, and at what is run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._idle: dict[str, float] = {}
        self._stale: dict[tuple[str, str], float] = {}
        """Since when something is so."""
        self._deaf = 0.0
        """When the store was last hard to reach."""

    async def look(self) -> None:
        """Look at all of it, again and again."""
        while True:
            await asyncio.sleep(1)
            now = self._world.loop.time()
            self._look_at_claims(now)
            self._look_at_runs(now)
            self._look_at_age(now)

    def _look_at_claims(self, now: float) -> None:
        """Check that nothing stays without a process for long."""
        world = self._world
        runs = world.store._runs._runs
        idle = {name for name, run in runs.items() if self._is_idle(name, run)}
        self._idle = {name: self._idle.get(name, now) for name in idle}
        anybody = any(self._is_well(process, now) for process in world.processes)
        if not (world.regime.is_prompt and anybody):
            return
        for name, since in self._idle.items():
            world.judge.check(now - since < IDLE_SECONDS, f"nobody takes up {name}")

    def _look_at_runs(self, now: float) -> None:
        """Check that nothing is run for long by who has no claim on it, or twice."""
        world = self._world
        stale = set()
        if world.store_is_out or not world.regime.is_heard:
            self._stale.clear()
            return
        for process in world.processes:
            stood = world.was_held(process.name, STALE_SECONDS)
            if process.ready and not (stood or process.lane.held):
                names = process.runs()
                stale |= {
                    (process.name, name)
                    for name in names
                    if names.count(name) > 1 or self._has_lost(process, name)
                }
        self._stale = {one: self._stale.get(one, now) for one in stale}
        for (place, name), since in self._stale.items():
            world.judge.check(
                now - since <= STALE_SECONDS, f"{place} still runs {name}"
            )

    def _look_at_age(self, now: float) -> None:
        """Check that nothing stays for long when its time is over."""
        world, regime = self._world, self._world.regime
        if regime.ttl is None:
            return
        if world.store_is_out or not regime.is_heard:
            # Calls that are under way then may fail yet.
            self._deaf = now + 2 * regime.slow
            return
        # One row after the other is deleted, and what is due meanwhile comes next.
        most = SWEEP_SECONDS + 1 + 4 * regime.slow * (len(world.store._rows) + 2)
        able = any(self._is_well(one, now, most) for one in world.processes)
        if not able or now - self._deaf < most:
            return
        for name in world.store._rows:
            kept = world.judge.kept[name]
            due = max(kept.ended_at, created_at(name) + regime.ttl + world.skew)
            fine = kept.ended is None or world.now - due < most
            world.judge.check(fine, f"{name} is kept for too long")

    def _has_lost(self, process: Process, name: str) -> bool:
        run = self._world.run(name)
        lost = run is None or run.process != process.name
        return lost and name in self._world.judge.kept

    def _is_idle(self, name: str, run: Run) -> bool:
        world = self._world
        ended = run.process in world.ended_in_order
        # What runs in the background has no grace.
        left = run.process in world.ending and world.judge.kept[name].background
        lost = world.store._runs.is_lost(run)
        return run.turn is not None or ended or left or lost

    def _is_well(
        self, process: Process, now: float, seconds: float = IDLE_SECONDS
    ) -> bool:
        return (
            process.ready
            and not process.lane.held
            and now - process.began > seconds
            and not self._world.was_held(process.name, seconds)
        )
