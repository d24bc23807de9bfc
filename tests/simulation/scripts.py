"""What the model's server will say in one world, drawn before anybody asks.

Every piece of text names the round and the attempt that said it, and its number, so
that whatever reaches a client or the store can be judged without knowing how.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from openinteractions.core.errors import (
    ContentBlockedError,
    DomainError,
    UpstreamFailedError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)

RETRYABLE: Sequence[type[DomainError]] = (
    UpstreamFailedError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
ERRORS: Sequence[type[DomainError]] = (*RETRYABLE, ContentBlockedError)
HERE = "here_"
"""What the names of tools begin with that run on this server."""


@dataclass(frozen=True)
class Failure:
    """One failure of a call to the model."""

    place: int
    """Before which batch; beyond the last: never."""
    error: type[DomainError]
    retry_after: float | None = None

    def make(self) -> DomainError:
        """Return what the adapter raises."""
        return self.error("The model's server fails.", retry_after=self.retry_after)


@dataclass(frozen=True)
class Round:
    """What the model says when it is asked once."""

    pauses: Sequence[float]
    """Seconds before each batch."""
    thoughts: int = 0
    """How many of the batches are thoughts; they come first."""
    calls: Sequence[str] = ()
    """The functions that it calls in the end, by name."""
    length: bool = False
    """Whether it stops because the limit is reached."""
    failures: Sequence[Failure | None] = ()
    """Of the first attempts; later ones do not fail."""
    tool_seconds: float = 0.0

    @property
    def texts(self) -> int:
        """Return how many batches are text."""
        return len(self.pauses) - self.thoughts


@dataclass
class Script:
    """What the model says for one request."""

    marker: str
    """The text of the request, which no other has."""
    rounds: list[Round] = field(default_factory=list)


def draw(chance: random.Random, marker: str) -> Script:
    """Return a script."""
    script = Script(marker)
    more = chance.choice((0, 0, 0, 1, 1, 2, 3))
    pace = chance.choice((0.0, 0.02, 0.02, 0.3, 2.0))
    for number in range(more + 1):
        last = number == more
        script.rounds.append(_round(chance, pace, last=last))
    return script


def _round(chance: random.Random, pace: float, *, last: bool) -> Round:
    batches = chance.randint(0 if not last else 1, 6)
    pauses = [chance.random() * pace for _ in range(batches)]
    if pauses and chance.random() < 0.05:
        pauses[chance.randrange(len(pauses))] = chance.choice((12.0, 45.0))
    calls = [f"{HERE}{n}" for n in range(chance.choice((1, 1, 2)))] if not last else []
    if chance.random() < 0.1:
        calls.append("theirs")
    return Round(
        pauses,
        thoughts=min(batches, chance.choice((0, 0, 1, 2))),
        calls=calls,
        length=last and not calls and chance.random() < 0.1,
        failures=_failures(chance, batches),
        tool_seconds=chance.choice((0.0, 0.05, 1.0, 8.0)),
    )


def _failures(chance: random.Random, batches: int) -> list[Failure | None]:
    if chance.random() < 0.75:
        return []
    found: list[Failure | None] = []
    for _ in range(chance.choice((1, 1, 2, 9))):
        error = chance.choice(ERRORS if chance.random() < 0.2 else RETRYABLE)
        after = chance.choice((None, None, 3.0)) if error in RETRYABLE else None
        found.append(Failure(chance.randint(0, batches), error, after))
    return found
