"""Reads the JSON body of a request.

orjson takes the last of two equal keys, turns integers of more than 64 bits into
floats, and reads deeper nesting than it writes. None of that may pass unnoticed, so one
walk over the value counts its keys and looks for floats that may have been integers;
only a body that looks suspicious is read again by the slow and exact `json`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import orjson

from openinteractions.gateway.errors import Reason, RefusedError, clip

DEEPEST = 200
"""Levels of nesting that are read; orjson writes 254, with what is around them."""

# A body of colons is not to be cut at each of them.
_KEY = re.compile(rb'(?:(?<!\\)|(?<=\\\\))"[ \t\r\n]*:')

_HUGE = float(1 << 63)
_LEAST, _MOST = -(1 << 63), (1 << 64) - 1


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds.

    Every object in it has distinct keys, every integer has at most 64 bits, and no
    string has half a surrogate pair.

    Raises:
        RefusedError: it is not such an object (invalid_request).
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _refusal(f"The request body is not valid JSON: {error}.") from None
    if type(value) is not dict:
        raise _refusal("Invalid input: the request body must be a JSON object.")
    try:
        distinct = _distinct(body, _keys(value, DEEPEST))
    except _HugeError:
        distinct = False
    if not distinct:
        _check(body)
    return value


class _HugeError(Exception):
    """A float is so large that it may have been an integer."""


def _keys(value: Any, levels: int) -> int:
    """Return how many keys all objects in a value have together."""
    if not levels:
        raise _refusal(f"The request body nests deeper than {DEEPEST} levels.")
    keys = 0
    if type(value) is dict:
        keys = len(value)
        value = value.values()
    for item in value:
        kind = type(item)
        if kind is dict or kind is list:
            keys += _keys(item, levels - 1)
        elif kind is float and not -_HUGE < item < _HUGE:
            raise _HugeError
    return keys


def _distinct(body: bytes, keys: int) -> bool:
    """Whether the keys that were read are certainly all that were written.

    Every key is followed by a colon; so is what only looks like a key, within strings.
    The quote before such a colon is escaped, as far as one backslash tells.
    """
    if body.count(b":") == keys:
        return True
    return sum(1 for _ in _KEY.finditer(body)) == keys


def _check(body: bytes) -> None:
    """Refuse equal keys and integers of more than 64 bits, wherever they are."""
    _check_integers(json.loads(body, object_pairs_hook=_pairs), "")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        [(key, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise _refusal(f"Parameter '{clip(key)}' is given twice.")
    return made


def _check_integers(value: Any, path: str) -> None:
    if type(value) is dict:
        for key, item in value.items():
            _check_integers(item, f"{path}.{clip(key)}" if path else clip(key))
    elif type(value) is list:
        for index, item in enumerate(value):
            _check_integers(item, f"{path}[{index}]")
    elif type(value) is int and not _LEAST <= value <= _MOST:
        raise _refusal(
            f"Invalid input at '{path}': expected an integer of at most 64 bits."
        )


def _refusal(message: str) -> RefusedError:
    return RefusedError(Reason.ERROR_REASON_INVALID_REQUEST, message)
