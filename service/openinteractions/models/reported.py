"""Counts in what a model server reports, read with patience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ABSURD = 2**53
"""A count that no JSON number of every client could hold is none."""


def details(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the object of that name; an empty one where there is none."""
    inner = found.get(name)
    return inner if isinstance(inner, dict) else {}


def count(found: Mapping[str, Any], name: str) -> int | None:
    """Return the count of that name; None where there is none that makes sense."""
    value = found.get(name)
    if isinstance(value, int | float) and 0 <= value < _ABSURD:
        return int(value)
    return None
