"""Which MIME types are text, and how bytes of them are read.

Pure functions. Text keeps its markup: what reads it knows HTML as well as anything
that could be made of it here.
"""

from __future__ import annotations

import codecs
import re

_TEXTS = re.compile(
    r"text/(?!rtf$).+|.+\+(json|xml|yaml)|image/svg\+xml"
    r"|application/(json|xml|yaml|x-yaml|toml|javascript|x-javascript|typescript|sql"
    r"|x-sh|x-python|x-ndjson|jsonl|x-jsonlines|csv|graphql|x-tex|x-latex)"
)
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([\w.:-]+)', re.IGNORECASE)

_CHARSETS = re.compile(
    r"ascii|utf-(8|16|32)([_-](sig|le|be))?|iso8859-\d+|cp\d+|koi8-\w+|mac-\w+|big5\w*"
    r"|gb\w+|hz|euc_\w+|shift_jis\w*|iso2022_\w+|johab|tis-620|ptcp154|kz1048"
)
"""Those of texts, by Python's names. Its other codecs decode to what is no text (half
characters), or in a time that grows with the square of the size."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, longer ones before those that they begin with."""


def is_text(mime_type: str) -> bool:
    """Say whether a type, as `mime.essence` spells it, is one of text."""
    return _TEXTS.fullmatch(mime_type) is not None


def decode(data: bytes, mime_type: str) -> str:
    """Return the text that bytes are, by the type that was declared of them.

    A byte order mark beats the `charset` of the type; without either it is UTF-8.

    Raises:
        ValueError: it is not; or the charset is not known. The text says which.
    """
    found = _CHARSET.search(mime_type)
    named = found[1] if found else "utf-8"
    charset = next((name for mark, name in _MARKS if data.startswith(mark)), named)
    if not _is_known(charset):
        raise ValueError(f"the charset {charset[:40]!r} is not known")
    try:
        return data.decode(charset)
    except UnicodeError:
        raise ValueError(f"the bytes are no text in {charset}") from None


def _is_known(charset: str) -> bool:
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return False
    return _CHARSETS.fullmatch(name) is not None
