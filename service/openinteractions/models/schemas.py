"""JSON Schemas as model servers take them.

Clients write types in capitals (`"STRING"`) where their own API knows them so; JSON
Schema knows small letters only. Nothing else is changed: key order, which models see,
stays, and so do values that merely look like a schema (defaults, enums, properties
that are called "type").
"""

from __future__ import annotations

import re
from typing import Any

import orjson

_TYPES = frozenset(
    {"ARRAY", "BOOLEAN", "INTEGER", "NULL", "NUMBER", "OBJECT", "STRING"}
)
_CAPITALS = re.compile(r'"type"\s*:\s*(?:"[A-Z]|\[[^\]]*"[A-Z])')
_ONE = (
    *("additionalProperties", "contains", "else", "if", "items", "not"),
    *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
)
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_MAPS = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")

NO_ARGUMENTS = b'{"type":"object","properties":{}}'
"""The parameters of a function that has none."""


def normal(text: str) -> bytes:
    """Return the schema as JSON that servers understand.

    Raises:
        ValueError: the text is not a JSON object.
    """
    schema = orjson.loads(text)
    if not isinstance(schema, dict):
        raise ValueError("a schema is an object")  # noqa: TRY004 - see above
    if not schema:
        return b"{}"
    if _CAPITALS.search(text):
        _lower(schema)
        return orjson.dumps(schema)
    return text.encode()


def parameters(text: str) -> bytes:
    """Return a function's parameters; those of none for an empty text or object.

    Raises:
        ValueError: the text is not a JSON object.
    """
    schema = normal(text) if text else b"{}"
    return NO_ARGUMENTS if schema == b"{}" else schema


def _lower(schema: Any) -> None:
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = _word(kind)
    elif isinstance(kind, list):
        schema["type"] = [_word(word) for word in kind]
    for name in _ONE:
        _lower(schema.get(name))
    for name in _LISTS:
        inner = schema.get(name)
        for item in inner if isinstance(inner, list) else ():
            _lower(item)
    for name in _MAPS:
        inner = schema.get(name)
        for item in inner.values() if isinstance(inner, dict) else ():
            _lower(item)


def _word(word: Any) -> Any:
    return word.lower() if isinstance(word, str) and word in _TYPES else word
