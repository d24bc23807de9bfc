"""Under which keys the media of interactions are kept."""

from __future__ import annotations

from collections.abc import Iterable

PREFIX = "interactions/"


def key(interaction_id: str, name: str) -> str:
    """Return the key of one medium of an interaction."""
    return f"{PREFIX}{interaction_id}/{name}"


def keys(interaction_id: str, names: Iterable[str]) -> list[str]:
    """Return the keys of several."""
    return [key(interaction_id, name) for name in names]


def interaction_of(found: str) -> str:
    """Return the id of the interaction that an object belongs to."""
    return found.removeprefix(PREFIX).partition("/")[0]
