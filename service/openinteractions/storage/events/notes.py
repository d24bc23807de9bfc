"""Signals as bytes: a line each, the word and the id."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from openinteractions.engine.signal_ports import Signal

Note = tuple[Signal, str]
"""A signal and its id."""


def packed(notes: Iterable[Note], limit: int) -> tuple[list[Note], bytes]:
    """Return as many of the first as fit into `limit` bytes, one at least, as bytes."""
    taken: list[Note] = []
    data = b""
    for note in notes:
        line = f"{note[0]} {note[1]}\n".encode()
        if taken and len(data) + len(line) > limit:
            break
        taken.append(note)
        data += line
    return taken, data


def unpacked(data: bytes) -> Iterator[Note]:
    """Yield what `packed` was given, without words that this version does not know."""
    for line in data.decode(errors="replace").splitlines():
        word, _, id = line.partition(" ")  # noqa: A001 - the resource's own word
        with contextlib.suppress(ValueError):
            yield Signal(word), id
