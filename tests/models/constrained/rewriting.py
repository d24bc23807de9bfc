"""Requests of models without functions, and what is asked instead."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema
from google.protobuf import json_format

from openinteractions.engine.ports import ModelRequest
from openinteractions.models.constrained.bounds import Bounds
from openinteractions.models.constrained.request import Asked, rewrite
from openinteractions.v1 import interaction_service_pb2, step_pb2

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}
NONE = Bounds()


def user(text: str) -> dict[str, Any]:
    return {"user_input": {"content": [{"text": {"text": text}}]}}


def call(name: str, arguments: str = "", *, id: str = "") -> dict[str, Any]:  # noqa: A002 - the step's own word
    return {"function_call": {"id": id, "name": name, "arguments": arguments}}


def result(name: str, *, id: str = "", **result: Any) -> dict[str, Any]:  # noqa: A002
    failed = result.pop("is_error", False)
    return {
        "function_result": {
            "call_id": id,
            "name": name,
            "result": result,
            "is_error": failed,
        }
    }


ASK, CALL, RESULT = user("Weather?"), call("f", '{"a":1}'), result("f", json="22")


def function(name: str = "f", parameters: Any = WEATHER) -> dict[str, Any]:
    text = json.dumps(parameters) if parameters is not None else ""
    return {"function": {"name": name, "description": "Does.", "parameters": text}}


def schema_format(schema: Any) -> dict[str, Any]:
    return {"single": {"text": {"schema": json.dumps(schema)}}}


def asked(
    steps: Sequence[Mapping[str, Any]] = (ASK,),
    held: Bounds = NONE,
    **request: Any,
) -> Asked:
    message = interaction_service_pb2.CreateInteractionRequest(model="m")
    json_format.ParseDict(request, message)
    parsed = [json_format.ParseDict(dict(s), step_pb2.Step()) for s in steps]
    return rewrite(ModelRequest(message, parsed), held)


def schema(found: Asked) -> Any:
    return json.loads(found.request.request.response_format.single.text.schema)


def accepts(found: Asked, value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(schema(found)).is_valid(value))


F = {"name": "f", "arguments": {"city": "Paris"}}
G = {"name": "g", "arguments": {}}
ANSWER = {"answer": "Hi."}
