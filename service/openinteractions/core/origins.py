"""Where the media of a conversation came from: which member, of which turn.

Steps lose their places when a conversation is put in order; an error about a medium
has to name the member that its sender wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openinteractions.v1 import content_pb2, interaction_pb2, step_pb2


class Origin(NamedTuple):
    """Where the contents of a step were sent."""

    path: str
    """The JSON path of the list with the contents, or of the only content."""
    single: bool
    """Whether there is no list."""
    turn: str | None
    """The id of the earlier interaction; None for the request at hand."""

    def member(self, index: int) -> str:
        """Return the JSON path of a content."""
        return self.path if self.single else f"{self.path}[{index}]"


def of_input(
    value: interaction_pb2.Input, index: int, step: step_pb2.Step, turn: str | None
) -> Origin:
    """Return the origin of the step that `inputs.to_steps` put at `index`."""
    if not value.HasField("steps"):
        return Origin("input", value.HasField("content"), turn)
    return Origin(f"input[{index}].{_member(step)}", single=False, turn=turn)


def of_output(index: int, step: step_pb2.Step, turn: str) -> Origin:
    """Return the origin of a step that a model made."""
    return Origin(f"steps[{index}].{_member(step)}", single=False, turn=turn)


def contents(step: step_pb2.Step) -> Sequence[content_pb2.Content]:
    """Return the contents of a step that a model is shown."""
    if step.HasField("function_result"):
        return step.function_result.result.contents.items
    return step.user_input.content or step.model_output.content


def _member(step: step_pb2.Step) -> str:
    return "result" if step.HasField("function_result") else "content"
