"""JSON Schemas made fit for constrained decoding.

Decoding follows a schema for as long as the model goes on, and small models go on:
`Bounds` puts an end to texts and lists that the schema leaves open. What a schema says
itself is never changed, so whatever fits the bounded schema fits the caller's.

What decoding cannot follow is up to the model's server: some keywords make it refuse
the schema (a 400), others it leaves to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MAX_DEPTH = 64
"""Levels of objects and lists within a schema. Compilers of grammars are recursive
programs in C++, which end with their process."""

_ONE = (
    *("additionalProperties", "contains", "else", "if", "items", "not"),
    *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
)
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_ENDS_TEXT = ("maxLength", "enum", "const", "pattern", "format")
_ENDS_LIST = ("maxItems", "enum", "const", "prefixItems")
_REFERENCE = "$ref"


class Bounds(NamedTuple):
    """Where a model has to be held, None or True where it has not."""

    string_characters: int | None = None
    """The longest text that a schema gets which says nothing about it."""
    array_items: int | None = None
    """The longest list that a schema gets which says nothing about it."""
    repeated_calls: bool = True
    """Whether a function is offered again after it has returned, before the user
    has said anything else."""
    instruction: str | None = None
    """The system instruction of requests that have none."""


def depth(value: Any) -> int:
    """Return how many levels of objects and lists a JSON value has."""
    level, inside = 0, [value]
    while inside := [v for v in inside if isinstance(v, dict | list)]:
        level += 1
        inside = [
            item for v in inside for item in (v.values() if isinstance(v, dict) else v)
        ]
    return level


def bounded(schema: Any, bounds: Bounds) -> Any:
    """Return the schema with an end to every text and list."""

    def close(node: dict[str, Any]) -> None:
        kind = node.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        most = bounds.string_characters
        if most is not None and "string" in kinds and _open(node, _ENDS_TEXT):
            node["maxLength"] = max(most, _least(node, "minLength"))
        most = bounds.array_items
        if most is not None and "array" in kinds and _open(node, _ENDS_LIST):
            node["maxItems"] = max(most, _least(node, "minItems"))

    return _mapped(schema, close)


def moved(schema: Any, place: str) -> Any:
    """Return the schema with its references right for it being at `place`.

    `place` is the fragment of the schema's new address, such as `#/$defs/a`.
    """

    def move(node: dict[str, Any]) -> None:
        target = node.get(_REFERENCE)
        if isinstance(target, str) and (target == "#" or target.startswith("#/")):
            node[_REFERENCE] = place + target[1:]

    return _mapped(schema, move)


def refers(schema: Any) -> bool:
    """Say whether the schema has references."""
    found = False

    def look(node: dict[str, Any]) -> None:
        nonlocal found
        found = found or _REFERENCE in node

    _mapped(schema, look)
    return found


def _open(node: dict[str, Any], ends: tuple[str, ...]) -> bool:
    return not any(word in node for word in ends)


def _least(node: dict[str, Any], word: str) -> int:
    least = node.get(word)
    return least if isinstance(least, int) else 0


def _mapped(schema: Any, change: Callable[[dict[str, Any]], None]) -> Any:
    """Return a copy in which every schema within the schema was given to `change`."""
    if not isinstance(schema, dict):
        return schema
    copy = dict(schema)
    for word, inner in _inner(schema):
        if isinstance(inner, list):
            copy[word] = [_mapped(item, change) for item in inner]
        elif word in _MAPS:
            copy[word] = {name: _mapped(s, change) for name, s in inner.items()}
        else:
            copy[word] = _mapped(inner, change)
    change(copy)
    return copy


def _inner(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for word, inner in schema.items():
        one = word in _ONE and isinstance(inner, dict)
        several = word in (*_LISTS, "items") and isinstance(inner, list)
        named = word in _MAPS and isinstance(inner, dict)
        if one or several or named:
            yield word, inner
