"""Token counts of the Responses API in the contract's terms (contract §3).

Theirs count thoughts as output; ours do not. What a server does not say stays absent.
"""

from __future__ import annotations

from typing import Any

from openinteractions.models.reported import count, details, totals
from openinteractions.v1 import usage_pb2


def read(found: dict[str, Any]) -> usage_pb2.Usage:
    """Return the usage that a server reports."""
    given = count(found, "input_tokens") or 0
    made = count(found, "output_tokens") or 0
    cached = count(details(found, "input_tokens_details"), "cached_tokens")
    thoughts = count(details(found, "output_tokens_details"), "reasoning_tokens")
    answer = max(made - (thoughts or 0), 0)
    usage = totals(given, answer, thoughts=thoughts, cached=cached)
    for into, tokens in (
        (usage.input_tokens_by_modality, given),
        (usage.output_tokens_by_modality, answer),
        (usage.cached_tokens_by_modality, cached or 0),
    ):
        if tokens:
            into.add(modality="text", tokens=tokens)
    return usage
