"""Requests and steps, made in few words."""

from __future__ import annotations

from typing import Any

import orjson

from openinteractions.engine.ports import ModelRequest
from openinteractions.v1 import (
    content_pb2,
    interaction_service_pb2,
    step_pb2,
    tool_pb2,
)

Request = interaction_service_pb2.CreateInteractionRequest
Step = step_pb2.Step

WEATHER = {
    "type": "object",
    "properties": {"location": {"type": "string"}},
    "required": ["location"],
}


def request(model: str = "m", **members: Any) -> Request:
    return Request(model=model, **members)


def asked(model: str, *steps: Step, **members: Any) -> ModelRequest:
    return ModelRequest(request(model, **members), steps or (user("Hello?"),))


def user(*texts: str) -> Step:
    return Step(user_input=step_pb2.UserInputStep(content=contents(*texts)))


def output(*texts: str) -> Step:
    return Step(model_output=step_pb2.ModelOutputStep(content=contents(*texts)))


def thought(signature: str | None = None, *, summary: str = "") -> Step:
    shown = contents(summary) if summary else []
    return Step(thought=step_pb2.ThoughtStep(signature=signature, summary=shown))


def call(call_id: str, name: str = "get_weather", arguments: str = "{}") -> Step:
    made = step_pb2.FunctionCallStep(id=call_id, name=name, arguments=arguments)
    return Step(function_call=made)


def result(
    call_id: str,
    *,
    name: str = "get_weather",
    text: str | None = None,
    json: str | None = None,
    items: list[str] | None = None,
    is_error: bool | None = None,
) -> Step:
    step = Step()
    found = step.function_result
    found.call_id, found.name = call_id, name
    if text is not None:
        found.result.text = text
    if json is not None:
        found.result.json = json
    if items is not None:
        found.result.contents.items.extend(contents(*items))
    if is_error is not None:
        found.is_error = is_error
    return step


def contents(*texts: str) -> list[content_pb2.Content]:
    return [
        content_pb2.Content(text=content_pb2.TextContent(text=text)) for text in texts
    ]


def tool(
    name: str = "get_weather",
    parameters: dict[str, Any] | str | None = None,
    description: str | None = None,
) -> tool_pb2.Tool:
    if isinstance(parameters, dict):
        parameters = orjson.dumps(parameters).decode()
    function = tool_pb2.FunctionTool(
        name=name, parameters=parameters, description=description
    )
    return tool_pb2.Tool(function=function)
