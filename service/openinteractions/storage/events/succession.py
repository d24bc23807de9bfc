"""Which batch may come after which, for every log.

Pure. A log may hand a follower batches twice, late or not at all; what passes here is
what the port promises.
"""

from __future__ import annotations

import enum

from openinteractions.engine.signal_ports import Batch

Place = tuple[int, int]
"""Where a batch stands: epoch and number."""


def place(batch: Batch) -> Place:
    """Return where a batch stands."""
    return batch.epoch, batch.number


class Verdict(enum.Enum):
    """What becomes of a batch."""

    NEXT = "next"
    """The follower is given it."""
    PAST = "past"
    """The follower has it, or needs it no more."""
    GAP = "gap"
    """Something is missing before it."""


class Succession:
    """How far one follower has come."""

    def __init__(self) -> None:
        self.place: Place = (0, 0)
        """Where the last batch stood that it was given."""

    def judge(self, batch: Batch) -> Verdict:
        """Say what becomes of a batch, and move on if it is the next one."""
        epoch, number = self.place
        if place(batch) <= self.place:
            return Verdict.PAST
        if not batch.whole and place(batch) != (epoch, number + 1):
            return Verdict.GAP
        self.place = place(batch)
        return Verdict.NEXT
