"""The shapes that tell contents, steps and turns apart (contract §2.3).

Shared by everything here that reads JSON of either revision. An element of a list may
be opaque, already encoded JSON; it is then no `dict` and never looked into.
"""

from typing import Any, TypeGuard

Object = dict[str, Any]
"""A JSON object, decoded."""

MEDIA = frozenset({"text", "image", "audio", "video", "document"})
"""The types that are contents in both revisions; every other type is a step's."""

MESSAGES = frozenset({"user_input", "model_output"})
"""The steps that are made of contents."""

_TOOLS = (
    *("code_execution", "file_search", "google_maps", "google_search"),
    *("mcp_server_tool", "processing", "retrieval", "url_context", "function"),
)

STEPS = (
    MESSAGES | {"thought"} | {f"{t}_{w}" for t in _TOOLS for w in ("call", "result")}
)
"""The types of steps that the hub knows."""


def kind_of(value: object) -> str:
    """Return the `type` of an object; empty if it has none or cannot be looked into."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def is_content(value: object) -> TypeGuard[Object]:
    """Tell whether a value is one of the five media contents."""
    return kind_of(value) in MEDIA


def is_turn(value: object) -> TypeGuard[Object]:
    """Tell whether a value is a turn: an object with a role and no type."""
    return isinstance(value, dict) and "role" in value and "type" not in value


def as_contents(content: object) -> object:
    """Return the list form of a content member: a string and an object become one.

    Anything else comes back as it is, for the codec to judge.
    """
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [content] if isinstance(content, dict) else content
