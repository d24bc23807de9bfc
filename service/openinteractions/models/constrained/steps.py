"""A conversation with calls, told to a model that does not know functions.

Calls are texts of the model, in the form in which it is to make new ones; results are
texts of the user. That needs no support of any kind in the model's server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from openinteractions.models.contents import result_text
from openinteractions.v1 import step_pb2

NAME, ARGUMENTS, ANSWER = "name", "arguments", "answer"
"""The members of the envelope."""


def told(steps: Sequence[step_pb2.Step]) -> Iterator[step_pb2.Step]:
    """Yield the conversation with calls and results as texts.

    Contents of results that are no text stay as they are.
    """
    texts: list[str] = []
    for step in steps:
        kind = step.WhichOneof("kind")
        if kind == "function_call":
            call = step.function_call
            arguments = call.arguments or "{}"
            name = spaced(call.name)
            text = f'{{"{NAME}": {name}, "{ARGUMENTS}": {arguments}}}'
            # The pieces of one turn are joined as they are.
            yield _says("\n" + text if texts else text)
            texts.append(text)
        elif kind == "model_output":
            if texts:
                yield _says("\n")
            texts.append("")
            yield step
        elif kind == "function_result":
            texts = []
            yield _returns(step.function_result, _call(step.function_result, steps))
        else:
            texts = texts if kind == "thought" else []
            yield step


def _says(text: str) -> step_pb2.Step:
    step = step_pb2.Step()
    step.model_output.content.add().text.text = text
    return step


def _call(
    result: step_pb2.FunctionResultStep, steps: Sequence[step_pb2.Step]
) -> step_pb2.FunctionCallStep | None:
    """Return the call of a result when its name alone does not tell."""
    calls = [
        step.function_call
        for step in steps
        if step.WhichOneof("kind") == "function_call"
        and step.function_call.name == result.name
    ]
    own = (call for call in calls if call.id == result.call_id)
    return next(own, None) if len(calls) > 1 else None


def _returns(
    result: step_pb2.FunctionResultStep, call: step_pb2.FunctionCallStep | None
) -> step_pb2.Step:
    step = step_pb2.Step()
    arguments = f"({call.arguments or '{}'})" if call is not None else ""
    verb = "failed" if result.is_error else "returned"
    text = f"{result.name}{arguments} {verb}: {result_text(result)}"
    contents = step.user_input.content
    contents.add().text.text = text
    returned = result.result.contents.items
    contents.extend(content for content in returned if not content.HasField("text"))
    return step


def spaced(value: Any) -> str:
    """Return JSON text with spaces in it, as models have mostly read it."""
    match value:
        case dict():
            inner = (f"{spaced(name)}: {spaced(v)}" for name, v in value.items())
            return "{" + ", ".join(inner) + "}"
        case list():
            return "[" + ", ".join(map(spaced, value)) + "]"
    return orjson.dumps(value).decode()
