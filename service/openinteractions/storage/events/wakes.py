"""Who is to be woken when the log of an interaction has grown."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator


class Wakes:
    """The followers of this process, by interaction."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}

    @contextlib.contextmanager
    def watch(self, id: str) -> Iterator[asyncio.Event]:  # noqa: A002 - the resource's own word
        """Give an event that is set whenever the log may have grown.

        It is set at first; who looks at the log clears it before.
        """
        event = asyncio.Event()
        event.set()
        events = self._events.setdefault(id, set())
        events.add(event)
        try:
            yield event
        finally:
            events.discard(event)
            if not events and self._events.get(id) is events:
                del self._events[id]

    def count(self, id: str) -> int:  # noqa: A002
        """Return how many watch an interaction."""
        return len(self._events.get(id, ()))

    def wake(self, id: str) -> None:  # noqa: A002
        """Wake the followers of an interaction."""
        for event in self._events.get(id, ()):
            event.set()

    def wake_all(self) -> None:
        """Wake all followers."""
        for id in self._events:  # noqa: A001
            self.wake(id)


async def ring(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event for so long; say whether it came."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
