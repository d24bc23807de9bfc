"""Text as PostgreSQL takes it, which cannot have NUL."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Return a text in a form without NUL.

    Different texts have different forms; those without backslashes are their own.
    """
    if "\0" in text or "\\" in text:
        return text.replace("\\", "\\\\").replace("\0", "\\0")
    return text


def original(text: str) -> str:
    """Return what `plain` was given."""
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda match: "\0" if match[1] == "0" else "\\", text)
