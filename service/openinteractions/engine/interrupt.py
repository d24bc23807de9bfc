"""Breaking off a wait from outside, there and nowhere else.

Cancelling a task breaks off whatever it happens to await, a write to the store for
example. An `Interrupt` cancels its task only while that is inside `guard`, where the
cancellation becomes a `StoppedError`, or inside `pause`, which then ends early.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class StoppedError(Exception):
    """What was awaited has been broken off."""


class Interrupt:
    """A switch that stays pressed. It may be pressed again, which ends a pause."""

    __slots__ = ("_waiting", "pressed")

    def __init__(self) -> None:
        self.pressed = False
        self._waiting: asyncio.Task[Any] | None = None

    def press(self) -> None:
        """Break off what is guarded, now and from now on, and the pause at hand."""
        self.pressed = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.cancel()

    async def guard(self, awaitable: Awaitable[T]) -> T:
        """Await something that may be broken off.

        Raises:
            StoppedError: it was, or would have been.
        """
        if self.pressed:
            close = getattr(awaitable, "close", None)
            if close is not None:
                close()
            raise StoppedError
        return await self._await(awaitable)

    async def pause(self, awaitable: Awaitable[None]) -> None:
        """Await something that only the next press breaks off."""
        with contextlib.suppress(StoppedError):
            await self._await(awaitable)

    async def _await(self, awaitable: Awaitable[T]) -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - coroutines run in tasks
        self._waiting = task
        try:
            return await awaitable
        except asyncio.CancelledError:
            # A cancel from elsewhere, alone or at the same time, is not ours to take.
            if self._waiting is None and task.uncancel() == 0:
                raise StoppedError from None
            raise
        finally:
            self._waiting = None
