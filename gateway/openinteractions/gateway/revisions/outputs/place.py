"""Where a stream of the older revision stands, and how its resume tokens say so.

The hub's token is a place among steps. An older client counts outputs, so its token
is the hub's with the difference behind a "~": which step each output belongs to, how
many steps have begun, and what is open in them ("~0-1.0-2.4~1image.": steps 0, 0, 1;
four begun; an image in step 1). In the plain case, where every step is one output and
nothing but the text or thought of the last is open, there is no difference and the
token is the hub's own.
"""

import re
from collections.abc import Iterator
from typing import Self

from openinteractions.gateway.revisions.errors import RevisionError
from openinteractions.gateway.revisions.outputs.media import kind_of_form
from openinteractions.gateway.revisions.shapes import MEDIA

_SEPARATOR = "~"
_SUFFIX = re.compile(
    r"((?:\d{1,9}-\d{1,9}\.)*)(\d{0,9})~((?:\d{1,9}[a-z]*[A-Z]{0,8}\.)*)"
)
_RUN = re.compile(r"(\d+)-(\d+)")
_OPEN = re.compile(r"(\d+)([a-z]*[A-Z]*)\.")
_NAMED = MEDIA | {"thought"}
# Far more outputs than any interaction has; a made-up token must not fill memory.
_MOST_OUTPUTS = 100_000


class Place:
    """The steps and outputs that a stream has begun so far.

    A place that was resumed without a suffix does not know what was before it. Until
    the next step begins it takes every step it hears of to have one output, which is
    what the absence of a suffix says.
    """

    def __init__(self, *, resumed: bool = False) -> None:
        self._owners: list[int] = []
        self._begun = 0
        self._assumes = resumed
        self._kinds: dict[int, str] = {}
        self._ended = {-1}
        self._suffix: str | None = None

    @classmethod
    def of(cls, token: str) -> tuple[str, Self]:
        """Return the hub's own token and the place that an older token names.

        Raises:
            RevisionError: no stream of ours can have sent this token.
        """
        event_id, separator, suffix = token.partition(_SEPARATOR)
        if not separator:
            return event_id, cls(resumed=True)
        parts = _SUFFIX.fullmatch(suffix)
        if parts is None:
            raise RevisionError("last_event_id", "is not a token of this stream")
        place = cls()
        for first, length in _numbers(parts[1]):
            if len(place._owners) + length > _MOST_OUTPUTS:
                raise RevisionError("last_event_id", "is not a token of this stream")
            place._owners.extend(range(first, first + length))
        place._kinds = {int(step): kind for step, kind in _OPEN.findall(parts[3])}
        place._begun = int(parts[2] or max(place._owners, default=-1) + 1)
        return event_id, place

    @property
    def suffix(self) -> str:
        """What a resume token needs beside the hub's, usually nothing."""
        if self._suffix is None:
            self._suffix = self._write()
        return self._suffix

    def begin(self, step: int) -> bool:
        """Note that a step begins; tell whether it and all after it began before.

        A step that begins again voids what it and the later ones had; their outputs
        are counted anew.
        """
        again = step < self._begun
        self._assume(step)
        if self._assumes and step - 1 not in self._ended:
            # It may have been open when the stream was left, or whole already.
            self._kinds.setdefault(step - 1, "")
        self._assumes = False
        while self._owners and self._owners[-1] >= step:
            self._owners.pop()
        self._kinds = {one: kind for one, kind in self._kinds.items() if one < step}
        self._kinds[step] = ""
        self._begun = step + 1
        self._suffix = None
        return again

    def add(self, step: int, kind: str) -> int:
        """Return the index of the output that a step now opens."""
        self._owners.append(step)
        self._begun = max(self._begun, step + 1)
        self._kinds[step] = kind if kind_of_form(kind) in _NAMED else ""
        self._suffix = None
        return len(self._owners) - 1

    def end(self, step: int) -> None:
        """Note that a step is whole."""
        self._ended.add(step)
        if self._kinds.pop(step, None) is not None:
            self._suffix = None

    def find(self, step: int) -> tuple[int, str]:
        """Return the output that a step had open before the stream was resumed.

        Returns:
            Its index and its type or form, "" when that is not known; -1 and "" when
            the step has none.
        """
        self._assume(step + 1)
        self._suffix = None
        for index in range(len(self._owners) - 1, -1, -1):
            if self._owners[index] == step:
                return index, self._kinds.setdefault(step, "")
        return -1, ""

    def _assume(self, steps: int) -> None:
        if self._assumes and len(self._owners) < steps:
            self._owners.extend(range(len(self._owners), steps))
            self._begun = max(self._begun, steps)
            self._suffix = None

    def _write(self) -> str:
        owners, last = self._owners, self._begun - 1
        told = {
            step: kind
            for step, kind in sorted(self._kinds.items())
            if step != last or kind not in {"", "text", "thought"}
        }
        if not told and owners == list(range(self._begun)):
            return ""
        runs: list[list[int]] = []
        for owner in owners:
            if runs and owner == sum(runs[-1]):
                runs[-1][1] += 1
            else:
                runs.append([owner, 1])
        named = "".join(f"{first}-{length}." for first, length in runs)
        if self._begun > max(owners, default=-1) + 1:
            named += str(self._begun)
        kinds = "".join(f"{step}{kind}." for step, kind in told.items())
        return f"{_SEPARATOR}{named}{_SEPARATOR}{kinds}"


def _numbers(runs: str) -> Iterator[tuple[int, int]]:
    for first, length in _RUN.findall(runs):
        yield int(first), int(length)
