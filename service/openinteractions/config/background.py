"""The table of what runs without anybody waiting, and its rules."""

from __future__ import annotations

from openinteractions.config.table import Table
from openinteractions.config.values import check_positive, check_range

MIN_DEADLINE_SECONDS = 1
MAX_DEADLINE_SECONDS = 3600


class Background(Table, frozen=True):
    """`[background]`: interactions in the background, and what crashes leave."""

    concurrency: int = 2000
    """How many run at once, in each process."""
    queue: int = 10_000
    """How many more may wait, in all. Whoever comes then is told to come back."""
    deadline_seconds: float = 10
    """How long after a process was lost another goes on with what it ran, at most."""


def check_background(background: Background) -> None:
    """Check the table.

    Raises:
        Broken: a rule that does not hold.
    """
    check_positive("background.concurrency", background.concurrency)
    check_positive("background.queue", background.queue)
    check_range(
        "background.deadline_seconds",
        background.deadline_seconds,
        MIN_DEADLINE_SECONDS,
        MAX_DEADLINE_SECONDS,
    )
