"""The only way in which output is built: by folding events into an interaction.

What a client that accumulates a stream ends with, what create answers, and what the
store keeps are this same fold (design §4). Text is collected in lists and joined once
per step, because appending to a protobuf string copies it whole each time.
"""

from __future__ import annotations

from collections.abc import Iterable

from openinteractions.v1 import (
    annotation_pb2,
    delta_pb2,
    event_pb2,
    interaction_pb2,
    step_pb2,
)


class Fold:
    """Folds the events of one interaction, in their order.

    The result holds the steps of the output; the interaction's own members are those
    of the last `created` or `completed` event.
    """

    def __init__(self) -> None:
        self._interaction = interaction_pb2.Interaction()
        self._steps: list[_Growing] = []

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
    """A step that grows."""

    __slots__ = ("_annotations", "_signature", "_start", "_texts", "whole")

    def __init__(self, start: step_pb2.Step) -> None:
        self._start = start
        self._texts: list[str] = []
        self._annotations: list[annotation_pb2.Annotation] = []
        self._signature: str | None = None
        self.whole = False

    def add(self, delta: delta_pb2.Delta) -> None:
        kind = delta.WhichOneof("kind")
        if kind == "text":
            self._texts.append(delta.text.text)
        elif kind == "arguments_delta":
            self._texts.append(delta.arguments_delta.arguments)
        elif kind == "thought_summary":
            self._texts.append(delta.thought_summary.content.text.text)
        elif kind == "thought_signature":
            self._signature = delta.thought_signature.signature
        elif kind == "text_annotation_delta":
            self._annotations.extend(delta.text_annotation_delta.annotations)
        else:
            raise ValueError(f"a delta of kind {kind} cannot be folded")

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
        text = "".join(self._texts)
        if kind == "function_call":
            step.function_call.arguments = text or ("{}" if self.whole else "")
        elif kind == "model_output" and (text or self._annotations):
            content = step.model_output.content.add()
            content.text.text = text
            content.text.annotations.extend(self._annotations)
        elif kind == "thought":
            if text:
                step.thought.summary.add().text.text = text
            if self._signature is not None:
                step.thought.signature = self._signature
        return step


def fold(events: Iterable[event_pb2.InteractionEvent]) -> interaction_pb2.Interaction:
    """Return the interaction that the events tell."""
    folding = Fold()
    for event in events:
        folding.apply(event)
    return folding.result()
