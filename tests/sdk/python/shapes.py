"""One view of what the SDKs return, whatever their generation.

`parts` reads an interaction, `Event` one event of a stream, `Transcript` a whole one.
They go through the attributes that a caller of the SDK would use, so that what an SDK
drops on the way is missing here too. Contract §3, §4 and §6 say which these are.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

_KINDS = {
    "interaction.created": "created",
    "interaction.start": "created",
    "interaction.status_update": "status",
    "step.start": "start",
    "content.start": "start",
    "step.delta": "delta",
    "content.delta": "delta",
    "step.stop": "stop",
    "content.stop": "stop",
    "interaction.completed": "completed",
    "interaction.complete": "completed",
    "error": "error",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One thing in an interaction: a text, a thought, a call, a result."""

    type: str
    """`text`, `thought`, `function_call` …; texts of the user are `input`."""
    text: str = ""
    id: str = ""
    name: str = ""
    arguments: Any = None
    signature: str = ""


def parts(interaction: Any) -> list[Part]:
    """Give the parts of `outputs` or of `steps`, in order."""
    outputs = read(interaction, "outputs")
    if outputs is not None:
        return [_part(output) for output in outputs]
    found = []
    for step in read(interaction, "steps") or []:
        if step.type in {"model_output", "user_input"}:
            kind = "input" if step.type == "user_input" else ""
            found += [_part(content, kind) for content in step.content or []]
        else:
            found.append(_part(step))
    return found


def text(interaction: Any) -> str:
    """Give what the model said, the user's own words left out."""
    return "".join(part.text for part in parts(interaction) if part.type == "text")


def calls(interaction: Any) -> list[Part]:
    """Give the function calls, in order."""
    return [part for part in parts(interaction) if part.type == "function_call"]


def thoughts(interaction: Any) -> list[Part]:
    """Give the thoughts, in order."""
    return [part for part in parts(interaction) if part.type == "thought"]


def read(holder: Any, name: str) -> Any:
    """Give an attribute, None where the SDK has none."""
    return getattr(holder, name, None)


def plain(value: Any) -> Any:
    """Give an SDK object as a caller would dump it, nulls included."""
    return value.model_dump(mode="json")


def _part(item: Any, kind: str = "") -> Part:
    summary = read(item, "summary") or []
    words = read(item, "text") or "".join(
        read(piece, "text") or "" for piece in summary
    )
    return Part(
        type=kind or item.type,
        text=words,
        id=read(item, "id") or "",
        name=read(item, "name") or "",
        arguments=read(item, "arguments"),
        signature=read(item, "signature") or "",
    )


class Event:
    """One event of a stream."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.type: str = raw.event_type
        self.kind = _KINDS.get(self.type, self.type)
        self.index: int = read(raw, "index") or 0
        self.event_id: str = read(raw, "event_id") or ""
        self.delta = read(raw, "delta")

    @property
    def interaction(self) -> Any:
        """The interaction of a created or completed event."""
        return read(self.raw, "interaction")

    @property
    def interaction_id(self) -> str:
        """The id, wherever this kind of event carries it."""
        if self.kind == "status":
            return self.raw.interaction_id or ""
        return read(self.interaction, "id") or ""

    @property
    def text(self) -> str:
        """The text of a text delta."""
        is_text = self.kind == "delta" and self.delta.type == "text"
        return self.delta.text if is_text else ""


class Transcript:
    """A stream from its first event to its last."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = list(events)

    def of(self, kind: str) -> list[Event]:
        """Give the events of a kind, in order."""
        return [event for event in self.events if event.kind == kind]

    @property
    def kinds(self) -> list[str]:
        """The kinds in order, a run of deltas counted once."""
        found: list[str] = []
        for event in self.events:
            if event.kind != "delta" or found[-1:] != ["delta"]:
                found.append(event.kind)
        return found

    @property
    def id(self) -> str:
        """The id that the first event announces."""
        return self.of("created")[0].interaction_id

    @property
    def completed(self) -> Any:
        """The interaction in the terminal event."""
        (last,) = self.of("completed")
        return last.interaction

    @property
    def text(self) -> str:
        """All text deltas joined."""
        return "".join(event.text for event in self.events)

    def deltas(self, kind: str) -> list[Any]:
        """Give the deltas of a type, in order."""
        return [e.delta for e in self.of("delta") if e.delta.type == kind]

    @property
    def thought(self) -> str:
        """All thought summaries joined."""
        found = self.deltas("thought_summary")
        return "".join(delta.content.text for delta in found)

    @property
    def signatures(self) -> list[str]:
        """The signatures of thoughts."""
        return [delta.signature for delta in self.deltas("thought_signature")]

    @property
    def calls(self) -> list[Part]:
        """The function calls, put together the way their generation streams them."""
        whole = self.deltas("function_call")
        if whole:
            return [
                Part("function_call", id=c.id, name=c.name, arguments=c.arguments)
                for c in whole
            ]
        steps = {e.index: e.raw.step for e in self.of("start") if read(e.raw, "step")}
        pieces: dict[int, str] = {}
        for event in self.of("delta"):
            if event.delta.type == "arguments_delta":
                fragment = read(event.delta, "arguments") or ""
                pieces[event.index] = pieces.get(event.index, "") + fragment
        return [
            Part(
                "function_call",
                id=step.id,
                name=step.name,
                arguments=json.loads(pieces.get(index) or "{}"),
            )
            for index, step in sorted(steps.items())
            if step.type == "function_call"
        ]
