"""JSON values to the values of scalar fields.

Each function takes a JSON value that is not null and returns what the field is set to,
or raises a `DecodeError` that says what was expected. `converter` picks the function
for a member.
"""

from __future__ import annotations

import binascii
import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import status_pb2

from openinteractions.gateway.describe import words
from openinteractions.gateway.errors import misfit, unknown_word
from openinteractions.gateway.schema import Kind, Member

Convert = Callable[[Any], Any]

_URL_SAFE = str.maketrans("-_", "+/")
_PIECE = 1024 * 1024
"""Characters; a multiple of four."""

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_WIDE = 64
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def text(value: Any) -> str:
    """Return a string."""
    if type(value) is not str:
        raise misfit("a string")
    return value


def boolean(value: Any) -> bool:
    """Return a boolean; no other value stands for one."""
    if type(value) is not bool:
        raise misfit("a boolean")
    return value


def number(value: Any) -> float:
    """Return a number, whole or not."""
    if type(value) is not float and type(value) is not int:
        raise misfit("a number")
    return float(value)


def binary(value: Any) -> bytes:
    """Return what base64 stands for: standard or URL-safe, padded or not.

    Nothing but the alphabet of one of the two is let through; clients that send bytes
    as text are told.
    """
    if type(value) is not str:
        raise misfit("base64 text")
    if "-" in value or "_" in value:
        if "+" in value or "/" in value:
            raise misfit("base64 text")
        value = value.translate(_URL_SAFE)
    if len(value) % 4:
        value += "=" * (-len(value) % 4)
    try:
        if len(value) <= _PIECE:
            return binascii.a2b_base64(value, strict_mode=True)
        return b"".join(_pieces(value))
    except ValueError:  # also for text that is not ASCII
        raise misfit("base64 text") from None


def _pieces(text: str) -> Iterator[bytes]:
    """Yield what a large text stands for; between the pieces others have a turn."""
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        if piece.endswith("=") and start + _PIECE < len(text):
            raise ValueError("the end is not at the end")
        yield binascii.a2b_base64(piece, strict_mode=True)


def raw(value: Any) -> str:
    """Return free-form JSON as text; key order and numbers stay as they were."""
    return orjson.dumps(value).decode()


def time(value: Any) -> Timestamp:
    """Return an RFC 3339 instant."""
    if type(value) is not str or not _TIME.fullmatch(value):
        raise misfit("an RFC 3339 time")
    try:
        instant = dt.datetime.fromisoformat(value.upper())
    except ValueError:
        raise misfit("an RFC 3339 time") from None
    return Timestamp(seconds=int(instant.timestamp() // 1))


def status(value: Any) -> status_pb2.Status:
    """Return a status; of its details nothing is kept."""
    if type(value) is not dict:
        raise misfit("an object")
    code, message = value.get("code"), value.get("message")
    return status_pb2.Status(
        code=None if code is None else whole(32)(code),
        message=None if message is None else text(message),
    )


def whole(bits: int) -> Convert:
    """Return the function for signed integers of so many bits.

    A float without a fraction is a whole number; 64-bit ones may come as text.
    """
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    expected = f"a whole number of at most {bits} bits"

    def convert(value: Any) -> int:
        if (type(value) is float and value.is_integer()) or (
            type(value) is str and bits == _WIDE and _WHOLE.fullmatch(value)
        ):
            value = int(value)
        if type(value) is not int or not least <= value <= most:
            raise misfit(expected)
        return value

    return convert


def converter(member: Member) -> Convert:
    """Return the function for the values of a member that is no message or map."""
    if member.words:
        return _open_words(member)
    if member.kind is Kind.ENUM:
        return _closed_words(member)
    if member.kind is Kind.INTEGER:
        return whole(_WIDE if member.wide else 32)
    return _CONVERT[member.kind]


COPIED: dict[Kind, Convert] = {Kind.TIME: time, Kind.STATUS: status}
"""The functions for members that are messages, but no objects of ours."""

_CONVERT: dict[Kind, Convert] = {
    Kind.TEXT: text,
    Kind.BYTES: binary,
    Kind.RAW: raw,
    Kind.BOOLEAN: boolean,
    Kind.NUMBER: number,
}


def _open_words(member: Member) -> Convert:
    known = member.words or {}

    def convert(value: Any) -> str:
        if type(value) is not str:
            raise misfit("a string")
        return known.get(value.lower(), value)

    return convert


def _closed_words(member: Member) -> Convert:
    known = words(member)
    numbers = {word.lower(): value for value, word in known.items()}

    def convert(value: Any) -> int:
        if type(value) is not str:
            raise misfit("a string")
        found = numbers.get(value.lower())
        if found is None:
            raise unknown_word(value, known.values())
        return found

    return convert
