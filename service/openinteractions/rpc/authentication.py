"""Who calls: the key in a call's metadata, and the owner that it stands for.

Keys are compared in constant time and kept only as digests. Interactions belong to
the hash of a key, so that a store never has one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping

from openinteractions.core.errors import UnauthenticatedError


class Authentication:
    """The accepted keys; without any configured, every caller is the same one."""

    def __init__(self, keys: Iterable[str] | None) -> None:
        """Take the keys; None accepts every call, whatever key it has."""
        self._digests = None if keys is None else [_digest(key) for key in keys]

    def owner(self, metadata: Mapping[str, str]) -> str:
        """Return who owns what the caller makes; empty without authentication.

        Raises:
            UnauthenticatedError: there is no key, or none that is accepted.
        """
        if self._digests is None:
            return ""
        message = "An API key is required."
        for key in _presented(metadata):
            presented = _digest(key)
            # No early end: how long this takes says nothing about which key is near.
            matches = [hmac.compare_digest(presented, good) for good in self._digests]
            if any(matches):
                return presented.hex()
            message = "The API key is not valid."
        raise UnauthenticatedError(message)


def _digest(key: str) -> bytes:
    # Bytes of a header that are no UTF-8 arrive as surrogates, which are no reason
    # to fail: such a key is like any other that is not accepted.
    text = key.encode("utf-8", "surrogatepass")
    return hashlib.sha256(b"openinteractions key " + text).digest()


def _presented(metadata: Mapping[str, str]) -> Iterator[str]:
    """The keys that a caller shows (contract §1.4)."""
    if key := metadata.get("x-goog-api-key"):
        yield key
    scheme, _, token = metadata.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and (key := token.strip()):
        yield key
    if key := metadata.get("key"):
        yield key
