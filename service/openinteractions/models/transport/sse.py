"""Server-sent events as model servers write them, taken apart without I/O.

Reads may be cut anywhere: inside a UTF-8 sequence, inside a line, between CR and LF.
Only `data` matters here; comments, `event`, `id` and `retry` lines are skipped. Parsing
is lazy, event by event, so that the first event of a read can go out before the rest
is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

_BOM = b"\xef\xbb\xbf"


class Overflow(Exception):  # noqa: N818 - never leaves `models`
    """One event is larger than the limit."""


class Splitter:
    """Splits a stream of bytes into the data of its events."""

    def __init__(self, *, max_event_bytes: int) -> None:
        self._max = max_event_bytes
        self._rest = b""
        self._fresh = True
        self._after_cr = False

    def only(self, read: bytes) -> bytes | None:
        """Return the data of a read that is one event and no more, the usual case.

        None: it is something else, and has to be fed.
        """
        if self._rest or self._fresh or self._after_cr:
            return None
        one_line = read.find(b"\n") == len(read) - 2 and read.endswith(b"\n")
        if one_line and read.startswith(b"data:") and b"\r" not in read:
            return read[5:-2]
        return None

    def feed(self, read: bytes) -> Iterator[bytes]:
        """Take the next read and yield the data of the events that it completes.

        The iterator has to be used up before the next read is fed.

        Raises:
            Overflow: the event that has begun is too large already.
        """
        if self._fresh or self._after_cr or b"\r" in read:
            read = self._plain(read)
        *blocks, self._rest = (self._rest + read).split(b"\n\n")
        for block in blocks:
            if block.startswith(b"data:") and b"\n" not in block:
                yield block[5:]
            elif (data := _data(block)) is not None:
                yield data
        if len(self._rest) > self._max:
            raise Overflow

    def end(self) -> Iterator[bytes]:
        """Yield the data of a last event that no blank line follows, if any.

        Servers that leave out the last line break are common enough to read them.
        """
        rest, self._rest = self._rest, b""
        data = _data(rest)
        if data is not None:
            yield data

    def _plain(self, read: bytes) -> bytes:
        """Make every line end a line feed, across reads, and drop a leading BOM."""
        if self._fresh and self._rest + read in (_BOM[:1], _BOM[:2]):
            self._rest += read
            return b""
        if self._fresh:
            read, self._rest = (self._rest + read).removeprefix(_BOM), b""
            self._fresh = False
        if self._after_cr and read:
            read = read.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in read:
            self._after_cr = read.endswith(b"\r")
            read = read.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return read


def _data(block: bytes) -> bytes | None:
    """Return the data of one event; None when it has no data."""
    lines = []
    for line in block.split(b"\n"):
        if line.startswith(b"data:"):
            lines.append(line[5:].removeprefix(b" "))
        elif line == b"data":
            lines.append(b"")
    return b"\n".join(lines) if lines else None
