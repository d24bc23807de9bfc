"""What is kept of an upload into a bucket between two calls.

All but the last part of an S3 upload have to have 5 MiB, so what is left of a call is
kept as an object of its own, a piece, until there is enough for a part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import msgspec

from openinteractions.core.errors import PreconditionError
from openinteractions.engine.file_ports import Partial

LANES = 8
"""A part has several numbers, of which its writer takes one by its epoch: so it cannot
put its part in the place of one that a near predecessor or successor has sent."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is there for certain."""

    upload: str = ""
    """The id of S3's upload; empty before the first part."""
    parts: tuple[tuple[int, str], ...] = ()
    """Number and tag of each part."""
    sent: int = 0
    """How many bytes the parts have."""
    pieces: tuple[tuple[str, int], ...] = ()
    """Name and size of each piece that comes after the parts."""
    stale: tuple[str, ...] = ()
    """Pieces that the next call can remove: only then is it known that this progress
    was noted, and that none before it counts."""

    @classmethod
    def of(cls, partial: Partial) -> Self:
        """Return what `kept` was given.

        Raises:
            PreconditionError: it is not the progress of so many bytes.
        """
        found = cls()
        if partial.progress:
            try:
                found = msgspec.json.decode(partial.progress, type=cls)
            except msgspec.MsgspecError:
                raise _missing() from None
        if found.size != partial.size:
            raise _missing()
        return found

    @property
    def held(self) -> int:
        """How many bytes the pieces have."""
        return sum(size for _, size in self.pieces)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self.sent + self.held

    def kept(self) -> Partial:
        """Return it in the form in which it is kept."""
        return Partial(self.size, msgspec.json.encode(self).decode())

    def number(self, epoch: int) -> int:
        """Return the number of the next part."""
        return len(self.parts) * LANES + epoch % LANES + 1

    def with_part(self, number: int, tag: str, size: int) -> Self:
        """Add a part that has taken in all pieces."""
        return replace(
            self.without_pieces(),
            parts=(*self.parts, (number, tag)),
            sent=self.sent + size,
        )

    def with_piece(self, name: str, size: int) -> Self:
        """Add a piece."""
        return replace(self, pieces=(*self.pieces, (name, size)))

    def without_pieces(self) -> Self:
        """Leave out the pieces; their bytes are about to be elsewhere."""
        names = [name for name, _ in self.pieces]
        return replace(self, pieces=(), stale=(*self.stale, *names))


def _missing() -> PreconditionError:
    return PreconditionError("The bytes before these are not there.")
