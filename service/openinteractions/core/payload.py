"""A step taken apart again: how it begins, and the deltas that it is made of.

The inverse of folding, in as few deltas as the wire allows. Counts as cursors do, so
that a reader who has some of a step gets exactly the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from openinteractions.core import media, tool_steps
from openinteractions.v1 import annotation_pb2, content_pb2, delta_pb2, step_pb2

Content = content_pb2.Content
Delta = delta_pb2.Delta


class Piece(NamedTuple):
    """A delta, and how much of its step has been told with it."""

    offset: int
    annotations: int
    delta: Delta


def taken_apart(
    step: step_pb2.Step, seen: int = 0, noted: int = 0
) -> tuple[step_pb2.Step, Iterable[Piece]]:
    """Return a step as it begins, and what a reader lacks of the rest.

    The reader has `seen` that much of the payload, and `noted` that many annotations
    (see `cursor.Cursor`). Members that no delta can say are in the beginning.
    """
    kind = step.WhichOneof("kind")
    start = step_pb2.Step()
    start.CopyFrom(step)
    rest = _Rest(seen, noted)
    if kind == "model_output":
        del start.model_output.content[:]
        return start, rest.answer(step.model_output.content)
    if kind == "thought":
        del start.thought.summary[:]
        start.thought.ClearField("signature")
        return start, rest.thought(step.thought)
    if kind == "function_call":
        start.function_call.arguments = "{}"
        return start, rest.arguments(step.function_call.arguments)
    start, completing = tool_steps.completing(step)
    return start, [] if completing is None else rest.whole(completing)


class _Rest:
    """Tells what a reader lacks, while it counts what there is."""

    def __init__(self, seen: int, noted: int) -> None:
        self._seen = seen
        self._noted = noted
        self._offset = 0
        self._annotations = 0

    def answer(self, contents: Iterable[Content]) -> Iterator[Piece]:
        for content in contents:
            kind = content.WhichOneof("kind") or ""
            if kind == "text":
                if text := self._lacked(content.text.text):
                    yield self._told(Delta(text=delta_pb2.TextDelta(text=text)))
                yield from self._notes(content.text.annotations)
            elif kind == "other":
                yield from self.whole(Delta(other=content.other))
            else:
                for part in self._medium(content):
                    delta = Delta()
                    media.tell(part, delta)
                    yield self._told(delta)

    def thought(self, thought: step_pb2.ThoughtStep) -> Iterator[Piece]:
        for content in thought.summary:
            if content.HasField("text"):
                if text := self._lacked(content.text.text):
                    yield self._summary(
                        Content(text=content_pb2.TextContent(text=text))
                    )
            else:
                for part in self._medium(content):
                    yield self._summary(part)
        if thought.HasField("signature"):
            signed = delta_pb2.ThoughtSignatureDelta(signature=thought.signature)
            yield from self.whole(Delta(thought_signature=signed))

    def arguments(self, text: str) -> Iterator[Piece]:
        if lacked := self._lacked(text):
            said = delta_pb2.ArgumentsDelta(arguments=lacked)
            yield self._told(Delta(arguments_delta=said))

    def whole(self, delta: Delta) -> Iterator[Piece]:
        """Tell what is one unit."""
        self._offset += 1
        if self._offset > self._seen:
            yield self._told(delta)

    def _told(self, delta: Delta) -> Piece:
        return Piece(self._offset, self._annotations, delta)

    def _summary(self, content: Content) -> Piece:
        said = delta_pb2.ThoughtSummaryDelta(content=content)
        return self._told(Delta(thought_summary=said))

    def _lacked(self, text: str) -> str:
        begun = self._offset
        self._offset += len(text)
        return text[max(0, self._seen - begun) :]

    def _notes(
        self, annotations: Sequence[annotation_pb2.Annotation]
    ) -> Iterator[Piece]:
        begun = self._annotations
        self._annotations += len(annotations)
        if lacked := annotations[max(0, self._noted - begun) :]:
            said = delta_pb2.TextAnnotationDelta(annotations=lacked)
            yield self._told(Delta(text_annotation_delta=said))

    def _medium(self, content: Content) -> Iterator[Content]:
        begun, size = self._offset, media.size(content)
        seen = min(max(0, self._seen - begun), size)
        self._offset += seen
        for part in media.pieces(content, seen):
            medium = media.of(part)
            grown = len(medium.data) if medium is not None else 0
            self._offset += grown if self._offset > begun else grown + 1
            yield part
