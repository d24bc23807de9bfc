"""Several events as one run of bytes: each after its length, four bytes big-endian."""

from __future__ import annotations

from collections.abc import Sequence

LENGTH_BYTES = 4


def joined(events: Sequence[bytes]) -> bytes:
    """Return the events as one run of bytes."""
    parts = []
    for event in events:
        parts.append(len(event).to_bytes(LENGTH_BYTES))
        parts.append(event)
    return b"".join(parts)


def taken_apart(data: bytes) -> list[bytes]:
    """Return what `joined` was given."""
    events = []
    start = 0
    while start < len(data):
        begin = start + LENGTH_BYTES
        start = begin + int.from_bytes(data[start:begin])
        events.append(data[begin:start])
    return events
