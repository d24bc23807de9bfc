"""How long a connection waits for its client, while nothing happens.

There are no timers: all connections are looked at now and then, and each remembers what
it waited for the last time.
"""

from __future__ import annotations

from enum import Enum

HEAD_SECONDS = 30.0
"""How long the head of a request may take from its first byte to its last; that of the
first request counts from when the connection was made."""

READING_SECONDS = 120.0
"""How long a client may read nothing of an answer that is there. Streams can be resumed
afterwards."""


class Wait(Enum):
    """What a connection waits for its client to do; in words, what it has not done."""

    NOTHING = "has done all"
    HEAD = "has sent no whole head of a request"
    READING = "does not read its answer"


_PATIENCE = {Wait.HEAD: HEAD_SECONDS, Wait.READING: READING_SECONDS}


class Stall:
    """What a connection waits for, and since when."""

    __slots__ = ("_left", "_since", "_wait")

    def __init__(self) -> None:
        self._wait = Wait.NOTHING
        self._left = 0
        self._since = 0.0

    def lasts(self, wait: Wait, left: int, now: float) -> bool:
        """Note what is waited for; return whether it has been for too long.

        It begins anew when something else is waited for, or less of it is left.
        """
        if wait is Wait.NOTHING or wait is not self._wait or left < self._left:
            self._wait, self._left, self._since = wait, left, now
            return False
        return now - self._since > _PATIENCE[wait]
