"""The older revision back in the hub's form: the other half of this spoke.

What a client of the older revision holds (answers, streams) can be brought home with
it; the tests hold both halves against each other. What does not come back is listed
in `losses`.
"""

from collections.abc import Callable, Iterable, Iterator

from openinteractions.gateway.revisions.quirks import clean
from openinteractions.gateway.revisions.shapes import MEDIA, Object, kind_of
from openinteractions.gateway.revisions.timeline import Timeline
from openinteractions.gateway.revisions.upgrade import upgrade_input

# What the hub says when a call or result begins; the rest is in its delta.
_NAMES = ("id", "call_id", "name", "server_name")

_EVENTS = {
    "interaction.start": "interaction.created",
    "interaction.complete": "interaction.completed",
}


def upgrade_interaction(interaction: Object) -> Object:
    """Return an interaction of the older revision in the hub's form.

    Contents that stand together are one `model_output`.

    Raises:
        RevisionError: its `input` has a form that no revision knows.
    """
    hub = {name: value for name, value in interaction.items() if name != "role"}
    if "outputs" in hub:
        timeline = Timeline()
        for place, output in enumerate(clean(hub.pop("outputs"))):
            timeline.add_output(output, f"outputs[{place}]")
        hub["steps"] = timeline.steps
    if "input" in hub:
        hub["input"], _ = upgrade_input(clean(hub["input"]))
    if "usage" in hub:
        usage = hub["usage"]
        hub["usage"] = {n: usage[n] for n in usage if n != "total_reasoning_tokens"}
    return hub


def upgrade_events(
    events: Iterable[Object], *, text: Callable[[object], str]
) -> Iterator[Object]:
    """Yield a stream of the older revision in the hub's form, one step an output.

    Args:
        events: whole, in order.
        text: makes JSON text out of the arguments of a call.
    """
    whole: set[int] = set()
    for event in events:
        match event["event_type"]:
            case "content.start":
                kind = kind_of(event["content"])
                if kind in MEDIA or kind == "thought":
                    step = "thought" if kind == "thought" else "model_output"
                    yield _of(event, "step.start", step={"type": step})
                else:
                    whole.add(event["index"])
            case "content.delta" if event["index"] in whole:
                yield from _whole(event, text)
            case "content.delta":
                yield _of(event, "step.delta", delta=_delta(event["delta"]))
            case "content.stop":
                yield _of(event, "step.stop")
            case "interaction.start" | "interaction.complete" as kind:
                shown = upgrade_interaction(event["interaction"])
                yield event | {"event_type": _EVENTS[kind], "interaction": shown}
            case _:
                yield event


def _whole(event: Object, text: Callable[[object], str]) -> Iterator[Object]:
    """Yield the start of a call or result with its names, and the rest as a delta."""
    content = clean(event["delta"])
    named = {"type": content.pop("type")}
    named |= {name: content.pop(name) for name in _NAMES if name in content}
    if named["type"] == "function_call":
        if "signature" in content:
            named["signature"] = content["signature"]
        delta = {"type": "arguments_delta", "arguments": text(content["arguments"])}
        named["arguments"] = {}
    else:
        delta = {"type": named["type"]} | content
    yield {"event_type": "step.start", "index": event["index"], "step": named}
    yield _of(event, "step.delta", delta=delta)


def _delta(delta: Object) -> Object:
    if delta["type"] == "text_annotation":
        cited = clean({"type": "text", "annotations": delta["annotations"]})
        return {**cited, "type": "text_annotation_delta"}
    if delta["type"] == "thought_summary":
        return delta | {"content": clean(delta["content"])}
    return clean(delta)  # type: ignore[no-any-return]


def _of(event: Object, kind: str, **members: object) -> Object:
    token = {"event_id": event["event_id"]} if "event_id" in event else {}
    return {"event_type": kind, "index": event["index"]} | members | token
