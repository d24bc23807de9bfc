"""How far a step has been told, counted as cursors count it.

For streams that come as events; `core.assembler` counts by itself what it makes.
"""

from __future__ import annotations

from openinteractions.core import media
from openinteractions.v1 import content_pb2, delta_pb2, step_pb2


class Extent:
    """How much of one step its start and its deltas so far have told."""

    def __init__(self, start: step_pb2.Step) -> None:
        self.offset = 0
        """What `cursor.Cursor` calls so."""
        self.annotations = 0
        self._before: content_pb2.Content | None = None
        for content in (*start.model_output.content, *start.thought.summary):
            self._add(content)
            self.annotations += len(content.text.annotations)

    def add(self, delta: delta_pb2.Delta) -> None:
        """Take the step's next delta."""
        kind = delta.WhichOneof("kind")
        content = content_pb2.Content()
        if kind == "text":
            content.text.text = delta.text.text
            self._add(content)
        elif kind in media.KINDS:
            self._add(media.of_delta(delta))
        elif kind == "thought_summary":
            self._add(delta.thought_summary.content)
        elif kind == "text_annotation_delta":
            self.annotations += len(delta.text_annotation_delta.annotations)
            self._before = None
        elif kind == "arguments_delta":
            self.offset += len(delta.arguments_delta.arguments)
        else:
            self.offset += 1
            self._before = None

    def _add(self, content: content_pb2.Content) -> None:
        if (medium := media.of(content)) is None:
            self.offset += len(content.text.text)
            if not content.text.text:
                return
        elif self._before is not None and media.joins(self._before, content):
            self.offset += len(medium.data)
            return
        else:
            self.offset += 1 + len(medium.data)
        self._before = content
