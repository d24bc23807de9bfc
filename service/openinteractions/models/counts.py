"""Token counts of the APIs for media in the contract's terms (contract §3).

They count input by kind, and everything that they make as one kind unless they say
more. What a server does not say stays absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openinteractions.models.reported import count
from openinteractions.v1 import usage_pb2

_KINDS = ("text", "image", "audio")


def read(found: Mapping[str, Any], *, made: str) -> usage_pb2.Usage:
    """Return the usage that a server reports; `made` is the kind of its output."""
    given, put = count(found, "input_tokens"), count(found, "output_tokens")
    usage = usage_pb2.Usage()
    if given is not None:
        usage.total_input_tokens = given
    if put is not None:
        usage.total_output_tokens = put
    if given is not None and put is not None:
        usage.total_tokens = given + put
    elif (total := count(found, "total_tokens")) is not None:
        usage.total_tokens = total
    inputs = _split(found.get("input_tokens_details"), given or 0, "text")
    outputs = _split(found.get("output_tokens_details"), put or 0, made)
    for kind, tokens in inputs.items():
        usage.input_tokens_by_modality.add(modality=kind, tokens=tokens)
    for kind, tokens in outputs.items():
        usage.output_tokens_by_modality.add(modality=kind, tokens=tokens)
    return usage


def _split(details: Any, total: int, rest: str) -> dict[str, int]:
    """Return the tokens of each kind; what is not said is of the kind `rest`."""
    said = details if isinstance(details, dict) else {}
    found = {kind: count(said, f"{kind}_tokens") or 0 for kind in _KINDS}
    found[rest] += max(0, total - sum(found.values()))
    return {kind: tokens for kind, tokens in found.items() if tokens}
