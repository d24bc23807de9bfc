"""Counts in what a model server reports, read with patience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openinteractions.v1 import usage_pb2

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


def totals(
    given: int, answer: int, *, thoughts: int | None, cached: int | None
) -> usage_pb2.Usage:
    """Return the usage of a turn of text; what is None stays absent.

    Args:
        given: tokens of the input, with those that were cached.
        answer: tokens of the output, without thoughts.
        thoughts: tokens of thoughts.
        cached: tokens of the input that the server still had.
    """
    usage = usage_pb2.Usage(
        total_input_tokens=given,
        total_output_tokens=answer,
        total_tool_use_tokens=0,
        total_tokens=given + answer + (thoughts or 0),
    )
    if thoughts is not None:
        usage.total_thought_tokens = thoughts
    if cached is not None:
        usage.total_cached_tokens = cached
    return usage
