"""Batches as messages, which NATS wants small: a batch is one or several parts.

A part begins with a header of fixed length. Followers put parts together as they come;
one whose parts do not come in order was cut, and is dropped.
"""

from __future__ import annotations

import struct

from openinteractions.engine.signal_ports import Batch
from openinteractions.storage.events.frames import joined, taken_apart

HEADER = struct.Struct(">BQQIIB")
"""Form, epoch, number, part (from 0), parts, whether the batch is whole."""

FORM = 1
"""Another one is left alone: it was written by a version that is not known here."""


def cut(batch: Batch, limit: int) -> list[bytes]:
    """Return a batch as messages of at most `limit` bytes."""
    data = joined(batch.events)
    size = limit - HEADER.size
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return [
        HEADER.pack(FORM, batch.epoch, batch.number, part, len(pieces), batch.whole)
        + piece
        for part, piece in enumerate(pieces)
    ]


class Assembly:
    """Parts on their way to become batches again."""

    def __init__(self) -> None:
        self._begun: dict[int, tuple[int, list[bytes]]] = {}
        """Of each epoch, the number of the batch that has begun, and its parts."""

    def add(self, message: bytes) -> Batch | None:
        """Take a part; return the batch if it was the last one of it."""
        if len(message) < HEADER.size or message[0] != FORM:
            return None
        _, epoch, number, part, parts, whole = HEADER.unpack_from(message)
        piece = message[HEADER.size :]
        if parts > 1:
            pieces = self._added(epoch, number, part, piece)
            if pieces is None or len(pieces) < parts:
                return None
            piece = b"".join(pieces)
        # What older epochs have begun is not wanted any more.
        self._begun = {e: begun for e, begun in self._begun.items() if e > epoch}
        return Batch(epoch, number, bool(whole), taken_apart(piece))

    def _added(
        self, epoch: int, number: int, part: int, piece: bytes
    ) -> list[bytes] | None:
        """Return the parts of a batch so far, None when one is missing."""
        if part == 0:
            self._begun[epoch] = number, []
        begun, pieces = self._begun.get(epoch, (number, []))
        if begun != number or len(pieces) != part:
            self._begun.pop(epoch, None)
            return None
        pieces.append(piece)
        return pieces
