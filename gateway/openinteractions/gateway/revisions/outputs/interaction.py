"""An interaction of the hub in the older revision (contract §3).

Works on the decoded JSON that the codec writes; values that are already encoded are
carried, never looked into.
"""

from typing import Any

from openinteractions.gateway.revisions.outputs import losses
from openinteractions.gateway.revisions.outputs.contents import contents_of, input_of
from openinteractions.gateway.revisions.shapes import MEDIA, Object, kind_of


def downgrade_interaction(interaction: Object) -> Object:
    """Return an interaction of the hub as older clients know it.

    `outputs` holds what the model did in this interaction, for the reply of create as
    for get and cancel, whose steps begin with the input. It is there, perhaps empty,
    exactly when `steps` is. The argument is left as it is.
    """
    older: Object = {}
    for name, value in interaction.items():
        if name == "steps":
            older["outputs"] = [
                content
                for step in _generated(value, agent="agent" in interaction)
                for content in contents_of(step)
            ]
        elif name == "input":
            older["input"] = input_of(value)
        elif name == "usage":
            older["usage"] = usage_of(value)
        elif name == "response_format":
            older |= _response_format(value)
        elif name not in losses.MEMBERS:
            older.setdefault(name, value)
    if "agent" in interaction or "model" in interaction:
        older["role"] = "agent" if "agent" in interaction else "model"
    return older


def downgrade_partial(interaction: Object) -> Object:
    """Return an interaction as it stands in a stream's first and last event."""
    older = downgrade_interaction(interaction)
    older.pop("outputs", None)
    return older


def usage_of(usage: Any) -> Any:
    """Return usage with the name that 1.55 and 1.56 have for thought tokens."""
    if isinstance(usage, dict) and "total_thought_tokens" in usage:
        return usage | {"total_reasoning_tokens": usage["total_thought_tokens"]}
    return usage


def _generated(steps: list[object], *, agent: bool) -> list[object]:
    """Return the steps that this interaction generated, out of its timeline.

    The input ends with the user's last words or, where a model answers, with the last
    function result; only agents run functions themselves.
    """
    given = {"user_input"} if agent else {"user_input", "function_result"}
    for place in range(len(steps) - 1, -1, -1):
        if kind_of(steps[place]) in given:
            return steps[place + 1 :]
    return steps


def _response_format(value: Any) -> Object:
    """Return the members that say a response format: a bare schema, a media type."""
    if isinstance(value, list):
        texts = [item for item in value if kind_of(item) not in MEDIA - {"text"}]
        return _response_format(texts[0]) if texts else {}
    match kind_of(value):
        case "text":
            schema = {"response_format": value["schema"]} if "schema" in value else {}
            if "mime_type" in value:
                return schema | {"response_mime_type": value["mime_type"]}
            return schema
        case "image" | "audio" | "video":
            return {}
    return {"response_format": value}
