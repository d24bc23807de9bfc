"""What several calls have used is added up, list by list."""

from __future__ import annotations

from openinteractions.core.usages import total
from openinteractions.v1.usage_pb2 import GroundingToolCount, ModalityTokens, Usage


def test_numbers_are_added_and_what_one_says_is_kept() -> None:
    first = Usage(total_tokens=3, total_input_tokens=2)
    second = Usage(total_tokens=4, total_thought_tokens=1)
    assert total(first, second) == Usage(
        total_tokens=7, total_input_tokens=2, total_thought_tokens=1
    )
    assert first == Usage(total_tokens=3, total_input_tokens=2)


def test_entries_are_added_by_what_they_count() -> None:
    first = Usage(
        input_tokens_by_modality=[
            ModalityTokens(modality="text", tokens=1),
            ModalityTokens(modality="image", tokens=5),
        ]
    )
    second = Usage(
        input_tokens_by_modality=[
            ModalityTokens(modality="audio", tokens=7),
            ModalityTokens(modality="text", tokens=2),
        ],
        grounding_tool_count=[GroundingToolCount(type="google_search", count=1)],
    )
    found = total(first, second)
    assert {
        entry.modality: entry.tokens for entry in found.input_tokens_by_modality
    } == {"text": 3, "image": 5, "audio": 7}
    (searched,) = total(found, second).grounding_tool_count
    assert searched.count == 2
