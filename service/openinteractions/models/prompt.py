"""What is asked of models that read no conversation but one prompt.

Servers of images and of speech take a text, the former images too. The text is the
user's last input; of what was before, only the images last made are of use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openinteractions.core.errors import RequestError
from openinteractions.engine.ports import ModelRequest
from openinteractions.models.support import refusal
from openinteractions.v1 import content_pb2, step_pb2


class Prompt(NamedTuple):
    """What the user asks for."""

    text: str
    images: Sequence[content_pb2.ImageContent]
    """Those that the user gives with it, in their order."""
    made: Sequence[content_pb2.ImageContent]
    """Those that the model made in the turn before, if it made any then."""


def read(asked: ModelRequest, *, images: bool) -> Prompt:
    """Return the prompt.

    Args:
        asked: what the engine asks.
        images: whether the model takes images.

    Raises:
        NotSupportedError: the user gives media that the model does not take.
        RequestError: there is no text.
    """
    steps = list(asked.steps)
    given: list[content_pb2.Content] = []
    while steps and steps[-1].HasField("user_input"):
        given[:0] = steps.pop().user_input.content
    for content in given:
        kind = content.WhichOneof("kind")
        if kind not in ("text", "image" if images else "text"):
            reason = f"cannot take {kind} content to make this"
            raise refusal(asked.request, "input", reason)
    text = "\n".join(content.text.text for content in given if content.text.text)
    if not text.strip():
        raise RequestError("input: has no text to go by.", field="input")
    shown = [content.image for content in given if content.HasField("image")]
    return Prompt(text, shown, _last_made(steps) if images else [])


def _last_made(steps: Sequence[step_pb2.Step]) -> list[content_pb2.ImageContent]:
    """Return the images of the last turn of the model."""
    made: list[content_pb2.ImageContent] = []
    for step in reversed(steps):
        if step.HasField("user_input"):
            break
        contents = step.model_output.content
        made[:0] = [each.image for each in contents if each.HasField("image")]
    return made
