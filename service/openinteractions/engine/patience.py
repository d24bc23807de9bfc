"""When a model is asked again, and how long after it has failed.

For runs that nobody waits for. In the foreground nothing is asked twice: the SDKs do
that themselves (design §8).
"""

from __future__ import annotations

import random

from openinteractions.core.errors import (
    DomainError,
    UpstreamFailedError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)

PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
"""Seconds before each new try of a call; after the last one it has failed."""

LONGEST = 300.0
"""The longest `Retry-After` that is waited for."""

_PASSING = frozenset(
    {
        UpstreamFailedError,
        UpstreamRateLimitedError,
        UpstreamTimeoutError,
        UpstreamUnreachableError,
    }
)


def pause(error: Exception, failures: int) -> float | None:
    """Return how long to wait after a call has failed for the n-th time, from 0.

    None: it is not to be tried again. Pauses differ, so that not all come at once.
    """
    if type(error) not in _PASSING or failures >= len(PAUSES):
        return None
    asked = error.retry_after if isinstance(error, DomainError) else None
    if asked is not None and asked > LONGEST:
        return None
    return max(PAUSES[failures], asked or 0.0) * random.uniform(1.0, 1.25)  # noqa: S311 - spreads load
