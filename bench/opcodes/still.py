"""An event loop in which time stands still and nothing comes by chance.

No timer ever fires. Whatever comes from outside comes only when everything that was
there before has been dealt with, so that the order of events is always the same.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from typing import Any

from bench.opcodes.wire import Wire

PATIENCE_SECONDS = 600.0
"""For another thread to say something, before a run is given up."""


class StuckError(Exception):
    """Somebody waits for what will never come."""


class _Selector(selectors.DefaultSelector):
    """Selects what is ready; when there is nothing, the next arrival happens first."""

    def __init__(self, arrivals: deque[Callable[[], None]]) -> None:
        super().__init__()
        self._arrivals = arrivals

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._arrivals:
            self._arrivals.popleft()()
            return []
        ready = super().select(PATIENCE_SECONDS)
        if not ready:
            raise StuckError
        return ready


class StillLoop(asyncio.SelectorEventLoop):
    """The loop.

    Args:
        dial: makes the other end of a connection that is opened.
    """

    def __init__(self, dial: Callable[[], Wire]) -> None:
        self.arrivals: deque[Callable[[], None]] = deque()
        """What happens next from outside, each when all is quiet."""
        self._dial = dial
        super().__init__(_Selector(self.arrivals))

    def time(self) -> float:
        """Return the time, always the same."""
        return 1000.0

    async def create_connection(
        self, protocol_factory: Callable[[], Any], *_: Any, **__: Any
    ) -> tuple[Wire, Any]:
        """Connect a client to the other end that `dial` makes."""
        protocol = protocol_factory()
        wire = self._dial()
        wire.connect(protocol)
        return wire, protocol
