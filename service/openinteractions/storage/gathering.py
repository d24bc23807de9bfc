"""What waits to be written, and when the thread that writes is called for it.

Alone, a process calls at once: what comes during a transaction is enough for the next.
Where others write to the same file, each has fewer callers, and transactions would be
smaller and cost more: there one is begun when as many writes wait as are on their way,
or after a millisecond.
"""

from __future__ import annotations

import asyncio
from collections import deque
from queue import SimpleQueue
from typing import Generic, TypeVar

GATHERING_SECONDS = 0.001

T = TypeVar("T")


class Gathering(Generic[T]):
    """Things that wait.

    `wait`, `take` and `is_empty` are for the thread, the rest is for the event loop in
    which it is made.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._things: deque[T] = deque()
        self._calls: SimpleQueue[bool] = SimpleQueue()
        """What the thread is called for: to write, or to end."""
        self._soon: asyncio.Handle | None = None
        """What will call it."""
        self._gathers = False
        """Whether that is at the end of a time, and not of a turn of the loop."""
        self._writes = False
        """Whether it was called and has not answered."""
        self._rivals = False
        self._expected = 0

    def add(self, thing: T) -> None:
        """Have the thread called for something, with what comes at the same time."""
        self._things.append(thing)
        if self._soon is None:
            # With rivals, what comes meanwhile is part of this transaction or is
            # gathered for the next.
            if not (self._rivals and self._writes):
                self._soon = self._loop.call_soon(self._offer)
        elif self._gathers and len(self._things) >= self._expected:
            self._call()

    def done(self, count: int, *, rivals: bool) -> None:
        """Note that so many were written, and whether other processes write as well."""
        self._writes, self._rivals = False, rivals
        # Who was answered asks again.
        self._expected = count + len(self._things)
        if self._things and self._soon is None:
            self._offer()

    def close(self) -> None:
        """Have what is there written, and the thread end."""
        self._call()
        self._calls.put(False)  # noqa: FBT003 - as `_calls` says

    def wait(self) -> bool:
        """Wait for a call; say whether others will come."""
        goes_on = self._calls.get()
        while goes_on and not self._calls.empty():
            goes_on = self._calls.get()
        return goes_on

    def take(self) -> list[T]:
        """Return all that is there."""
        # More may come meanwhile, for another time; nobody else takes any.
        return [self._things.popleft() for _ in range(len(self._things))]

    def is_empty(self) -> bool:
        """Say whether nothing waits."""
        return not self._things

    def _offer(self) -> None:
        if self._rivals and len(self._things) < self._expected:
            self._gathers = True
            self._soon = self._loop.call_later(GATHERING_SECONDS, self._call)
        else:
            self._call()

    def _call(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon, self._gathers = None, False
        if self._things:
            self._writes = True
            self._calls.put(True)  # noqa: FBT003 - as `_calls` says
