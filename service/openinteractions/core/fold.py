"""The only way in which output is built: by folding events into an interaction.

What a client that accumulates a stream ends with, what create answers, and what the
store keeps are this same fold (design §4). Text is collected in a buffer and taken once
per step, because appending to a protobuf string copies it whole each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from openinteractions.core import media, tool_steps
from openinteractions.v1 import (
    annotation_pb2,
    content_pb2,
    delta_pb2,
    event_pb2,
    interaction_pb2,
    step_pb2,
)

if TYPE_CHECKING:
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

    _Contents = RepeatedCompositeFieldContainer[content_pb2.Content]


class Fold:
    """Folds the events of one interaction, in their order.

    The result holds the steps of the output; the interaction's own members are those
    of the last `created` or `completed` event. `steps` are whole already.
    """

    def __init__(self, steps: Iterable[step_pb2.Step] = ()) -> None:
        self._interaction = interaction_pb2.Interaction()
        self._steps: list[_Growing] = []
        for step in steps:
            self._steps.append(_Growing(step))
            self._steps[-1].whole = True

    def __len__(self) -> int:
        """Return how many steps there are."""
        return len(self._steps)

    def apply(self, event: event_pb2.InteractionEvent) -> None:
        """Take the next event."""
        name = event.WhichOneof("event")
        if name == "step_delta":
            change = event.step_delta
            self._steps[change.index].add(change.delta)
        elif name == "step_start":
            start = event.step_start
            del self._steps[start.index :]
            self._steps.append(_Growing(start.step))
        elif name == "step_stop":
            self._steps[event.step_stop.index].whole = True
        elif name == "created":
            self._interaction.CopyFrom(event.created.interaction)
        elif name == "completed":
            self._interaction.CopyFrom(event.completed.interaction)
            del self._interaction.steps[:]
        elif name == "status_update":
            self._interaction.status = event.status_update.status

    def so_far(self) -> tuple[list[step_pb2.Step], bool]:
        """Return the steps as far as they go, and whether the last one is open.

        The arguments of a call that is not whole are only the beginning of JSON.
        """
        steps = [growing.so_far() for growing in self._steps]
        return steps, bool(self._steps) and not self._steps[-1].whole

    def result(self) -> interaction_pb2.Interaction:
        """Return the interaction as the events so far tell it; steps may be partial."""
        interaction = interaction_pb2.Interaction()
        interaction.CopyFrom(self._interaction)
        steps = (growing.result() for growing in self._steps)
        interaction.steps.extend(step for step in steps if step is not None)
        return interaction


class _Growing:
    """A step that grows.

    Text is the usual case, and the one that has to be fast: it is only collected. What
    came before a medium is put aside when the medium begins.
    """

    __slots__ = ("_annotations", "_aside", "_signature", "_start", "_written", "whole")

    def __init__(self, start: step_pb2.Step) -> None:
        self._start = start
        # Half a byte more for a character; as many small strings take ten.
        self._written = bytearray()
        self._annotations: list[annotation_pb2.Annotation] = []
        self._aside: list[list[content_pb2.Content]] = []
        self._signature: str | None = None
        self.whole = False

    def add(self, delta: delta_pb2.Delta) -> None:
        kind = delta.WhichOneof("kind")
        if kind == "text":
            self._written += delta.text.text.encode()
        elif kind == "arguments_delta":
            self._written += delta.arguments_delta.arguments.encode()
        elif kind == "thought_summary":
            content = delta.thought_summary.content
            if media.of(content) is None:
                self._written += content.text.text.encode()
            else:
                self._add_medium(content)
        elif kind == "thought_signature":
            self._signature = delta.thought_signature.signature
        elif kind == "text_annotation_delta":
            self._annotations.extend(delta.text_annotation_delta.annotations)
        elif kind in media.KINDS:
            self._add_medium(media.of_delta(delta))
        elif kind == "other" and self._start.HasField("model_output"):
            self._add_medium(content_pb2.Content(other=delta.other))
        else:
            self._start = tool_steps.completed(self._start, delta)

    def _add_medium(self, piece: content_pb2.Content) -> None:
        if self._written or self._annotations:
            self._aside += self._text()
            self._written, self._annotations = bytearray(), []
        if self._aside and media.joins(self._aside[-1][0], piece):
            self._aside[-1].append(piece)
        else:
            self._aside.append([piece])

    def _text(self) -> list[list[content_pb2.Content]]:
        """Return the text since the last medium as the pieces of contents."""
        holder = step_pb2.ModelOutputStep()
        self._add_text(holder.content)
        return [list(holder.content)] if holder.content else []

    def _add_text(self, into: _Contents) -> None:
        text = self._written.decode()
        if text or self._annotations:
            content = into.add().text
            content.text = text
            content.annotations.extend(self._annotations)

    def result(self) -> step_pb2.Step | None:
        """Return the step so far; None for a call that is not whole.

        Half of a call's arguments is no JSON, and no call.
        """
        if self._start.HasField("function_call") and not self.whole:
            return None
        return self.so_far()

    def so_far(self) -> step_pb2.Step:
        """Return the step as far as it goes."""
        step = step_pb2.Step()
        step.CopyFrom(self._start)
        kind = step.WhichOneof("kind")
        if kind == "model_output":
            self._add_contents(step.model_output.content)
        elif kind == "thought":
            self._add_contents(step.thought.summary)
            if self._signature is not None:
                step.thought.signature = self._signature
        elif kind == "function_call":
            given = step.function_call.arguments or "{}"
            text = self._written.decode()
            step.function_call.arguments = text or (given if self.whole else "")
        elif kind == "mcp_server_tool_call" and self.whole and self._written:
            step.mcp_server_tool_call.arguments = self._written.decode()
        return step

    def _add_contents(self, into: _Contents) -> None:
        """Add what the deltas made to the contents that the step began with."""
        if not self._aside and not into:
            self._add_text(into)  # the usual case, and the fastest
            return
        for pieces in (*self._aside, *self._text()):
            before = into[-1] if into else None
            if before is None or not media.joins(before, pieces[0]):
                into.add().CopyFrom(media.joined(pieces))
            else:
                before.CopyFrom(media.joined([before, *pieces]))


def fold(events: Iterable[event_pb2.InteractionEvent]) -> interaction_pb2.Interaction:
    """Return the interaction that the events tell."""
    folding = Fold()
    for event in events:
        folding.apply(event)
    return folding.result()
