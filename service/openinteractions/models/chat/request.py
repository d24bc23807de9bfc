"""The body of a chat completions request.

Written for OpenAI's API and those that follow it. Members that a profile denies have
been refused or named as ignored before (`support`); here they are left out.
"""

from __future__ import annotations

from typing import Any

import orjson

from openinteractions.engine.ports import ModelRequest
from openinteractions.models import choice, formats, schemas
from openinteractions.models.chat.messages import messages
from openinteractions.models.profile import Profile
from openinteractions.models.transport.bodies import Body, json_body
from openinteractions.v1 import generation_config_pb2, interaction_service_pb2

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
    return json_body(members(asked, upstream=upstream, profile=profile, stream=stream))


def members(
    asked: ModelRequest, *, upstream: str, profile: Profile, stream: bool
) -> dict[str, Any]:
    """Return the members of the body (see `build`)."""
    request = asked.request
    body: dict[str, Any] = {
        "model": upstream,
        "messages": messages(request.system_instruction, asked.steps, profile),
    }
    if request.tools:
        _add_tools(body, request, profile)
    if request.HasField("generation_config"):
        _add_config(body, request.generation_config, profile)
    if request.HasField("response_format") or request.HasField("response_mime_type"):
        _add_format(body, request, profile)
    if stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return body


def _add_tools(body: dict[str, Any], request: Request, profile: Profile) -> None:
    chosen = choice.read(request)
    body["tools"] = tools = []
    for function in chosen.functions:
        described: dict[str, Any] = {"name": function.name}
        if function.description:
            described["description"] = function.description
        parameters = schemas.parameters(function.parameters)
        described["parameters"] = orjson.Fragment(parameters)
        tools.append({"type": "function", "function": described})
    if chosen.chosen and profile.tool_choice:
        body["tool_choice"] = choice.WORDS[chosen.mode]
    if not profile.parallel_calls:
        body["parallel_tool_calls"] = False


def _add_config(
    body: dict[str, Any],
    config: generation_config_pb2.GenerationConfig,
    profile: Profile,
) -> None:
    for field, value in config.ListFields():
        name = field.name
        if name in _SAME:
            fact = _SAME[name]
            if fact is None or getattr(profile, fact):
                body[name] = value
        elif name == "max_output_tokens":
            most = profile.max_output_tokens
            body[profile.max_tokens_member] = (
                value if most is None else min(value, most)
            )
        elif name == "stop_sequences":
            body["stop"] = list(value)
        elif name == "thinking_level" and profile.reasoning_effort:
            body["reasoning_effort"] = value


_SAME: dict[str, str | None] = {
    "temperature": None,
    "top_p": None,
    "seed": "seed",
    "top_k": "top_k",
    "presence_penalty": "penalties",
    "frequency_penalty": "penalties",
}
"""Members of the same name there, with the fact that may deny each."""


def _add_format(body: dict[str, Any], request: Request, profile: Profile) -> None:
    wanted = formats.read(request)
    if wanted.schema is not None:
        schema: dict[str, Any] = {
            "name": formats.SCHEMA_NAME,
            "schema": orjson.Fragment(wanted.schema),
        }
        if profile.strict_schemas:
            schema["strict"] = True
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif wanted.json:
        body["response_format"] = {"type": "json_object"}
