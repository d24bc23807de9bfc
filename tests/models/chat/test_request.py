"""A request becomes the body that chat servers take; whole bodies are compared."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.protobuf import text_format

from openinteractions.engine.ports import ModelRequest
from openinteractions.models.chat.request import build
from openinteractions.models.profile import Profile
from tests.models.asking import WEATHER, Request, tool, user

HELLO = {"model": "up", "messages": [{"role": "user", "content": "Hello?"}]}
SCHEMA = '{"type":"object","properties":{"a":{"type":"STRING"}}}'
SENT_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
AS_SCHEMA = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "response", "schema": SENT_SCHEMA},
    }
}
AS_JSON = {"response_format": {"type": "json_object"}}


def body(request: Request, profile: Profile, *, stream: bool = False) -> dict[str, Any]:
    asked = ModelRequest(request, [user("Hello?")])
    sent = build(asked, upstream="up", profile=profile, stream=stream)
    assert isinstance(sent, bytes)
    found: dict[str, Any] = orjson.loads(sent)
    return found


def parsed(text: str) -> Request:
    request: Request = text_format.Parse(text, Request(model="m"))
    return request


def test_the_smallest_request() -> None:
    assert body(Request(model="m"), Profile()) == HELLO


def test_a_stream_is_asked_to_count() -> None:
    assert body(Request(model="m"), Profile(), stream=True) == HELLO | {
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("config", "profile", "expected"),
    [
        pytest.param("temperature: 0", Profile(), {"temperature": 0.0}, id="zero"),
        pytest.param(
            "temperature: 0.5 top_p: 0.9 seed: 7 top_k: 40 "
            "presence_penalty: 1 frequency_penalty: -1",
            Profile(),
            {
                "temperature": 0.5,
                "top_p": 0.9,
                "seed": 7,
                "top_k": 40,
                "presence_penalty": 1.0,
                "frequency_penalty": -1.0,
            },
            id="sampling",
        ),
        pytest.param(
            'stop_sequences: "a" stop_sequences: "b"',
            Profile(),
            {"stop": ["a", "b"]},
            id="stop sequences",
        ),
        pytest.param(
            "max_output_tokens: 9", Profile(), {"max_tokens": 9}, id="a limit"
        ),
        pytest.param(
            "max_output_tokens: 9",
            Profile(max_tokens_member="max_completion_tokens"),
            {"max_completion_tokens": 9},
            id="a limit under its newer name",
        ),
        pytest.param(
            "max_output_tokens: 9",
            Profile(max_output_tokens=5),
            {"max_tokens": 5},
            id="a limit above the model's own",
        ),
        pytest.param(
            'thinking_level: "high" thinking_summaries: "auto"',
            Profile(),
            {"reasoning_effort": "high"},
            id="thinking",
        ),
        pytest.param(
            'thinking_level: "high" seed: 1',
            Profile(reasoning_effort=False, seed=False),
            {},
            id="hints that the model ignores",
        ),
    ],
)
def test_generation_config(
    config: str, profile: Profile, expected: dict[str, Any]
) -> None:
    request = parsed(f"generation_config {{ {config} }}")
    assert body(request, profile) == HELLO | expected


def sent_tool(name: str, parameters: object = None, **more: str) -> dict[str, Any]:
    shown = parameters or {"type": "object", "properties": {}}
    return {"type": "function", "function": {"name": name, "parameters": shown} | more}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        pytest.param("", {}, id="nothing said"),
        pytest.param('mode: "auto"', {"tool_choice": "auto"}, id="auto"),
        pytest.param('mode: "any"', {"tool_choice": "required"}, id="any"),
        pytest.param('mode: "none"', {"tool_choice": "none"}, id="none"),
        pytest.param('mode: "validated"', {"tool_choice": "auto"}, id="validated"),
        pytest.param(
            'config { allowed_tools { mode: "any" } }',
            {"tool_choice": "required"},
            id="a mode for all of them",
        ),
        pytest.param(
            'config { allowed_tools { mode: "any" tools: "b" } }',
            {"tool_choice": "required", "tools": [sent_tool("b")]},
            id="one",
        ),
        pytest.param(
            'config { allowed_tools { tools: "c" tools: "a" } }',
            {"tool_choice": "auto", "tools": [sent_tool("a"), sent_tool("c")]},
            id="some",
        ),
    ],
)
def test_tool_choice(choice: str, expected: dict[str, Any]) -> None:
    said = f"generation_config {{ tool_choice {{ {choice} }} }}" if choice else ""
    request = parsed(said)
    request.tools.extend([tool("a"), tool("b"), tool("c")])
    tools = [sent_tool("a"), sent_tool("b"), sent_tool("c")]
    assert body(request, Profile()) == HELLO | {"tools": tools} | expected


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        pytest.param(None, None, id="no parameters"),
        pytest.param(WEATHER, WEATHER, id="a schema"),
        pytest.param(
            {"type": "object", "properties": {}, "required": []},
            {"type": "object", "properties": {}, "required": []},
            id="an empty list of required ones",
        ),
        pytest.param(
            {"type": "OBJECT", "properties": {"q": {"type": "STRING"}}},
            {"type": "object", "properties": {"q": {"type": "string"}}},
            id="types in capitals",
        ),
    ],
)
def test_functions(parameters: dict[str, Any] | None, sent: object) -> None:
    request = Request(model="m", tools=[tool("a", parameters, "Does it.")])
    assert body(request, Profile()) == HELLO | {
        "tools": [sent_tool("a", sent, description="Does it.")]
    }


def test_the_order_of_parameters_is_kept() -> None:
    text = '{"type":"object","properties":{"z":{},"a":{}},"maximum":1.0}'
    request = Request(model="m", tools=[tool("f", text)])
    asked = ModelRequest(request, [user("Hello?")])
    sent = build(asked, upstream="up", profile=Profile(), stream=False)
    assert isinstance(sent, bytes)
    assert text.encode() in sent


def test_one_call_at_a_time_where_the_model_cannot_do_more() -> None:
    request = Request(model="m", tools=[tool("a")])
    assert body(request, Profile(parallel_calls=False)) == HELLO | {
        "tools": [sent_tool("a")],
        "parallel_tool_calls": False,
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(
            f"response_format {{ single {{ text {{ schema: '{SCHEMA}' }} }} }}",
            AS_SCHEMA,
            id="a text entry",
        ),
        pytest.param(
            "response_format { list { items { text { "
            f"mime_type: 'application/json' schema: '{SCHEMA}' }} }} }} }}",
            AS_SCHEMA,
            id="a list with one entry",
        ),
        pytest.param(
            f"response_format {{ single {{ bare_schema: '{SCHEMA}' }} }}",
            AS_SCHEMA,
            id="a bare schema",
        ),
        pytest.param(
            f"response_format {{ single {{ bare_schema: '{SCHEMA}' }} }} "
            "response_mime_type: 'application/json'",
            AS_SCHEMA,
            id="a bare schema with its media type",
        ),
        pytest.param(
            "response_format { single { text { mime_type: 'application/json' } } }",
            AS_JSON,
            id="JSON without a schema",
        ),
        pytest.param("response_mime_type: 'application/json'", AS_JSON, id="JSON"),
        pytest.param(
            "response_format { single { bare_schema: '{}' } }",
            AS_JSON,
            id="a schema that says nothing",
        ),
        pytest.param(
            "response_format { single { text { mime_type: 'text/plain' } } }",
            {},
            id="plain text",
        ),
        pytest.param("response_mime_type: 'text/plain'", {}, id="plain text alone"),
        pytest.param("response_format { single { text { } } }", {}, id="any text"),
        pytest.param("response_format { list { } }", {}, id="no entry"),
        pytest.param("response_format { }", {}, id="nothing"),
        pytest.param("response_format { single { } }", {}, id="an empty entry"),
    ],
)
def test_response_formats(said: str, expected: dict[str, Any]) -> None:
    assert body(parsed(said), Profile()) == HELLO | expected


def test_strict_schemas_where_the_server_wants_them() -> None:
    request = parsed(f"response_format {{ single {{ bare_schema: '{SCHEMA}' }} }}")
    sent = body(request, Profile(strict_schemas=True))
    assert sent["response_format"]["json_schema"] == {
        "name": "response",
        "schema": SENT_SCHEMA,
        "strict": True,
    }


def test_tools_and_a_schema_go_together() -> None:
    request = parsed(f"response_format {{ single {{ bare_schema: '{SCHEMA}' }} }}")
    request.tools.append(tool("a"))
    sent = body(request, Profile())
    assert sent == HELLO | AS_SCHEMA | {"tools": [sent_tool("a")]}
