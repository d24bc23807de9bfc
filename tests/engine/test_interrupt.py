"""Breaking off a wait from outside, there and nowhere else."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.engine.interrupt import Interrupt, StoppedError


async def waiting(interrupt: Interrupt) -> asyncio.Task[None]:
    """Start a task that waits for ever under guard."""

    async def wait() -> None:
        await interrupt.guard(asyncio.get_running_loop().create_future())

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    return task


async def test_a_guarded_wait_is_broken_off() -> None:
    interrupt = Interrupt()
    task = await waiting(interrupt)
    interrupt.press()
    with pytest.raises(StoppedError):
        await task
    assert task.cancelling() == 0


async def test_what_is_guarded_later_does_not_begin() -> None:
    interrupt = Interrupt()
    interrupt.press()
    begun = []

    async def begin() -> None:
        begun.append(1)

    with pytest.raises(StoppedError):
        await interrupt.guard(begin())
    assert not begun


async def test_what_is_not_guarded_goes_on() -> None:
    interrupt = Interrupt()
    gate = asyncio.Event()

    async def work() -> int:
        await interrupt.guard(asyncio.sleep(0))
        await gate.wait()
        return 1

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    interrupt.press()
    gate.set()
    assert await task == 1


async def test_a_cancel_from_elsewhere_stays_a_cancel() -> None:
    for also_pressed in (False, True):
        interrupt = Interrupt()
        task = await waiting(interrupt)
        task.cancel()
        if also_pressed:
            interrupt.press()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_only_a_press_that_comes_later_ends_a_pause() -> None:
    interrupt = Interrupt()
    interrupt.press()
    over = []

    async def pause() -> None:
        await interrupt.pause(asyncio.get_running_loop().create_future())
        over.append(1)

    task = asyncio.create_task(pause())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not over
    interrupt.press()
    await task
    assert over
    assert task.cancelling() == 0


async def test_a_cancel_from_elsewhere_ends_a_pause_as_a_cancel() -> None:
    interrupt = Interrupt()
    interrupt.press()
    task = asyncio.create_task(
        interrupt.pause(asyncio.get_running_loop().create_future())
    )
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_wait_that_is_over_is_not_lost_on_the_way() -> None:
    interrupt = Interrupt()
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait() -> int:
        return await interrupt.guard(future)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    future.set_result(7)
    interrupt.press()
    with pytest.raises(StoppedError):
        await task
