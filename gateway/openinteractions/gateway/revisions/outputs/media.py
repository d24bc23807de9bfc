"""Which pieces of media in a stream are one output.

Within a step, a piece continues the medium right before it when it is of the same kind,
neither has a `uri`, and it either has no `mime_type` or is a sound of the same format.
What has to be remembered of a medium for that is its form: its kind, and in capitals
what follows from the rest. It fits into a resume token.
"""

import zlib
from typing import Any

from openinteractions.gateway.revisions.shapes import MEDIA, kind_of

KINDS = MEDIA - {"text"}

_ADDRESS = "U"
_LETTERS = "ABCDEFGHIJKLMNOP"


def form_of(medium: Any) -> str:
    """Return the form of a medium that begins."""
    kind = kind_of(medium)
    if medium.get("uri"):
        return kind + _ADDRESS
    return kind + _sound(medium) if kind == "audio" else kind


def continues(form: str, piece: Any) -> bool:
    """Tell whether a piece goes on with the medium of that form before it."""
    kind = kind_of(piece)
    if kind_of_form(form) != kind or form.endswith(_ADDRESS) or piece.get("uri"):
        return False
    if not piece.get("mime_type"):
        return True
    return kind == "audio" and form == kind + _sound(piece)


def kind_of_form(form: str) -> str:
    """Return the type of the outputs that have a form."""
    kind = form.rstrip(_LETTERS + _ADDRESS)
    return kind if kind in KINDS else form


def _sound(medium: Any) -> str:
    """Return a short word for the format of a sound."""
    facts = [medium.get(name) for name in ("mime_type", "sample_rate", "channels")]
    digits = f"{zlib.crc32(repr(facts).encode()):08x}"
    return "".join(_LETTERS[int(digit, 16)] for digit in digits)
