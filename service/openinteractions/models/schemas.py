"""JSON Schemas as model servers take them.

Clients write types in capitals (`"STRING"`) where their own API knows them so; JSON
Schema knows small letters only. Nothing else is changed: key order, which models see,
stays, and so do values that merely look like a schema (defaults, enums, properties
that are called "type").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
        for node in every(schema):
            _lower(node)
        return orjson.dumps(schema)
    return text.encode()


def parameters(text: str) -> bytes:
    """Return a function's parameters; those of none for an empty text or object.

    Raises:
        ValueError: the text is not a JSON object.
    """
    schema = normal(text) if text else b"{}"
    return NO_ARGUMENTS if schema == b"{}" else schema


def every(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the schema and each schema within it, the outer one first.

    What it has yielded may be changed; `true`, `false` and what is no schema at all are
    left out.
    """
    found = [schema]
    while found:
        node = found.pop()
        if not isinstance(node, dict):
            continue
        for word, inner in node.items():
            if isinstance(inner, list):
                found.extend(inner if word in _LISTS else ())
            elif word in _ONE:
                found.append(inner)
            elif word in _MAPS and isinstance(inner, dict):
                found.extend(inner.values())
        yield node


def _lower(schema: dict[str, Any]) -> None:
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = _word(kind)
    elif isinstance(kind, list):
        schema["type"] = [_word(word) for word in kind]


def _word(word: Any) -> Any:
    return word.lower() if isinstance(word, str) and word in _TYPES else word
