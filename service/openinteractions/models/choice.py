"""The functions that a request lets the model call, and whether it has to.

Reads `tools` and `generation_config.tool_choice` (contract §5.2) for every dialect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openinteractions.core.errors import RequestError
from openinteractions.v1 import interaction_service_pb2, tool_pb2

Request = interaction_service_pb2.CreateInteractionRequest

MODES = frozenset({"auto", "any", "none", "validated"})
FIELD = "generation_config.tool_choice"


class Choice(NamedTuple):
    """What the model may call."""

    mode: str
    """One of `MODES`."""
    functions: Sequence[tool_pb2.FunctionTool]
    """Those that it may call, in the order of the request."""
    chosen: bool
    """Whether the request says anything about it."""


def read(request: Request) -> Choice:
    """Return what the model may call.

    Raises:
        RequestError: the choice is none of the modes, names a function that is not
            among the tools, or forces a call where there is nothing to call.
    """
    functions = [
        tool.function for tool in request.tools if tool.WhichOneof("kind") == "function"
    ]
    config = request.generation_config
    if not config.HasField("tool_choice"):
        return Choice("auto", functions, chosen=False)
    choice = config.tool_choice
    if choice.WhichOneof("value") == "config":
        allowed = choice.config.allowed_tools
        mode, path = allowed.mode or "auto", f"{FIELD}.allowed_tools.mode"
        if allowed.tools:
            functions = _narrow(functions, allowed.tools)
    else:
        mode, path = choice.mode or "auto", FIELD
    mode = mode.lower()
    if mode not in MODES:
        known = ", ".join(sorted(MODES))
        raise RequestError(f"{path}: expected one of {known}.", field=path)
    if mode == "any" and not functions:
        raise RequestError(f"{path}: there is no function to call.", field=path)
    return Choice(mode, functions, chosen=True)


def _narrow(
    functions: Sequence[tool_pb2.FunctionTool], names: Sequence[str]
) -> list[tool_pb2.FunctionTool]:
    known = {function.name for function in functions}
    for index, name in enumerate(names):
        if name not in known:
            path = f"{FIELD}.allowed_tools.tools[{index}]"
            raise RequestError(f"{path}: no function has this name.", field=path)
    return [function for function in functions if function.name in set(names)]
