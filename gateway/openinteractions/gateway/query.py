"""Query parameters to the fields of a request message.

Parameters that no field has are ignored (contract §10-21), and so are empty ones.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from openinteractions.gateway.errors import DecodeError, Reason, RefusedError, misfit

_MOST = 100
_INT = re.compile(r"-?[0-9]{1,9}")


def parse_query(query: str) -> dict[str, str]:
    """Return the parameters of a query string; of equal ones the last.

    Raises:
        RefusedError: it is not UTF-8 when decoded, or there are too many.
    """
    if not query:
        return {}
    try:
        pairs = urllib.parse.parse_qsl(query, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise RefusedError(
            Reason.ERROR_REASON_INVALID_REQUEST, "The query string is malformed."
        ) from None
    return dict(pairs)


def shown_key(query: str) -> str:
    """Return the last parameter `key` of a query string, whatever else is in it.

    Empty if there is none. The rest may be malformed: a caller is known, or not, before
    anything else is judged.
    """
    key = ""
    if "key=" in query:
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            if name == "key":
                key = urllib.parse.unquote_plus(value)
    return key


def flag(value: str) -> bool:
    """Return the boolean that a parameter stands for.

    Raises:
        DecodeError: it is neither `true` nor `false`.
    """
    word = value.lower()
    if word not in {"true", "false"}:
        raise misfit("true or false")
    return word == "true"


def integer(value: str) -> int:
    """Return the integer that a parameter stands for.

    Raises:
        DecodeError: it is none, or one of more than nine digits.
    """
    if not _INT.fullmatch(value):
        raise misfit("a whole number")
    return int(value)


_CONVERT: Mapping[int, Callable[[str], Any]] = {
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BOOL: flag,
    FieldDescriptor.TYPE_INT32: integer,
}


class QueryBinder:
    """Sets the fields of one message type from query parameters."""

    def __init__(self, descriptor: Descriptor) -> None:
        self._fields = {
            spelling: (field.name, _CONVERT[field.type])
            for field in descriptor.fields
            if field.type in _CONVERT and not field.is_repeated
            for spelling in (field.name, field.camelcase_name)
        }

    def set(self, message: Message, parameters: Mapping[str, str]) -> None:
        """Set what the parameters name.

        Raises:
            DecodeError: a value does not fit.
        """
        for name, value in parameters.items():
            known = self._fields.get(name)
            if known is not None:
                try:
                    setattr(message, known[0], known[1](value))
                except DecodeError as error:
                    raise error.under(name) from None
