"""What a request over gRPC may not say, and where it is told so."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import text_format

from openinteractions.core.errors import RequestError
from openinteractions.rpc.checks import Checks
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest


def request(text: str) -> Any:
    return text_format.Parse(text, Request())


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        pytest.param(
            """rest: '{"colour": {"a": 1}, "b": 2}'""",
            "colour",
            "Unknown parameter 'colour'.",
            id="of the request",
        ),
        pytest.param(
            """generation_config { rest: '{"heat": 2}' }""",
            "generation_config.heat",
            "Unknown parameter 'generation_config.heat'.",
            id="of a message",
        ),
        pytest.param(
            """input { contents {
                items { text { text: "a" } }
                items { text { text: "b" rest: '{"c": 1}' } }
            } }""",
            "input[1].c",
            "Unknown parameter 'input[1].c'.",
            id="in a list that stands for an array",
        ),
        pytest.param(
            """input { steps { items { user_input {
                content { text { text: "a" } }
                content { image { rest: '{"c": 1}' } }
            } } } }""",
            "input[0].content[1].c",
            "Unknown parameter 'input[0].content[1].c'.",
            id="deep in a list",
        ),
        pytest.param(
            """generation_config { tool_choice { config { allowed_tools {
                mode: "any" rest: '{"x": 1}'
            } } } }""",
            "generation_config.tool_choice.allowed_tools.x",
            "Unknown parameter 'generation_config.tool_choice.allowed_tools.x'.",
            id="in a form told by its shape",
        ),
        pytest.param(
            """rest: 'colour'""", "rest", "Unknown parameter 'rest'.", id="no JSON"
        ),
        pytest.param(
            "rest: '[1]'", "rest", "Unknown parameter 'rest'.", id="no object"
        ),
        pytest.param("rest: '{}'", "rest", "Unknown parameter 'rest'.", id="no member"),
        pytest.param(
            f"""rest: '{{"{"y" * 200}": 1}}'""",
            f"{'y' * 100}…",
            f"Unknown parameter '{'y' * 100}…'.",
            id="a long name",
        ),
        pytest.param(
            """input { content { other: '{"type": "smell", "rose": true}' } }""",
            "input.type",
            "The value 'smell' is not supported for 'input.type'.",
            id="an unknown kind",
        ),
        pytest.param(
            """tools { function { name: "f" } } tools { other: '{"type": "{0}"}' }""",
            "tools[1].type",
            "The value '{0}' is not supported for 'tools[1].type'.",
            id="an unknown kind in a list",
        ),
        pytest.param(
            """input { steps { items { other: 'x' } } }""",
            "input[0].type",
            "The value '' is not supported for 'input[0].type'.",
            id="an unknown kind that is no JSON",
        ),
        pytest.param(
            """tools { function { name: "f" parameters: '{"type": ' } }""",
            "tools[0].parameters",
            "Invalid input at 'tools[0].parameters': not JSON.",
            id="a schema that is no JSON",
        ),
        pytest.param(
            """input { steps { items { function_result {
                call_id: "1" result { json: "{'a': 1}" }
            } } } }""",
            "input[0].result",
            "Invalid input at 'input[0].result': not JSON.",
            id="a result that is no JSON",
        ),
        pytest.param(
            """response_format { single { bare_schema: '{' } }""",
            "response_format",
            "Invalid input at 'response_format': not JSON.",
            id="a bare schema that is no JSON",
        ),
        pytest.param(
            """response_format { single { text { rest: '{"a": 1}' } } }""",
            "response_format.a",
            "Unknown parameter 'response_format.a'.",
            id="within a known form of an open object",
        ),
        pytest.param(
            """agent_config { dynamic { rest: 'x' } }""",
            "agent_config",
            "Invalid input at 'agent_config': not JSON.",
            id="settings of an agent that are no JSON",
        ),
        pytest.param(
            """environment { spec { env { key: "A" value { source {
                rest: '{"x": 1}'
            } } } } }""",
            "environment.env.A.x",
            "Unknown parameter 'environment.env.A.x'.",
            id="in a map",
        ),
        pytest.param(
            "generation_config { temperature: inf }",
            "generation_config.temperature",
            "Invalid input at 'generation_config.temperature': not a finite number.",
            id="an infinite number",
        ),
        pytest.param(
            "tools { google_maps { latitude: 0 longitude: nan } }",
            "tools[0].longitude",
            "Invalid input at 'tools[0].longitude': not a finite number.",
            id="no number",
        ),
    ],
)
def test_a_bad_member_is_refused_by_its_path(
    text: str, path: str, message: str
) -> None:
    with pytest.raises(RequestError) as caught:
        Checks().check(request(text))

    assert (caught.value.field, caught.value.message) == (path, message)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("""model: "m" input { text: "hi" }""", id="the least"),
        pytest.param(
            """labels { key: "rest" value: "{" } system_instruction: "{"
            tools { function { name: "f" parameters: '{"type": "object"}' } }
            input { steps { items { function_call {
                id: "1" name: "f" arguments: '{"a": [1, {}]}'
            } } items { function_result {
                call_id: "1" result { json: '{"rest": 1}' }
            } } } }
            generation_config { tool_choice { mode: "auto" } }""",
            id="JSON in its places",
        ),
        pytest.param(
            """agent_config { dynamic { rest: '{"whatever": 1}' } }
            response_format { single { bare_schema: '{"type": "object"}' } }""",
            id="open objects",
        ),
    ],
)
def test_a_good_request_passes(text: str) -> None:
    Checks().check(request(text))


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        pytest.param(
            'service_tier: "FLEX"', 'service_tier: "flex"', id="of the request"
        ),
        pytest.param(
            'response_modalities: "TEXT" response_modalities: "Image"',
            'response_modalities: "text" response_modalities: "image"',
            id="in a list",
        ),
        pytest.param(
            'generation_config { tool_choice { mode: "AUTO" } }',
            'generation_config { tool_choice { mode: "auto" } }',
            id="in a form told by its shape",
        ),
        pytest.param(
            'safety_settings { threshold: "off" } safety_settings { threshold: "OFF" }',
            'safety_settings { threshold: "off" } safety_settings { threshold: "off" }',
            id="in a list of messages",
        ),
        pytest.param(
            """generation_config { image_config { image_size: "2k" } }""",
            """generation_config { image_config { image_size: "2K" } }""",
            id="that is not in lower case",
        ),
        pytest.param(
            'service_tier: "Slow" model: "AUTO" response_modalities: "Smell"',
            'service_tier: "Slow" model: "AUTO" response_modalities: "Smell"',
            id="others are left alone",
        ),
    ],
)
def test_known_words_are_read_in_any_case(text: str, spelt: str) -> None:
    given = request(text)
    Checks().check(given)

    assert given == request(spelt)


def test_a_number_that_its_enum_does_not_have_is_refused() -> None:
    interaction = interaction_pb2.Interaction()
    interaction.ParseFromString(b"\x18\x4d")
    with pytest.raises(RequestError) as caught:
        Checks().check(interaction)

    assert caught.value.field == "status"
    assert caught.value.message == "Invalid input at 'status': no value 77."
