"""Identifiers: short, URL-path safe, and ordered by time where that helps the store.

Pure: the caller brings the time and the randomness.
"""

from __future__ import annotations

import re

_TIME_BYTES = 6
INTERACTION_ENTROPY_BYTES = 10
CALL_ENTROPY_BYTES = 4

_FORM = re.compile(rf"v1_[0-9a-f]{{{2 * (_TIME_BYTES + INTERACTION_ENTROPY_BYTES)}}}")


def interaction_id(milliseconds: int, entropy: bytes) -> str:
    """Return a new interaction id.

    Ids compare as their times do (milliseconds since 1970), so that rows lie in the
    order in which they were created; within one millisecond the order is arbitrary.
    `entropy` has `INTERACTION_ENTROPY_BYTES` random bytes.
    """
    return f"v1_{milliseconds.to_bytes(_TIME_BYTES).hex()}{entropy.hex()}"


def call_id(entropy: bytes) -> str:
    """Return a new id of a function call, from `CALL_ENTROPY_BYTES` random bytes."""
    return entropy.hex()


def is_interaction_id(text: str) -> bool:
    """Say whether a text has the form of an id that this server issues."""
    return _FORM.fullmatch(text) is not None
