"""The functions that a request lets the model call, and whether it has to.

Reads `tools` and `generation_config.tool_choice` (contract §5.2) for every dialect;
`core.requests` has checked them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openinteractions.v1 import interaction_service_pb2, tool_pb2

Request = interaction_service_pb2.CreateInteractionRequest

WORDS = {"auto": "auto", "validated": "auto", "any": "required", "none": "none"}
"""Modes of the contract in the words of OpenAI's APIs."""


class Choice(NamedTuple):
    """What the model may call."""

    mode: str
    """`auto`, `any`, `none` or `validated`."""
    functions: Sequence[tool_pb2.FunctionTool]
    """Those that it may call, in the order of the request."""
    chosen: bool
    """Whether the request says anything about it."""


def read(request: Request) -> Choice:
    """Return what the model may call."""
    functions = [
        tool.function for tool in request.tools if tool.WhichOneof("kind") == "function"
    ]
    config = request.generation_config
    if not config.HasField("tool_choice"):
        return Choice("auto", functions, chosen=False)
    choice = config.tool_choice
    if choice.WhichOneof("value") != "config":
        return Choice(choice.mode or "auto", functions, chosen=True)
    allowed = choice.config.allowed_tools
    if allowed.tools:
        names = set(allowed.tools)
        functions = [function for function in functions if function.name in names]
    return Choice(allowed.mode or "auto", functions, chosen=True)
