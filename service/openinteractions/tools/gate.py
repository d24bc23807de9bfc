"""A gate before work of which only so much is done at a time, fair to callers.

A free place goes to whoever has the fewest, so nobody gets all of them by asking for
more. Nobody waits for ever, or behind any number of their own.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from openinteractions.core.errors import UnavailableError

RETRY_SECONDS = 5.0


class Gate:
    """A number of places.

    Args:
        places: how many there are.
        waiting: how many of one owner may wait.
        seconds: how long one waits.
        busy: what is too much, for the error.
    """

    def __init__(self, places: int, *, waiting: int, seconds: float, busy: str) -> None:
        self._free = places
        self._waiting = waiting
        self._seconds = seconds
        self._busy = busy
        self._inside: Counter[str] = Counter()
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def place(self, owner: str) -> AsyncIterator[None]:
        """Have a place within the block.

        Raises:
            UnavailableError: too many of this owner wait, or none was free in time.
        """
        await self._enter(owner)
        try:
            yield
        finally:
            self._leave(owner)

    async def _enter(self, owner: str) -> None:
        if self._free:
            self._take(owner)
            return
        queue = self._queues.setdefault(owner, deque())
        if len(queue) >= self._waiting:
            raise self._too_much()
        granted = asyncio.get_running_loop().create_future()
        queue.append(granted)
        try:
            async with asyncio.timeout(self._seconds):
                await granted
        except BaseException as error:
            if granted.done() and not granted.cancelled():
                self._leave(owner)
            else:
                queue.remove(granted)
                self._drop_if_empty(owner)
            if isinstance(error, TimeoutError):
                raise self._too_much() from None
            raise

    def _take(self, owner: str) -> None:
        self._free -= 1
        self._inside[owner] += 1

    def _leave(self, owner: str) -> None:
        self._free += 1
        self._inside[owner] -= 1
        if not self._inside[owner]:
            del self._inside[owner]
        for next_ in sorted(self._queues, key=self._inside.__getitem__):
            queue = self._queues[next_]
            granted = next((one for one in queue if not one.done()), None)
            if granted is not None:
                queue.remove(granted)
                self._drop_if_empty(next_)
                self._take(next_)
                granted.set_result(None)
                return

    def _drop_if_empty(self, owner: str) -> None:
        if not self._queues[owner]:
            del self._queues[owner]

    def _too_much(self) -> UnavailableError:
        return UnavailableError(
            f"The server is busy with {self._busy}; try again later.",
            retry_after=RETRY_SECONDS,
        )
