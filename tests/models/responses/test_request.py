"""A request becomes the body that Responses API servers take."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.protobuf import text_format

from openinteractions.engine.ports import ModelRequest
from openinteractions.models.profile import Profile
from openinteractions.models.responses.model import restrict
from openinteractions.models.responses.request import build
from tests.models.asking import WEATHER, Request, tool, user

PLAIN = Profile(reasoning=False)
HELLO: dict[str, Any] = {
    "model": "up",
    "input": [
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Hello?"}],
        }
    ],
    "store": False,
}
SCHEMA = '{"type":"object","properties":{"a":{"type":"STRING"}}}'
SENT_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def body(request: Request, profile: Profile, *, stream: bool = False) -> dict[str, Any]:
    asked = ModelRequest(request, [user("Hello?")])
    sent = build(asked, upstream="up", profile=profile, stream=stream)
    assert isinstance(sent, bytes)
    found: dict[str, Any] = orjson.loads(sent)
    return found


def parsed(text: str) -> Request:
    request: Request = text_format.Parse(text, Request(model="m"))
    return request


def test_nothing_is_stored_upstream() -> None:
    assert body(Request(model="m"), PLAIN) == HELLO
    assert body(Request(model="m"), PLAIN, stream=True) == HELLO | {"stream": True}


def test_instructions_are_a_member_of_their_own() -> None:
    request = Request(model="m", system_instruction="Be brief.")
    assert body(request, PLAIN) == HELLO | {"instructions": "Be brief."}


@pytest.mark.parametrize(
    ("config", "profile", "expected"),
    [
        pytest.param(
            "temperature: 0 top_p: 0.9",
            PLAIN,
            {"temperature": 0.0, "top_p": 0.9},
            id="sampling",
        ),
        pytest.param(
            "max_output_tokens: 9", PLAIN, {"max_output_tokens": 9}, id="a limit"
        ),
        pytest.param(
            "max_output_tokens: 9",
            Profile(reasoning=False, max_output_tokens=5),
            {"max_output_tokens": 5},
            id="a limit above the model's own",
        ),
        pytest.param(
            "",
            Profile(),
            {"include": ["reasoning.encrypted_content"]},
            id="reasoning comes encrypted",
        ),
        pytest.param(
            'thinking_level: "high" thinking_summaries: "auto"',
            Profile(),
            {
                "include": ["reasoning.encrypted_content"],
                "reasoning": {"effort": "high", "summary": "auto"},
            },
            id="thinking",
        ),
        pytest.param(
            'thinking_level: "high" seed: 1', PLAIN, {}, id="hints without a member"
        ),
    ],
)
def test_generation_config(
    config: str, profile: Profile, expected: dict[str, Any]
) -> None:
    request = parsed(f"generation_config {{ {config} }}")
    assert body(request, restrict(profile)) == HELLO | expected


@pytest.mark.parametrize(
    ("mode", "sent"),
    [("auto", "auto"), ("any", "required"), ("none", "none"), ("validated", "auto")],
)
def test_functions(mode: str, sent: str) -> None:
    request = parsed(f'generation_config {{ tool_choice {{ mode: "{mode}" }} }}')
    request.tools.append(tool("get_weather", WEATHER, "Looks."))
    assert body(request, PLAIN) == HELLO | {
        "tools": [
            {
                "type": "function",
                "name": "get_weather",
                "description": "Looks.",
                "parameters": WEATHER,
                "strict": False,
            }
        ],
        "tool_choice": sent,
    }


def test_one_call_at_a_time() -> None:
    request = Request(model="m", tools=[tool("get_time")])
    sent = body(request, Profile(reasoning=False, parallel_calls=False))
    assert sent["parallel_tool_calls"] is False


@pytest.mark.parametrize("strict", [False, True])
def test_a_schema(strict: bool) -> None:
    request = Request(model="m")
    request.response_format.single.text.schema = SCHEMA
    sent = body(request, Profile(reasoning=False, strict_schemas=strict))
    assert sent["text"]["format"] == {
        "type": "json_schema",
        "name": "response",
        "schema": SENT_SCHEMA,
        "strict": strict,
    }


def test_json_without_a_schema() -> None:
    request = Request(model="m", response_mime_type="application/json")
    assert body(request, PLAIN)["text"] == {"format": {"type": "json_object"}}
