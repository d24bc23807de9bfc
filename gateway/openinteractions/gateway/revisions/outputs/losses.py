"""What the older revision cannot say, as data, each with its reason.

The conversions read these tables, so a loss that is not listed does not happen.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Loss(NamedTuple):
    """Something of the hub that an answer in the older revision leaves out."""

    place: str
    """The member, type or property that is lost."""

    reason: str
    """Why it cannot be said."""


MEMBERS: Mapping[str, str] = {
    "cached_content": "came with the second SDK generator (2.9)",
    "continuation_ids": "older clients do not continue by themselves",
    "continuation_token": "older clients do not continue by themselves",
    "environment": "came with managed agents (2.4)",
    "environment_id": "came with managed agents (2.4)",
    "generation_config": "older answers do not repeat it",
    "labels": "came after the older revision (2.11)",
    "safety_settings": "came after the older revision (2.11)",
}
"""Members of an interaction. `errors` is carried although no older type names it: it
is the only place where a failed interaction says why, and every client skips it."""

STEPS: Mapping[str, str] = {
    "processing_call": "came after the older revision (2.22)",
    "processing_result": "came after the older revision (2.22)",
    "retrieval_call": "came after the older revision (2.24)",
    "retrieval_result": "came after the older revision (2.24)",
    "user_input": "outputs hold what the model did; `input` has the rest",
}
"""Types of steps. A type that nobody knows is carried as it is."""

ANNOTATIONS: Mapping[str, str] = {
    "speech_metadata": "came after the older revision (2.26)",
    "word_info": "came after the older revision (2.13)",
}
"""Types of annotations. A type that nobody knows is carried as it is."""

EVENT_MEMBERS: Mapping[str, str] = {
    "interaction.completed.interaction.steps": "the last event has no outputs",
    "interaction.created.interaction.steps": "the first event has no outputs",
    "interaction.status_update.continuation_token": "see the interaction's own",
    "interaction.status_update.usage": "came after the older revision (2.30)",
    "step.delta.metadata": "came with the newer events (2.7)",
    "step.stop.step_usage": "came with the newer events (2.10)",
    "step.stop.usage": "came with the newer events",
}
"""Members of events."""

_SHAPES: Mapping[str, str] = {
    "model_output.error": "outputs are contents, which have no place for it",
    "model_output without content": "it has no output",
    "borders of adjacent model_output steps": "outputs are one flat list",
    "a call that an ended stream leaves open": "its arguments are no JSON yet",
    "the pieces of a call's arguments": "calls come whole, when their step stops",
    "contents of a type that nobody knows, in events": "a delta must say its type",
    "interleaving with an open call": "events wait until the call is whole",
    "an empty signature in step.start": "it says nothing; the delta has the real one",
    "response_format, typed": "older answers have a bare schema and a media type",
    "response_format, not text": "older schemas describe text only",
    "events of a type that nobody knows": "an older client takes them for another",
    "file_citation.source equal to document_uri": "older clients are given it anyway",
    "google_search_result.rendered_content equal to search_suggestions": (
        "older clients are given it anyway"
    ),
    "audio.rate": "older clients are given it beside sample_rate",
}

LOSSES: tuple[Loss, ...] = tuple(
    Loss(prefix + place, reason)
    for prefix, table in (
        ("interaction.", MEMBERS),
        ("step ", STEPS),
        ("annotation ", ANNOTATIONS),
        ("", EVENT_MEMBERS),
        ("", _SHAPES),
    )
    for place, reason in table.items()
)
"""Everything that hub → older revision → hub does not bring back."""
