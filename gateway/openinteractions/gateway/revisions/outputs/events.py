"""A stream of the hub in the older revision, event by event (contract §6.3).

Sans-I/O: events go in, events come out, nothing waits here. Contents of messages and
thoughts pass as they come. Calls and results go out whole, so while one is open the
events after it wait for it; that way no resume token ever falls into the middle.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Self

from openinteractions.gateway.revisions.outputs import losses, media
from openinteractions.gateway.revisions.outputs.contents import (
    annotations_of,
    content_of,
)
from openinteractions.gateway.revisions.outputs.interaction import downgrade_partial
from openinteractions.gateway.revisions.outputs.parts import Output, Whole
from openinteractions.gateway.revisions.outputs.place import Place
from openinteractions.gateway.revisions.shapes import STEPS, Object, kind_of

_TERMINAL = frozenset({"interaction.completed", "error", ""})
_END: Object = {"event_type": ""}
_THOUGHT = frozenset({"thought_summary", "thought_signature"})


class EventTranslator:
    """Turns the events of one stream of the hub into older ones.

    What the caller keeps to:

    * one translator for each stream, fed with every event from the first that it
      sends, in order, then `close()`;
    * for a replay after an older client's `last_event_id`, the translator comes from
      `resume`, and the hub is asked with the token that `resume` returns;
    * events may be written as soon as they are returned; what one call returned
      should go out together, as only the last of it may be resumed from.

    What it keeps to: outputs are numbered from 0 without gaps, in the order in which
    they begin. An event carries a token only where going on after it misses and
    repeats nothing. A step that begins again (a run was taken over) gives its outputs
    the indices that they had before; what a client has from there on is void.
    """

    def __init__(self, *, raw: Callable[[str], object]) -> None:
        """Begin at the start of a stream.

        Args:
            raw: makes the value to embed out of JSON text, for arguments that came
                in pieces. The text is not checked: what the hub sends is JSON.
        """
        self._raw = raw
        self._place = Place()
        self._open: dict[int, Output] = {}
        self._held: Whole | None = None
        self._waiting: list[Object] = []

    @classmethod
    def resume(
        cls, last_event_id: str, *, raw: Callable[[str], object]
    ) -> tuple[str, Self]:
        """Return the hub's token, and a translator for what follows it.

        Raises:
            RevisionError: `last_event_id` is no token that a stream can have had.
        """
        event_id, place = Place.of(last_event_id)
        translator = cls(raw=raw)
        translator._place = place
        return event_id, translator

    def feed(self, event: Any) -> list[Object]:
        """Return the older events that an event of the hub becomes, perhaps none.

        The argument is left as it is, but parts of it are shared with the result.
        """
        if not isinstance(event, dict):
            return []  # An opaque event has a type that nobody knows.
        if self._held is None and event["event_type"] == "step.delta":
            # Nearly all events are text; this path allocates two objects.
            output = self._open.get(event["index"])
            delta = event["delta"]
            if output is not None and output.kind == "text" == kind_of(delta):
                text = {
                    "index": output.index,
                    "delta": delta,
                    "event_type": "content.delta",
                }
                if "event_id" in event:
                    text["event_id"] = event["event_id"] + self._place.suffix
                return [text]
        older = self._run(event)
        if older and self._held is None and "event_id" in event:
            older[-1]["event_id"] = event["event_id"] + self._place.suffix
        return older

    def close(self) -> list[Object]:
        """Return what still waits when the hub's stream ends, terminal or not.

        A call that is still open is dropped: half its arguments are no JSON.
        """
        return self._run(_END)

    def _run(self, event: Object) -> list[Object]:
        older: list[Object] = []
        pending = deque((event,))
        while pending:
            event = pending.popleft()
            held = self._held
            if held is None:
                self._express(event, older)
                continue
            kind, index = event["event_type"], event.get("index", -1)
            if kind == "step.delta" and index == held.step:
                held.add(event["delta"])
            elif kind == "step.stop" and index == held.step:
                self._held = None
                self._write_whole(held, older)
                pending.extendleft(reversed(self._stop_waiting()))
            elif kind in _TERMINAL or (kind == "step.start" and index <= held.step):
                self._held = None
                waiting = self._stop_waiting()
                if kind == "step.start":
                    # The step begins again: what later steps had is void.
                    waiting = [one for one in waiting if one.get("index", -1) < index]
                pending.appendleft(event)
                pending.extendleft(reversed(waiting))
            else:
                self._waiting.append(event)
        return older

    def _stop_waiting(self) -> list[Object]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def _express(self, event: Object, older: list[Object]) -> None:
        """Add what an event becomes while no call is open."""
        match event["event_type"]:
            case "step.delta":
                self._add(event["index"], event["delta"], older)
            case "step.start":
                self._start(event["index"], event["step"], older)
            case "step.stop":
                self._stop(event["index"], older)
            case "interaction.created":
                shown = downgrade_partial(event["interaction"])
                shown.pop("role", None)
                older.append(_event("interaction.start", interaction=shown))
            case "interaction.completed":
                shown = downgrade_partial(event["interaction"])
                older.append(_event("interaction.complete", interaction=shown))
            case "interaction.status_update":
                named = {
                    name: event[name]
                    for name in ("interaction_id", "status")
                    if name in event
                }
                older.append(_event("interaction.status_update", **named))
            case "error":
                older.append(_event("error", error=event.get("error", {})))

    def _start(self, step: int, start: Any, older: list[Object]) -> None:
        if self._place.begin(step):
            self._open = {one: self._open[one] for one in self._open if one < step}
        kind = kind_of(start)
        if kind == "model_output":
            self._open[step] = Output()
            for content in start.get("content", ()):
                self._add_content(step, content, older)
        elif kind == "thought":
            self._open[step] = Output()
            self._begin(step, "thought", older)
            for content in start.get("summary", ()):
                self._add(step, {"type": "thought_summary", "content": content}, older)
            if start.get("signature"):
                signature = {"signature": start["signature"]}
                self._add(step, {"type": "thought_signature"} | signature, older)
        elif kind not in losses.STEPS:
            self._held = Whole(step, start)

    def _stop(self, step: int, older: list[Object]) -> None:
        index = self._output(step).index
        if index >= 0:
            older.append(_event("content.stop", index=index))
        self._open.pop(step, None)
        self._place.end(step)

    def _add_content(self, step: int, content: Any, older: list[Object]) -> None:
        """Add a content that a step has from its start."""
        cited = isinstance(content, dict) and content.get("annotations")
        if cited:
            content = {one: content[one] for one in content if one != "annotations"}
        if kind_of(content):
            if kind_of(content) not in media.KINDS:
                self._begin(step, kind_of(content), older)
            self._add(step, content, older)
        if cited:
            noted = {"type": "text_annotation_delta", "annotations": cited}
            self._add(step, noted, older)

    def _add(self, step: int, delta: Any, older: list[Object]) -> None:
        """Add a delta to the output that it belongs to, which it may open."""
        kind = kind_of(delta)
        if not kind or kind in losses.STEPS:
            return
        if kind in STEPS or kind == "arguments_delta":
            # Its start was before a token that is not ours: tell what is known.
            known = "function_call" if kind == "arguments_delta" else kind
            self._place.begin(step)
            self._held = Whole(step, {"type": known})
            self._held.add(delta)
            return
        part = kind
        if kind == "text_annotation_delta":
            cited = annotations_of(delta["annotations"])
            if not cited:
                return
            part, delta = "text", {"type": "text_annotation", "annotations": cited}
        elif kind in _THOUGHT:
            part = "thought"
            if "content" in delta:
                delta = delta | {"content": content_of(delta["content"])}
        elif kind in media.KINDS:
            self._add_medium(step, delta, older)
            return
        output = self._output(step, part)
        if output.kind != part:
            self._begin(step, part, older)
        older.append(_event("content.delta", index=output.index, delta=delta))

    def _add_medium(self, step: int, delta: Any, older: list[Object]) -> None:
        output = self._output(step, kind_of(delta))
        if not media.continues(output.kind, delta):
            self._begin(step, media.form_of(delta), older)
        shown = content_of(delta)
        older.append(_event("content.delta", index=output.index, delta=shown))

    def _begin(self, step: int, kind: str, older: list[Object]) -> None:
        """Open an output of a step; the one that was open before is whole.

        `kind` is its type or, for a medium, its form.
        """
        output = self._output(step)
        if output.kind:
            older.append(_event("content.stop", index=output.index))
        output.index, output.kind = self._place.add(step, kind), kind
        shown = {"type": media.kind_of_form(kind)}
        older.append(_event("content.start", index=output.index, content=shown))

    def _output(self, step: int, part: str = "") -> Output:
        """Return the output that a step has open, also from before a resumption."""
        output = self._open.get(step)
        if output is None:
            index, kind = self._place.find(step)
            if index >= 0 and not kind:
                kind = "thought" if part == "thought" else "text"
            output = self._open[step] = Output(index, kind)
        return output

    def _write_whole(self, whole: Whole, older: list[Object]) -> None:
        """Add a call or result with everything it has in one delta."""
        content = content_of(whole.content(self._raw))
        kind = kind_of(content)
        index = self._place.add(whole.step, kind)
        if kind:
            older.append(_event("content.start", index=index, content={"type": kind}))
            older.append(_event("content.delta", index=index, delta=content))
        else:
            # An opaque step says its type itself, and a delta could not.
            older.append(_event("content.start", index=index, content=content))
        older.append(_event("content.stop", index=index))
        self._place.end(whole.step)


def _event(event_type: str, **members: object) -> Object:
    return members | {"event_type": event_type}
