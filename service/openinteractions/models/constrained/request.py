"""What a model is asked so that it calls functions by constrained decoding.

The functions are described in the system instruction, and a JSON Schema holds the
answer to an envelope: an object that is either a call, `{"name", "arguments"}`, or an
answer, `{"answer"}`. Earlier calls are told in the same form and results as the user's
words, which needs no support of any kind in the model's server or its template.

The wording was chosen by trying it on the embedded model, which calls what is
obviously wanted with it; examples in the prompt made it answer instead of call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from openinteractions.engine.ports import ModelRequest
from openinteractions.models import choice, formats, schemas
from openinteractions.models.constrained import bounds as bounding
from openinteractions.models.constrained.bounds import Bounds
from openinteractions.models.constrained.steps import (
    ANSWER,
    ARGUMENTS,
    NAME,
    spaced,
    told,
)
from openinteractions.v1 import (
    interaction_service_pb2,
    response_format_pb2,
    step_pb2,
    tool_pb2,
)

Request = interaction_service_pb2.CreateInteractionRequest

_BOTH = "You can call functions. Reply with one JSON object."
_ONE = "Reply with one JSON object."
_TO_CALL = 'To call a function: {"name": "<function>", "arguments": {...}}'
_TO_ANSWER = 'To answer the user: {"answer": "<text>"}'
_TO_ANSWER_AS_JSON = 'To answer the user: {"answer": <the JSON that is asked for>}'

_KEPT = ("model", "system_instruction", "generation_config")
_FORMAT = ("response_format", "response_mime_type")


class Asked(NamedTuple):
    """A request for a model that does not know functions."""

    request: ModelRequest
    enveloped: bool
    """Whether the answer comes in the envelope."""
    answer_is_text: bool
    """Whether the answer in the envelope is a text rather than any JSON."""
    stops: Sequence[str]
    """Texts at which the answer in the envelope ends."""


def rewrite(asked: ModelRequest, bounds: Bounds) -> Asked:
    """Return the request without functions."""
    request = asked.request
    functions = _offered(asked, bounds)
    answers = choice.read(request).mode != "any" or not functions
    rewritten = Request()
    for name in _KEPT:
        if request.HasField(name):
            _copy(request, rewritten, name)
    rewritten.generation_config.ClearField("tool_choice")
    if not functions and not _has_calls(asked.steps):
        _keep_format(request, rewritten, bounds)
        if bounds.instruction is not None and not request.system_instruction:
            rewritten.system_instruction = bounds.instruction
        return Asked(
            ModelRequest(rewritten, asked.steps),
            enveloped=False,
            answer_is_text=True,
            stops=(),
        )
    wanted = formats.read(request)
    stops = list(rewritten.generation_config.stop_sequences)
    # The server would look for them in the envelope.
    rewritten.generation_config.ClearField("stop_sequences")
    rewritten.system_instruction = _instruction(
        request.system_instruction,
        functions,
        answers=answers,
        as_json=wanted.json,
    )
    _set_schema(rewritten, _envelope(functions, wanted, bounds, answers=answers))
    steps = list(told(asked.steps))
    return Asked(
        ModelRequest(rewritten, steps),
        enveloped=True,
        answer_is_text=not wanted.json,
        stops=stops,
    )


def _offered(asked: ModelRequest, bounds: Bounds) -> Sequence[tool_pb2.FunctionTool]:
    chosen = choice.read(asked.request)
    if chosen.mode == "none":
        return ()
    if chosen.mode == "any" or bounds.repeated_calls:
        return chosen.functions
    returned = _returned(asked.steps)
    return [f for f in chosen.functions if f.name not in returned]


def _returned(steps: Sequence[step_pb2.Step]) -> set[str]:
    """Return the functions that have returned since the user last spoke."""
    names: set[str] = set()
    for step in reversed(steps):
        kind = step.WhichOneof("kind")
        if kind == "user_input":
            break
        if kind == "function_result":
            names.add(step.function_result.name)
    return names


def _has_calls(steps: Iterable[step_pb2.Step]) -> bool:
    return any(
        step.WhichOneof("kind") in ("function_call", "function_result")
        for step in steps
    )


def _instruction(
    own: str,
    functions: Sequence[tool_pb2.FunctionTool],
    *,
    answers: bool,
    as_json: bool,
) -> str:
    lines = [_BOTH if functions else _ONE]
    if functions:
        lines.append(_TO_CALL)
    if answers:
        lines.append(_TO_ANSWER_AS_JSON if as_json else _TO_ANSWER)
    if functions:
        lines += ["", "Functions:", *map(_described, functions)]
    text = "\n".join(lines)
    return f"{own}\n\n{text}" if own else text


def _described(function: tool_pb2.FunctionTool) -> str:
    described: dict[str, Any] = {"name": function.name}
    if function.description:
        described["description"] = function.description
    described["parameters"] = orjson.loads(schemas.parameters(function.parameters))
    return spaced(described)


def _envelope(
    functions: Sequence[tool_pb2.FunctionTool],
    wanted: formats.Format,
    bounds: Bounds,
    *,
    answers: bool,
) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    options: list[dict[str, Any]] = []
    for function in functions:
        parameters = schemas.parameters(function.parameters)
        own = _placed(parameters, f"arguments{len(options)}", definitions, bounds)
        options.append(_object({NAME: {"const": function.name}, ARGUMENTS: own}))
    if answers:
        own = {} if wanted.json else {"type": "string"}
        if wanted.schema is not None:
            own = _placed(wanted.schema, ANSWER, definitions, bounds)
        options.append(_object({ANSWER: own}))
    schema: dict[str, Any] = {"anyOf": options}
    return {"$defs": definitions, **schema} if definitions else schema


def _placed(
    text: bytes, name: str, definitions: dict[str, Any], bounds: Bounds
) -> dict[str, Any]:
    """Return a schema as part of the envelope, its references still right."""
    schema = bounding.bounded(orjson.loads(text), bounds)
    if not bounding.refers(schema):
        return dict(schema)
    place = f"#/$defs/{name}"
    definitions[name] = bounding.moved(schema, place)
    return {"$ref": place}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _keep_format(request: Request, rewritten: Request, bounds: Bounds) -> None:
    schema = formats.read(request).schema
    if schema is not None:
        _set_schema(rewritten, bounding.bounded(orjson.loads(schema), bounds))
        return
    for name in _FORMAT:
        if request.HasField(name):
            _copy(request, rewritten, name)


def _set_schema(request: Request, schema: dict[str, Any]) -> None:
    text = response_format_pb2.TextFormat(
        mime_type=formats.JSON, schema=orjson.dumps(schema).decode()
    )
    request.response_format.single.text.CopyFrom(text)


def _copy(source: Request, target: Request, name: str) -> None:
    value = getattr(source, name)
    if isinstance(value, str):
        setattr(target, name, value)
    else:
        getattr(target, name).CopyFrom(value)
