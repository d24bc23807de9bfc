"""Identifiers: short, URL-path safe, and ordered by time where that helps the store.

Pure: the caller brings the time and the randomness.
"""

from __future__ import annotations

import re

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS = 10
_RANDOM_DIGITS = 16
_FORM = re.compile(rf"v1_[{_ALPHABET}]{{{_TIME_DIGITS + _RANDOM_DIGITS}}}")

INTERACTION_ENTROPY_BYTES = 10
CALL_ENTROPY_BYTES = 5


def interaction_id(milliseconds: int, entropy: bytes) -> str:
    """Return a new interaction id.

    Ids compare as their times do (milliseconds since 1970), so that rows lie in the
    order in which they were created; within one millisecond the order is arbitrary.
    `entropy` has `INTERACTION_ENTROPY_BYTES` random bytes.
    """
    time = _digits(milliseconds, _TIME_DIGITS)
    return f"v1_{time}{_digits(int.from_bytes(entropy), _RANDOM_DIGITS)}"


def call_id(entropy: bytes) -> str:
    """Return a new id of a function call, from `CALL_ENTROPY_BYTES` random bytes."""
    return _digits(int.from_bytes(entropy), 8)


def is_interaction_id(text: str) -> bool:
    """Say whether a text has the form of an id that this server issues."""
    return _FORM.fullmatch(text) is not None


def _digits(number: int, width: int) -> str:
    digits = [""] * width
    for place in range(width - 1, -1, -1):
        digits[place] = _ALPHABET[number & 31]
        number >>= 5
    return "".join(digits)
