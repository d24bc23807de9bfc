"""Breaking off a wait from outside, there and nowhere else.

Cancelling a task breaks off whatever it happens to await, a write to the store for
example. An `Interrupt` cancels its task only while that is inside `guard`, where the
cancellation becomes a `StoppedError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class StoppedError(Exception):
    """What was awaited has been broken off."""


class Interrupt:
    """A switch that is pressed once, and stays."""

    __slots__ = ("_waiting", "pressed")

    def __init__(self) -> None:
        self.pressed = False
        self._waiting: asyncio.Task[Any] | None = None

    def press(self) -> None:
        """Break off what is guarded, now and from now on."""
        self.pressed = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.cancel()

    async def guard(self, awaitable: Awaitable[T]) -> T:
        """Await something that may be broken off.

        Raises:
            StoppedError: it was, or would have been.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - coroutines run in tasks
        if self.pressed:
            close = getattr(awaitable, "close", None)
            if close is not None:
                close()
            raise StoppedError
        self._waiting = task
        try:
            return await awaitable
        except asyncio.CancelledError:
            # A cancel from elsewhere, alone or at the same time, is not ours to take.
            if self.pressed and task.uncancel() == 0:
                raise StoppedError from None
            raise
        finally:
            self._waiting = None
