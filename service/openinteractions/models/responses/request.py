"""The body of a Responses API request.

Nothing is stored there: the conversation is ours, and goes along whole. Members that a
profile denies have been refused or named as ignored before (`support`); here they are
left out.
"""

from __future__ import annotations

from typing import Any

import orjson

from openinteractions.engine.ports import ModelRequest
from openinteractions.models import choice, formats, schemas
from openinteractions.models.profile import Profile
from openinteractions.models.responses.items import items
from openinteractions.models.transport.bodies import Body, json_body
from openinteractions.v1 import interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest


def build(
    asked: ModelRequest, *, upstream: str, profile: Profile, stream: bool
) -> Body:
    """Return the body.

    Args:
        asked: what the engine asks.
        upstream: the name of the model at its server.
        profile: what the model can do.
        stream: whether to answer piece by piece.
    """
    request = asked.request
    body: dict[str, Any] = {
        "model": upstream,
        "input": items(asked.steps),
        "store": False,
    }
    if request.system_instruction:
        body["instructions"] = request.system_instruction
    if request.tools:
        _add_tools(body, request, profile)
    _add_config(body, request, profile)
    _add_format(body, request, profile)
    if stream:
        body["stream"] = True
    return json_body(body)


def _add_tools(body: dict[str, Any], request: Request, profile: Profile) -> None:
    chosen = choice.read(request)
    body["tools"] = [
        {
            "type": "function",
            "name": function.name,
            **({"description": function.description} if function.description else {}),
            "parameters": orjson.Fragment(schemas.parameters(function.parameters)),
            # Left out, it would be on.
            "strict": profile.strict_schemas,
        }
        for function in chosen.functions
    ]
    if chosen.chosen and profile.tool_choice:
        body["tool_choice"] = choice.WORDS[chosen.mode]
    if not profile.parallel_calls:
        body["parallel_tool_calls"] = False


def _add_config(body: dict[str, Any], request: Request, profile: Profile) -> None:
    config = request.generation_config
    if config.HasField("temperature"):
        body["temperature"] = config.temperature
    if config.HasField("top_p"):
        body["top_p"] = config.top_p
    if config.HasField("max_output_tokens"):
        most = profile.max_output_tokens or config.max_output_tokens
        body["max_output_tokens"] = min(config.max_output_tokens, most)
    if profile.reasoning:
        body["include"] = ["reasoning.encrypted_content"]
        reasoning = {}
        if config.thinking_level and profile.reasoning_effort:
            reasoning["effort"] = config.thinking_level
        if config.thinking_summaries == "auto":
            reasoning["summary"] = "auto"
        if reasoning:
            body["reasoning"] = reasoning


def _add_format(body: dict[str, Any], request: Request, profile: Profile) -> None:
    wanted = formats.read(request)
    if wanted.schema is not None:
        body["text"] = {
            "format": {
                "type": "json_schema",
                "name": formats.SCHEMA_NAME,
                "schema": orjson.Fragment(wanted.schema),
                "strict": profile.strict_schemas,
            }
        }
    elif wanted.json:
        body["text"] = {"format": {"type": "json_object"}}
