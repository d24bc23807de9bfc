"""What the scripted model sees of a conversation, and may do in its turn.

Read from the request once, before the turn; nothing of it changes while it is played.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openinteractions.engine.ports import ModelRequest
from openinteractions.models import choice
from openinteractions.models.contents import result_text, texts
from openinteractions.v1 import step_pb2


class Scene(NamedTuple):
    """What a script can see of the conversation, and what the request allows it."""

    said: str
    """The newest user input."""
    results: Sequence[step_pb2.FunctionResultStep]
    """The results since."""
    rounds: int
    """How often the model has been given results since."""
    words: int
    """Words in the whole conversation."""
    most: int | None
    """How many words and calls the turn may have; None for any number."""
    stops: Sequence[str]
    """Before the first of these the text ends."""
    choice: choice.Choice
    """What the model may call."""

    def may_call(self, name: str) -> bool:
        """Say whether the request lets the model call a function.

        Where it says nothing of calls, a script may call what no tool declares.
        """
        if not self.choice.chosen:
            return True
        declared = any(function.name == name for function in self.choice.functions)
        return declared and self.choice.mode != "none"


def read(request: ModelRequest) -> Scene:
    """Return what there is to see."""
    said, words, rounds = "", len(request.request.system_instruction.split()), 0
    results: list[step_pb2.FunctionResultStep] = []
    before = None
    for step in request.steps:
        kind = step.WhichOneof("kind")
        if kind == "user_input":
            text = "\n".join(texts(step.user_input.content))
            said = f"{said}\n{text}" if before == kind else text
            words += len(text.split())
            results, rounds = [], 0
        elif kind == "model_output":
            words += len("\n".join(texts(step.model_output.content)).split())
        elif kind == "function_result":
            rounds += before != kind
            results.append(step.function_result)
            words += len(result_text(step.function_result).split())
        before = kind
    config = request.request.generation_config
    return Scene(
        said,
        results,
        rounds,
        words,
        most=config.max_output_tokens if config.HasField("max_output_tokens") else None,
        stops=[stop for stop in config.stop_sequences if stop],
        choice=choice.read(request.request),
    )
