"""How long a call waits for a client that takes nothing of its answer.

gRPC holds a message back that its client does not take, for ever if need be. So all
calls are looked at now and then, and what each had left to write the last time is
remembered: there are no timers, and a message costs nothing. Looks are counted, not
seconds, so that a server that was held up itself does not blame its clients.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from operator import length_hint
from typing import Any, NamedTuple

from google.protobuf.message import Message

LOOKS = 8
"""How often calls are looked at in the time that they have."""

SLOWEST_BYTES = 32 * 1024
"""How much of a large message a client takes in a second that takes something."""


class Patience(NamedTuple):
    """How long a client may take nothing, in seconds."""

    events: float = 60
    """Of a stream that can be resumed."""
    bytes: float = 120
    """Of a file."""


PATIENCE = Patience()

Drop = Callable[[], Coroutine[Any, Any, None]]
"""Ends a call whose last message is still being written."""


class Taking:
    """What a call has left to write."""

    __slots__ = (
        "_drop",
        "_every",
        "_hint",
        "_looks",
        "_seconds",
        "_seen",
        "batch",
        "dropping",
        "left",
    )

    def __init__(self, seconds: float, every: float, drop: Drop) -> None:
        self.batch: Sequence[Message] = ()
        """The messages that came last, a list or a tuple."""
        self.left: Iterator[Message] | None = None
        """Those of them that are not being written yet; None: there is nothing."""
        self.dropping: asyncio.Task[None] | None = None
        """Set when the call is being dropped; what it raises is the call's to raise."""
        self._seconds = seconds
        self._every = every
        self._drop = drop
        self._seen: Iterator[Message] | None = None
        self._hint = 0
        self._looks = 0

    def look(self) -> None:
        """Drop the call if nothing has been taken for too long."""
        left = self.left
        if left is None or self.dropping is not None:
            self._seen = None
            return
        hint = length_hint(left)
        if left is not self._seen or hint != self._hint:
            self._seen, self._hint, self._looks = left, hint, 0
            return
        self._looks += 1
        seconds = self._seconds + self.batch[-1 - hint].ByteSize() / SLOWEST_BYTES
        if self._looks * self._every >= seconds:
            for _ in left:
                pass  # what follows the message is not written any more
            self.dropping = asyncio.get_running_loop().create_task(self._drop())
            self.dropping.add_done_callback(_look_at_end)


def _look_at_end(dropping: asyncio.Task[None]) -> None:
    if not dropping.cancelled():
        dropping.exception()  # the call may be gone that was to raise it


class Stalls:
    """The calls of a server that have something to write."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._every = min(patience) / LOOKS
        self._calls: set[Taking] = set()
        self._next: asyncio.TimerHandle | None = None

    def watch(self, seconds: float, drop: Drop) -> Taking:
        """Return what a call keeps up to date, until it is forgotten."""
        taking = Taking(seconds, self._every, drop)
        self._calls.add(taking)
        if self._next is None:
            self._look_later()
        return taking

    def forget(self, taking: Taking) -> None:
        """Look at a call no more."""
        self._calls.discard(taking)

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._next = loop.call_later(self._every, self._look)

    def _look(self) -> None:
        self._next = None
        for taking in self._calls:
            taking.look()
        if self._calls:
            self._look_later()
