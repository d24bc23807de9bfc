"""When a worker that has died is started again, and when not any more. Pure."""

from __future__ import annotations

STEADY_SECONDS = 10.0
"""A worker that has served so long was good: that it died is another matter."""

DELAYS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each start after another death, of those that came too soon."""


class Restarts:
    """The deaths of one worker and of those that took its place."""

    def __init__(self) -> None:
        self.early = 0
        """How many, one after the other, have died too soon."""

    def delay(self, served_seconds: float) -> float | None:
        """Return how long to wait before the next start; None: it is hopeless."""
        if served_seconds >= STEADY_SECONDS:
            self.early = 0
        if self.early == len(DELAYS):
            return None
        self.early += 1
        return DELAYS[self.early - 1]
