"""Room for large requests: how many bytes of them may be under way at once.

A request has a share of the room, which grows while its body comes in and is given up
when the request has been answered, and what it has left behind has ended. A request
that is alone may have any size; others wait for room, the first come first,
but not for ever. What is small takes no room. Serves both faces, and knows neither.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar

SMALL_BYTES = 1024 * 1024
"""Up to how many bytes a request takes no room."""

WAIT_SECONDS = 20.0
"""How long a request waits for room."""

RETRY_SECONDS = 5
"""What those are told to wait who have waited in vain."""


class Room:
    """Room for a number of bytes.

    Args:
        total: how many bytes.
        wait_seconds: how long a request waits for some.
    """

    def __init__(self, total: int, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._total = total
        self._wait_seconds = wait_seconds
        self._used = 0
        self._waiting: deque[tuple[Share, int, asyncio.Future[None]]] = deque()
        self.shares: dict[int, Share] = {}
        """Those that requests have, by the identity of the request."""

    @property
    def used(self) -> int:
        """How many bytes are taken."""
        return self._used

    async def enter(self, request: object, size: int) -> None:
        """Have room for `size` bytes of a request in all, until it leaves.

        Raises:
            TimeoutError: there was none in time.
        """
        share = self.shares.get(id(request))
        if share is None:
            share = self.shares[id(request)] = Share(self)
            _current.set(share)
        await share.grow(size)

    def leave(self, request: object) -> None:
        """Give back what a request has, unless something else keeps it."""
        share = self.shares.pop(id(request), None)
        if share is not None:
            share.close()

    def _fits(self, share: Share, more: int) -> bool:
        return self._used in (0, share.held) or self._used + more <= self._total

    def take(self, share: Share, more: int) -> None:
        """Count bytes as taken."""
        share.held += more
        self._used += more

    async def claim(self, share: Share, more: int) -> None:
        """Take bytes for a share, when there is room for them.

        Raises:
            TimeoutError: there was none in time.
        """
        # Those that have some go first: what they have is free only after them.
        if self._fits(share, more) and (share.held or not self._waiting):
            self.take(share, more)
            return
        granted = asyncio.get_running_loop().create_future()
        entry = (share, more, granted)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await granted
        except BaseException:
            if granted.done() and not granted.cancelled():
                self.give_back(share, more)
            else:
                self._waiting.remove(entry)
                self._grant()
            raise

    def give_back(self, share: Share, less: int) -> None:
        """Count bytes as free again."""
        share.held -= less
        self._used -= less
        self._grant()

    def _grant(self) -> None:
        """Let those go on for whom there is room by now."""
        for entry in sorted(self._waiting, key=lambda entry: not entry[0].held):
            share, more, granted = entry
            if granted.done():  # it has just been cancelled
                continue
            if not self._fits(share, more):
                if share.held:
                    continue
                return
            self._waiting.remove(entry)
            self.take(share, more)
            granted.set_result(None)


class Share:
    """What one request has of a room."""

    __slots__ = ("_keepers", "_room", "held")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._keepers = 1
        self.held = 0

    def keep(self) -> None:
        """Keep it until `close` was called once more."""
        self._keepers += 1

    async def grow(self, size: int) -> None:
        """Have room for `size` bytes in all, unless they are few.

        Raises:
            TimeoutError: there was none in time.
        """
        if size > SMALL_BYTES and size > self.held:
            await self._room.claim(self, size - self.held)

    def close(self) -> None:
        """Give everything back, unless someone else keeps it."""
        self._keepers -= 1
        if not self._keepers and self.held:
            self._room.give_back(self, self.held)


_current: ContextVar[Share | None] = ContextVar("share", default=None)


def keep() -> Callable[[], None] | None:
    """Keep the room of the large request that is served in this context, if any.

    Returns what gives it back: for work that goes on when its request is answered.
    """
    share = _current.get()
    if share is None or not share.held:
        return None
    share.keep()
    return share.close
