"""The input of a request: its four forms, read as steps, and what may stand in it.

Contract §2.3 and §4. Checks name the member at fault by its JSON path.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Any

from openinteractions.core import media
from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.v1 import content_pb2, interaction_pb2, step_pb2

Input = interaction_pb2.Input


def to_steps(value: Input) -> list[step_pb2.Step]:
    """Return an input as steps; contents are one turn of the user."""
    form = value.WhichOneof("value")
    if form == "steps":
        return list(value.steps.items)
    step = step_pb2.Step()
    if form == "text":
        step.user_input.content.add().text.text = value.text
    else:
        _fill(step, value)
    return [step]


def put_in_front(steps: MutableSequence[step_pb2.Step], value: Input) -> None:
    """Put an input, as steps, in front of others; large media are copied once."""
    if not value.HasField("steps"):
        steps.insert(0, step_pb2.Step())
        _fill(steps[0], value)
        return
    for index, step in enumerate(value.steps.items):
        # A step that is inserted whole is copied several times.
        steps.insert(index, step_pb2.Step())
        steps[index].CopyFrom(step)


def _fill(step: step_pb2.Step, value: Input) -> None:
    """Make a step of an input that is no steps."""
    form, content = value.WhichOneof("value"), step.user_input.content
    if form == "text":
        content.add().text.text = value.text
    elif form == "content":
        content.add().CopyFrom(value.content)
    elif form == "contents":
        for item in value.contents.items:  # `extend` copies them several times
            content.add().CopyFrom(item)


def path_of_step(value: interaction_pb2.Input, index: int) -> str:
    """Return the JSON path of the step that `to_steps` put at `index`."""
    return f"input[{index}]" if value.HasField("steps") else "input"


def check(value: interaction_pb2.Input) -> None:
    """Check an input.

    Raises:
        RequestError: it is missing or empty, or a step lacks what it needs.
        NotSupportedError: it has steps of tools that run on the server.
    """
    form = value.WhichOneof("value")
    if form is None:
        raise RequestError("input is required.", field="input")
    if form == "content":
        _check_contents([value.content], "input", single=True)
    elif form == "contents":
        _check_not_empty(value.contents.items, "input")
        _check_contents(value.contents.items, "input")
    elif form == "steps":
        _check_not_empty(value.steps.items, "input")
        for index, step in enumerate(value.steps.items):
            _check_step(step, f"input[{index}]")


def _check_not_empty(items: Sequence[object], path: str) -> None:
    if not items:
        raise RequestError(f"{path} must not be empty.", field=path)


def _check_step(step: step_pb2.Step, path: str) -> None:
    kind = step.WhichOneof("kind")
    if kind == "user_input":
        _check_not_empty(step.user_input.content, f"{path}.content")
        _check_contents(step.user_input.content, f"{path}.content")
    elif kind == "model_output":
        _check_contents(step.model_output.content, f"{path}.content", users=False)
    elif kind == "thought":
        _check_contents(step.thought.summary, f"{path}.summary", users=False)
    elif kind == "function_call":
        _check_call(step.function_call, path)
    elif kind == "function_result":
        _check_result(step.function_result, path)
    elif kind is None:
        raise RequestError(f"{path}.type is required.", field=f"{path}.type")
    else:
        raise NotSupportedError(
            f"{path}: steps of type {kind!r} are not supported yet.",
            field=f"{path}.type",
        )


def _check_call(call: step_pb2.FunctionCallStep, path: str) -> None:
    if not call.name:
        raise RequestError(f"{path}.name is required.", field=f"{path}.name")
    if call.arguments and not call.arguments.lstrip().startswith("{"):
        raise RequestError(
            f"{path}.arguments must be an object.", field=f"{path}.arguments"
        )


def _check_result(result: step_pb2.FunctionResultStep, path: str) -> None:
    if result.result.WhichOneof("value") is None:
        raise RequestError(
            f"{path}.result is required; a function without a result can send "
            '"done", for example.',
            field=f"{path}.result",
        )
    if result.result.HasField("contents"):
        _check_contents(result.result.contents.items, f"{path}.result")


def _check_contents(
    contents: Sequence[content_pb2.Content],
    path: str,
    *,
    single: bool = False,
    users: bool = True,
) -> None:
    """Check contents; those that are not the user's own come as a model made them."""
    for index, content in enumerate(contents):
        kind = content.WhichOneof("kind")
        member = path if single else f"{path}[{index}]"
        if kind == "text":
            if users and not content.text.HasField("text"):
                raise RequestError(
                    f"{member}.text is required.", field=f"{member}.text"
                )
        elif kind in media.KINDS:
            _check_medium(getattr(content, kind), kind, member)
        elif kind is None:
            raise RequestError(f"{member}.type is required.", field=f"{member}.type")
        else:
            raise NotSupportedError(
                f"{member}: contents of this type are not known.",
                field=f"{member}.type",
            )


def _check_medium(medium: Any, kind: str, path: str) -> None:
    has_data = bool(medium.data)  # asked once: each time it is copied
    if has_data and medium.uri:
        raise RequestError(
            f"{path}: data and uri cannot be given together.", field=f"{path}.uri"
        )
    if not has_data and not medium.uri:
        raise RequestError(
            f"{path}: the {kind} needs either data or uri.", field=f"{path}.data"
        )
