"""Why a URL is not read, and how a URL is shown to the person who gave it."""

from __future__ import annotations

import re

MAX_SHOWN = 120


class Refusal(Exception):  # noqa: N818 - never leaves this package
    """A URL must not, or cannot, be read.

    Attributes:
        reason: a clause for a person, such as "its host is a loopback address". It
            has no address that only a name server of ours could tell.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Failure(Refusal):
    """The URL may be read, but that did not work."""


def shown(url: str) -> str:
    """Return a URL for a message: short, in printable characters, and without secrets.

    A password is left out, and so is what follows the path: keys are sent there.
    """
    bare = re.sub(r"^([^/?#]*//)[^/?#]*@", r"\1…@", url[: 4 * MAX_SHOWN])
    bare = re.sub(r"[?#].*", "?…", bare, flags=re.DOTALL)
    clean = "".join(c if c.isprintable() and c != '"' else _escape(c) for c in bare)
    if len(clean) > MAX_SHOWN:
        clean = clean[: MAX_SHOWN - 1] + "…"
    return f'"{clean}"'


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii").replace('"', "%22")
