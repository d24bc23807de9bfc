"""Where an event stands in the content of an interaction, as an opaque token.

A cursor points into the content, not into a log (design §5): a live stream, a replay
of a log and a replay made from the stored steps give the same token to the same
place, so a token stays valid after a log is trimmed. Cursors of one interaction are
ordered as its events are, because steps are streamed one after the other.
"""

from __future__ import annotations

import enum
import re
import zlib
from typing import NamedTuple

from openinteractions.core.errors import RequestError

END = 999_999_999
"""An index behind every step."""

_FORM = re.compile(
    r"([0-9a-f]{8})-(\d{1,9})-(\d{1,9})-([0-7])-(\d{1,12})"
    r"(?:\.(\d{1,9}))?"
)


class Place(enum.IntEnum):
    """What kind of event it is, in the order in which a step's events come."""

    CREATED = 0
    STATUS = 1
    START = 2
    DELTA = 3
    STOP = 4
    ERROR = 5
    COMPLETED = 6


class Cursor(NamedTuple):
    """The place of one event.

    `step` is its index; `CREATED` and `STATUS` have 0, `ERROR` and `COMPLETED`
    `END`. `offset` counts what the step holds after the event: characters of text,
    summary or arguments, bytes of media and one for the beginning of each, and one
    for every other piece; a step may begin with some. `annotations` are counted by
    themselves, since a replay may have them later behind the text than the live
    stream had.
    """

    attempt: int
    step: int
    place: int
    offset: int
    annotations: int = 0


def prefix(interaction_id: str, attempt: int = 0) -> str:
    """Return what all tokens of one attempt at one interaction begin with."""
    return f"{zlib.crc32(interaction_id.encode()):08x}-{attempt}-"


def encode(
    start: str, index: int, place: Place, offset: int = 0, annotations: int = 0
) -> str:
    """Return the token of an event; `start` comes from `prefix`."""
    noted = f".{annotations}" if annotations else ""
    return f"{start}{index}-{place:d}-{offset}{noted}"


def decode(token: str, interaction_id: str) -> Cursor:
    """Return the place that a token of this interaction points to.

    Raises:
        RequestError: it is not a token, or one of another interaction.
    """
    match = _FORM.fullmatch(token)
    if match is None or not token.startswith(prefix(interaction_id)[:9]):
        raise unknown(interaction_id, f" {token[:80]!r}")
    _, attempt, index, place, offset, noted = match.groups()
    return Cursor(int(attempt), int(index), int(place), int(offset), int(noted or 0))


def unknown(interaction_id: str, token: str = "") -> RequestError:
    """Return the refusal of a token that is of no event of an interaction."""
    return RequestError(
        f"last_event_id{token} is not an event of interaction {interaction_id}.",
        field="last_event_id",
    )
