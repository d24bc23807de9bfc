"""What happens to whole processes, and to the store as a whole, in one world."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.world import World

SPAN_SECONDS = 60.0
"""When trouble begins at the latest."""


def troubles(world: World) -> Iterator[Coroutine[Any, Any, None]]:
    """Return all the trouble that a world is in for."""
    regime = world.regime
    for make, times in (
        (_crash, regime.crashes),
        (_pause, regime.pauses),
        (_stop, regime.stops),
        (_outage, regime.outages),
    ):
        for _ in range(times):
            yield make(world, _moment(world))


def _moment(world: World) -> float:
    """Return when something happens: often early, when most is going on."""
    return world.chance.random() ** 3 * SPAN_SECONDS


async def _crash(world: World, when: float) -> None:
    """Kill a process, and start another some time after."""
    await asyncio.sleep(when)
    process = world.process()
    if process is None:
        return
    world.note(f"{process.name} is killed")
    process.crash()
    await asyncio.sleep(world.chance.choice((0.1, 3.0, 20.0)))
    await world.begin()


async def _pause(world: World, when: float) -> None:
    """Let a process stand still, maybe for longer than it is believed."""
    await asyncio.sleep(when)
    process = world.process()
    if process is None:
        return
    world.note(f"{process.name} stands still")
    process.lane.held = True
    await asyncio.sleep(world.chance.choice((1.0, 6.5, 8.0, 15.0, 40.0)))
    process.lane.held = False
    world.hold(process.name)
    world.note(f"{process.name} goes on")


async def _stop(world: World, when: float) -> None:
    """End a process in order, and start another."""
    await asyncio.sleep(when)
    process = world.process()
    if process is None:
        return
    world.note(f"{process.name} is told to end")
    await process.stop(world.chance.choice((0.0, 1.0, 30.0)))
    world.note(f"{process.name} has ended")
    await world.begin()


async def _outage(world: World, when: float) -> None:
    """Take the store away for a while."""
    await asyncio.sleep(when)
    world.note("the store is out of reach")
    world.store_is_out = True
    await asyncio.sleep(world.chance.choice((0.5, 5.0, 20.0)))
    world.store_is_out = False
    for process in world.processes:
        world.hold(process.name)
    world.note("the store is back")
