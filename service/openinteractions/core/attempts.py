"""Which attempt at an interaction made which of its steps.

A call to a model that was cut starts anew, in the same process or in another, as a new
attempt. It begins at a step; what earlier attempts had made from there on is void, and
what they had made before it stands. So the tokens of each step carry the attempt that
made it (`core.cursor`), and who comes back with a token of a void step is told all
from the first void step on.
"""

from __future__ import annotations

from typing import NamedTuple

EPOCH = 1000
"""How many attempts one claim of an interaction has room for."""


class Attempts(NamedTuple):
    """The attempts of which something stands, without the first, number 0."""

    begun: tuple[tuple[int, int], ...] = ()
    """Number and first step of each. Both grow."""

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.begun[-1][0] if self.begun else 0

    def begin(self, number: int, step: int) -> Attempts:
        """Return them with one more, which begins at a step."""
        standing = tuple(one for one in self.begun if one[1] < step)
        return Attempts((*standing, (number, step)))

    def of(self, step: int) -> int:
        """Return the number of the attempt that made a step."""
        for number, first in reversed(self.begun):
            if first <= step:
                return number
        return 0

    def may_have(self, attempt: int, step: int, steps: int) -> bool:
        """Say whether an attempt may have made a step, of so many that there are.

        Beside those there may have been one more: half of a call, which is not kept.
        """
        return attempt < self.last or (attempt == self.last and step <= steps)

    def __str__(self) -> str:
        """Return them as stores keep them; empty for the first alone."""
        if not self.begun:
            return ""  # the usual case, on the way of every request
        return " ".join(f"{number}:{step}" for number, step in self.begun)

    @classmethod
    def parse(cls, text: str) -> Attempts:
        """Return what was kept."""
        pairs = (pair.partition(":") for pair in text.split())
        return cls(tuple((int(number), int(step)) for number, _, step in pairs))


FIRST = Attempts()
"""The first attempt alone."""


def number(epoch: int, retries: int = 0) -> int:
    """Return an attempt's number: which claim made it, after how many retries."""
    return max(epoch - 1, 0) * EPOCH + min(retries, EPOCH - 1)
