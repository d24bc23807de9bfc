"""JSON whose strings stand in single quotes, as shell samples for uploads write it.

Only descriptions of files are read so: the published samples put them between double
quotes of the shell, and the service that they were written for takes them.
"""

from __future__ import annotations

import re

_STRING = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_INSIDE = re.compile(rb"\\.|\"", re.DOTALL)
_WRITTEN = {b"\\'": b"'", b'"': b'\\"'}


def double_quoted(body: bytes) -> bytes:
    """Return a text with its single-quoted strings in double quotes."""
    return _STRING.sub(_double, body)


def _double(string: re.Match[bytes]) -> bytes:
    text = string[0]
    if text.startswith(b'"'):
        return text
    inside = _INSIDE.sub(lambda one: _WRITTEN.get(one[0], one[0]), text[1:-1])
    return b'"' + inside + b'"'
