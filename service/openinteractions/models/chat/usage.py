"""Token counts of chat servers in the contract's terms (contract §3).

Theirs count thoughts as output; ours do not. What a server does not say stays absent.
"""

from __future__ import annotations

from typing import Any

from openinteractions.models.reported import count, details, totals
from openinteractions.v1 import usage_pb2

_INPUT_KINDS = {"image": "image_tokens", "audio": "audio_tokens"}
_OUTPUT_KINDS = {"audio": "audio_tokens", "image": "image_tokens"}


def read(found: dict[str, Any]) -> usage_pb2.Usage:
    """Return the usage that a server reports."""
    prompt = count(found, "prompt_tokens") or 0
    completion = count(found, "completion_tokens") or 0
    inputs = details(found, "prompt_tokens_details")
    outputs = details(found, "completion_tokens_details")
    cached = count(inputs, "cached_tokens")
    if cached is None:
        cached = count(found, "prompt_cache_hit_tokens")
    thoughts = count(outputs, "reasoning_tokens")
    if thoughts is None:
        thoughts = count(found, "reasoning_tokens")
    answer = _without_thoughts(found, prompt, completion, thoughts or 0)

    usage = totals(prompt, answer, thoughts=thoughts, cached=cached)
    _add(usage.cached_tokens_by_modality, "text", cached or 0)
    _split(usage.input_tokens_by_modality, prompt, inputs, _INPUT_KINDS)
    _split(usage.output_tokens_by_modality, answer, outputs, _OUTPUT_KINDS)
    return usage


def _without_thoughts(
    found: dict[str, Any], prompt: int, completion: int, thoughts: int
) -> int:
    """Return the tokens of the answer alone.

    Most servers count thoughts into the completion. Those that count them beside it
    give themselves away by a total that has them added, or by more of them.
    """
    total = count(found, "total_tokens")
    beside = thoughts > completion or total == prompt + completion + thoughts
    return completion if beside else completion - thoughts


def _split(
    into: Any, total: int, details: dict[str, Any], kinds: dict[str, str]
) -> None:
    others = {kind: count(details, name) or 0 for kind, name in kinds.items()}
    _add(into, "text", total - sum(others.values()))
    for kind, tokens in others.items():
        _add(into, kind, tokens)


def _add(into: Any, modality: str, tokens: int) -> None:
    if tokens > 0:
        into.add(modality=modality, tokens=tokens)
