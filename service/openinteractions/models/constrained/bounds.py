"""JSON Schemas made fit for constrained decoding.

Decoding follows a schema for as long as the model goes on, and small models go on:
`Bounds` puts an end to texts and lists that the schema leaves open. What a schema says
itself is never changed, so whatever fits the bounded schema fits the caller's.

What decoding cannot follow is up to the model's server: some keywords make it refuse
the schema (a 400), others it leaves to the model.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from openinteractions.models import schemas

MAX_DEPTH = 64
"""Levels of objects and lists within a schema. Compilers of grammars are recursive
programs in C++, which end with their process."""

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
    closed = copy.deepcopy(schema)
    for node in schemas.every(closed):
        kind = node.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        most = bounds.string_characters
        if most is not None and "string" in kinds and _open(node, _ENDS_TEXT):
            node["maxLength"] = max(most, _least(node, "minLength"))
        most = bounds.array_items
        if most is not None and "array" in kinds and _open(node, _ENDS_LIST):
            node["maxItems"] = max(most, _least(node, "minItems"))
    return closed


def moved(schema: Any, place: str) -> Any:
    """Return the schema with its references right for it being at `place`.

    `place` is the fragment of the schema's new address, such as `#/$defs/a`.
    """
    there = copy.deepcopy(schema)
    for node in schemas.every(there):
        target = node.get(_REFERENCE)
        if isinstance(target, str) and (target == "#" or target.startswith("#/")):
            node[_REFERENCE] = place + target[1:]
    return there


def refers(schema: Any) -> bool:
    """Say whether the schema has references."""
    return any(_REFERENCE in node for node in schemas.every(schema))


def _open(node: dict[str, Any], ends: tuple[str, ...]) -> bool:
    return not any(word in node for word in ends)


def _least(node: dict[str, Any], word: str) -> int:
    least = node.get(word)
    return least if isinstance(least, int) else 0
