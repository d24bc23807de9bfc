"""Which result belongs to which call, for dialects that insist on both.

Identifiers come from callers and may come again, within one conversation or empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from openinteractions.v1 import step_pb2

NO_RESULT = "There is no result yet."
"""What the model reads in place of a result that nobody has sent."""

ERROR_PREFIX = "Error: "
"""What the model reads before the result of a function that failed."""


def pair(
    steps: Sequence[step_pb2.Step],
) -> dict[int, step_pb2.FunctionResultStep]:
    """Return the result of each call that has one, by the call's place in the steps.

    A result belongs to the oldest open call that it fits, and else replaces the newest
    one's.
    """
    found: dict[int, step_pb2.FunctionResultStep] = {}
    seen: dict[str, list[int]] = {}
    for index, step in enumerate(steps):
        kind = step.WhichOneof("kind")
        if kind == "function_call":
            call = step.function_call
            seen.setdefault(_key(call.id, call.name), []).append(index)
        elif kind == "function_result":
            result = step.function_result
            fitting = seen.get(_key(result.call_id, result.name))
            if fitting:
                open_ones = (at for at in fitting if at not in found)
                found[next(open_ones, fitting[-1])] = result
    return found


def _key(call_id: str, name: str) -> str:
    return call_id or f"\0{name}"
