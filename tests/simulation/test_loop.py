"""Time passes only when nothing else happens, and what is killed does nothing more."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.simulation.loop import StuckError, VirtualLoop


def live(loop: VirtualLoop, main: Coroutine[Any, Any, None]) -> None:
    try:
        loop.run_until_complete(main)
    finally:
        loop.dispose()


def test_a_year_passes_at_once() -> None:
    loop = VirtualLoop(random.Random(1))
    live(loop, asyncio.sleep(31_536_000))
    assert loop.time() == 31_536_000


def test_a_lane_keeps_its_order_and_lanes_have_none() -> None:
    orders = set()
    for seed in range(20):
        loop = VirtualLoop(random.Random(seed))
        one, other = loop.lane("one"), loop.lane("other")
        seen: list[str] = []

        async def main(
            loop: VirtualLoop = loop, lanes: Any = (one, other), seen: Any = seen
        ) -> None:
            for number in range(3):
                for lane in lanes:
                    said = f"{lane.name}{number}"
                    loop.call_soon(seen.append, said, context=lane.context.copy())
            await asyncio.sleep(1)

        live(loop, main())
        for lane in ("one", "other"):
            of_it = [said for said in seen if said.startswith(lane)]
            assert of_it == sorted(of_it)
        orders.add(tuple(seen))
    assert len(orders) > 1


def test_what_is_killed_does_not_even_clean_up() -> None:
    loop = VirtualLoop(random.Random(1))
    lane = loop.lane("one")
    seen: list[str] = []

    async def victim() -> None:
        try:
            await asyncio.sleep(2)
            seen.append("went on")
        finally:
            seen.append("cleaned up")

    async def main() -> None:
        loop.spawn(lane, victim())
        await asyncio.sleep(1)
        lane.kill()
        await asyncio.sleep(5)
        assert not seen

    live(loop, main())


def test_what_is_held_goes_on_later() -> None:
    loop = VirtualLoop(random.Random(1))
    lane = loop.lane("one")
    seen: list[float] = []

    async def sleeper() -> None:
        await asyncio.sleep(1)
        seen.append(loop.time())

    async def main() -> None:
        loop.spawn(lane, sleeper())
        await asyncio.sleep(0.5)
        lane.held = True
        await asyncio.sleep(9.5)
        assert not seen
        lane.held = False
        await asyncio.sleep(1)

    live(loop, main())
    assert seen == [10]


def test_waiting_for_nothing_and_going_around_are_found() -> None:
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    async def spin() -> None:
        while True:  # noqa: ASYNC110 - that is the point
            await asyncio.sleep(0)

    for main in (wait, spin):
        loop = VirtualLoop(random.Random(1))
        with pytest.raises(StuckError):
            live(loop, main())
