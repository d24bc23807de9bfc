"""The smallest document that satisfies a JSON Schema, for scripts that need one.

Covers what tools and response formats of the tests use; a keyword that it does not
know is ignored, so the tests check the outcome, not this module.
"""

from __future__ import annotations

from typing import Any

_SCALARS: dict[str, Any] = {
    "string": "Paris",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


def example(schema: Any, root: Any = None) -> Any:
    """Give a document; every declared property of an object is present."""
    root = schema if root is None else root
    if not isinstance(schema, dict):
        return {}
    if "$ref" in schema:
        return example(_resolve(schema["$ref"], root), root)
    for keyword, pick in (("const", None), ("enum", 0), ("examples", 0)):
        if keyword in schema:
            return schema[keyword] if pick is None else schema[keyword][pick]
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            return example(schema[keyword][0], root)
    return _typed(schema, root)


def _typed(schema: dict[str, Any], root: Any) -> Any:
    kind = schema.get("type") or ("object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    kind = kind.lower()
    if kind == "object":
        members = schema.get("properties") or {}
        return {name: example(member, root) for name, member in members.items()}
    if kind == "array":
        count = max(1, schema.get("minItems", 1))
        return [example(schema.get("items", {}), root)] * count
    if kind in {"integer", "number"} and "minimum" in schema:
        return schema["minimum"]
    return _SCALARS[kind]


def _resolve(reference: str, root: Any) -> Any:
    found = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        found = found[part] if part else found
    return found
