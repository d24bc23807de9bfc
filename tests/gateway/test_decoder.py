"""JSON to messages, by table: what fits, and what is said of what does not."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from google.protobuf import text_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from openinteractions.gateway.codec import Codec
from openinteractions.gateway.errors import DecodeError
from openinteractions.v1.agent_config_pb2 import AgentConfig
from openinteractions.v1.content_pb2 import Content
from openinteractions.v1.delta_pb2 import Delta
from openinteractions.v1.event_pb2 import InteractionEvent
from openinteractions.v1.generation_config_pb2 import GenerationConfig
from openinteractions.v1.interaction_pb2 import Input, Interaction
from openinteractions.v1.interaction_service_pb2 import (
    CreateInteractionRequest,
    DeleteInteractionRequest,
)
from openinteractions.v1.response_format_pb2 import ResponseFormats
from openinteractions.v1.step_pb2 import Step
from openinteractions.v1.tool_pb2 import Tool
from openinteractions.v1.tool_step_pb2 import ToolResult
from tests.gateway.protos import compile_message

CODEC = Codec()

TYPES: list[Any] = [
    AgentConfig,
    Content,
    CreateInteractionRequest,
    Delta,
    GenerationConfig,
    Input,
]
TYPES += [Interaction, InteractionEvent, ResponseFormats, Step, Tool, ToolResult]
BY_NAME = {message_class.DESCRIPTOR.name: message_class for message_class in TYPES}

FITS = [
    ("Content", {"type": "text", "text": "é"}, 'text { text: "é" }'),
    ("Content", {"type": "TEXT", "text": "a"}, 'text { text: "a" }'),
    ("Content", {"type": "text", "text": None, "annotations": None}, "text {}"),
    ("Content", {"type": "text", "annotations": [None]}, "text {}"),
    ("Content", {"type": "image", "data": "AAH/"}, r'image { data: "\x00\x01\xff" }'),
    ("Content", {"type": "image", "data": "-_8"}, r'image { data: "\xfb\xff" }'),
    ("Content", {"type": "image", "data": "+/8="}, r'image { data: "\xfb\xff" }'),
    ("Content", {"type": "image", "data": ""}, 'image { data: "" }'),
    ("Content", {"type": "image", "resolution": "LOW"}, 'image { resolution: "low" }'),
    ("Content", {"type": "image", "resolution": "Own"}, 'image { resolution: "Own" }'),
    ("Content", {"type": "image", "mimeType": "a/b"}, 'image { mime_type: "a/b" }'),
    ("Content", {"type": "audio", "rate": 8000.0}, "audio { sample_rate: 8000 }"),
    ("GenerationConfig", {"temperature": 1}, "temperature: 1"),
    ("GenerationConfig", {"seed": "-9223372036854775808"}, f"seed: {-(1 << 63)}"),
    ("GenerationConfig", {"seed": 9007199254740993}, "seed: 9007199254740993"),
    ("GenerationConfig", {"stop_sequences": ["a", None, "b"]},
     'stop_sequences: "a" stop_sequences: "b"'),
    ("GenerationConfig", {"tool_choice": "AUTO"}, 'tool_choice { mode: "auto" }'),
    ("GenerationConfig", {"tool_choice": {"allowed_tools": {"tools": ["f"]}}},
     'tool_choice { config { allowed_tools { tools: "f" } } }'),
    ("GenerationConfig", {"speech_config": [{"voice": "v"}]},
     'speech_config { list { items { voice: "v" } } }'),
    ("Input", "Hi", 'text: "Hi"'),
    ("Input", {"type": "text", "text": "Hi"}, 'content { text { text: "Hi" } }'),
    ("Input", [], "contents {}"),
    ("Input", [{"type": "text"}], "contents { items { text {} } }"),
    ("Input", [{"type": "Thought"}], "steps { items { thought {} } }"),
    ("ToolResult", "a", 'text: "a"'),
    ("ToolResult", [{"type": "text"}], "contents { items { text {} } }"),
    ("ToolResult", [], 'json: "[]"'),
    ("ToolResult", [{"type": "text"}, {}], """json: '[{"type":"text"},{}]'"""),
    ("ToolResult", ["a"], """json: '["a"]'"""),
    ("ToolResult", {"b": 1, "a": None}, """json: '{"b":1,"a":null}'"""),
    ("ToolResult", 18446744073709551615, 'json: "18446744073709551615"'),
    ("ToolResult", False, 'json: "false"'),
    ("Step", {"type": "function_call", "arguments": {"z": 1, "a": {"é": "\n"}}},
     r"""function_call { arguments: '{"z":1,"a":{"é":"\\n"}}' }"""),
    ("Step", {"type": "function_result", "call_id": "", "result": 1.5},
     'function_result { call_id: "" result { json: "1.5" } }'),
    ("Tool", {"type": "mcp_server", "headers": {"a": "b", "c": None}},
     'mcp_server { headers { key: "a" value: "b" } }'),
    ("AgentConfig", {"type": "dynamic", "own": [1]},
     """dynamic { rest: '{"own":[1]}' }"""),
    ("AgentConfig", {"type": "deep-research"}, "deep_research {}"),
    ("AgentConfig", {"type": "antigravity", "max_total_tokens": "1000"},
     "antigravity { max_total_tokens: 1000 }"),
    ("ResponseFormats", {"type": "object", "properties": {}},
     """single { bare_schema: '{"type":"object","properties":{}}' }"""),
    ("ResponseFormats", {"$ref": "#"}, """single { bare_schema: '{"$ref":"#"}' }"""),
    ("ResponseFormats", {"type": ["string", "null"]},
     """single { bare_schema: '{"type":["string","null"]}' }"""),
    ("ResponseFormats", [{"type": "text", "schema": True}],
     'list { items { text { schema: "true" } } }'),
    ("InteractionEvent", {"event_type": "step.stop", "index": 0, "event_id": "e"},
     'event_id: "e" step_stop { index: 0 }'),
    ("Delta", {"type": "arguments_delta", "partial_arguments": "{"},
     'arguments_delta { arguments: "{" }'),
    ("Interaction", {"status": "Queued"}, "status: INTERACTION_STATUS_QUEUED"),
    ("Interaction", {"created": "2026-06-01T12:00:00.9+02:00"},
     "created { seconds: 1780308000 }"),
    ("Interaction", {"created": "2026-06-01t10:00:00z"},
     "created { seconds: 1780308000 }"),
    ("CreateInteractionRequest",
     {"environment": {"type": "remote",
                      "env": {"A": "b", "C": {"credential": "d"}, "E": None}}},
     """environment { spec { type: "remote"
         env { key: "A" value { text: "b" } }
         env { key: "C" value { source { credential: "d" } } } } }"""),
    ("CreateInteractionRequest",
     {"environment": {"network": {"allowlist": [
         {"domain": "a.com", "credential": "c", "transform": [{"b": None}]}]}}},
     """environment { spec { network { rules { allowlist { domains { items {
         domain: "a.com" credential: "c" transform: '[{"b":null}]' } } } } } } }"""),
    ("CreateInteractionRequest",
     {"environment": {"network": {"allowlist": "DISABLED"}}},
     'environment { spec { network { rules { allowlist { mode: "disabled" } } } } }'),
    ("Step",
     {"type": "google_maps_result", "call_id": "c", "result": [
         {"places": [{"name": "Cafe", "review_snippets": [{"title": "Good"}]}],
          "widget_context_token": "w"}]},
     """google_maps_result { call_id: "c" result { widget_context_token: "w"
         places { name: "Cafe" review_snippets { title: "Good" } } } }"""),
    ("CreateInteractionRequest", {"model": "m", "labels": {"a": "b"}, "store": False},
     'model: "m" labels { key: "a" value: "b" } store: false'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "text"), FITS)
def test_what_fits_is_decoded(name: str, value: Any, text: str) -> None:
    message_class = BY_NAME[name]

    expected: Message = text_format.Parse(text, message_class())
    assert CODEC.decode(message_class, value) == expected
    assert CODEC.decode(message_class, value, strict=False) == expected


CONTENTS = "Supported values: 'text', 'image', 'audio', 'video', 'document'."
STATUSES = (
    "Supported values: 'queued', 'in_progress', 'requires_action', 'completed', "
    "'failed', 'cancelled', 'incomplete', 'budget_exceeded', 'requires_continuation'."
)
BASE64 = "Invalid input at 'data': expected base64 text."

REFUSED = [
    ("Content", "a", "Invalid input: expected an object."),
    ("GenerationConfig", [], "Invalid input: expected an object."),
    ("Content", {}, "Missing parameter 'type'."),
    ("Content", {"type": None}, "Missing parameter 'type'."),
    ("Content", {"type": 1}, "Invalid input at 'type': expected a string."),
    ("Content", {"type": "smell"},
     f"The value 'smell' is not supported for 'type'. {CONTENTS}"),
    ("Content", {"type": "text", "text": 1},
     "Invalid input at 'text': expected a string."),
    ("Content", {"type": "text", "txt": 1}, "Unknown parameter 'txt'."),
    ("Content", {"type": "text", "t" * 200: 1}, f"Unknown parameter '{'t' * 100}…'."),
    ("Content", {"type": "image", "data": "abc*"}, BASE64),
    ("Content", {"type": "image", "data": "a"}, BASE64),
    ("Content", {"type": "image", "data": "+_8="}, BASE64),
    ("Content", {"type": "image", "data": "Zg==\n"}, BASE64),
    ("Content", {"type": "image", "data": "é"}, BASE64),
    ("Content", {"type": "image", "data": "A" * 1048574 + "==" + "AAAA"}, BASE64),
    ("Content", {"type": "image", "data": "A" * 1048576 + "===="}, BASE64),
    ("Content", {"type": "image", "data": "A" * 1048576 + "*AAA"}, BASE64),
    ("Content", {"type": "image", "data": 1}, BASE64),
    ("Content", {"type": "image", "resolution": 1},
     "Invalid input at 'resolution': expected a string."),
    ("Content", {"type": "image", "mimeType": "a/b", "mime_type": "a/b"},
     "'mimeType' is another name of 'mime_type', which is given too."),
    ("Content", {"type": "audio", "channels": 1.5},
     "Invalid input at 'channels': expected a whole number of at most 32 bits."),
    ("Content", {"type": "audio", "channels": 1 << 31},
     "Invalid input at 'channels': expected a whole number of at most 32 bits."),
    ("Content", {"type": "audio", "channels": "1"},
     "Invalid input at 'channels': expected a whole number of at most 32 bits."),
    ("Content", {"type": "audio", "channels": True},
     "Invalid input at 'channels': expected a whole number of at most 32 bits."),
    ("GenerationConfig", {"seed": "9223372036854775808"},
     "Invalid input at 'seed': expected a whole number of at most 64 bits."),
    ("GenerationConfig", {"seed": "1e3"},
     "Invalid input at 'seed': expected a whole number of at most 64 bits."),
    ("GenerationConfig", {"temperature": "1"},
     "Invalid input at 'temperature': expected a number."),
    ("GenerationConfig", {"temperature": True},
     "Invalid input at 'temperature': expected a number."),
    ("GenerationConfig", {"stop_sequences": "a"},
     "Invalid input at 'stop_sequences': expected an array."),
    ("GenerationConfig", {"stop_sequences": ["a", 1]},
     "Invalid input at 'stop_sequences[1]': expected a string."),
    ("GenerationConfig", {"tool_choice": 1},
     "Invalid input at 'tool_choice': expected a string or an object."),
    ("GenerationConfig", {"speech_config": "x"},
     "Invalid input at 'speech_config': expected an object or an array."),
    ("Input", 1, "Invalid input: expected a string or an object or an array."),
    ("Input", [{"type": "text"}, {"type": "thought"}],
     f"The value 'thought' is not supported for '[1].type'. {CONTENTS}"),
    ("Input", [{"text": "a"}], "Missing parameter '[0].type'."),
    ("Input", ["a"], "Invalid input at '[0]': expected an object."),
    ("CreateInteractionRequest", {"store": 1},
     "Invalid input at 'store': expected a boolean."),
    ("CreateInteractionRequest", {"environment": {"env": "A=b"}},
     "Invalid input at 'environment.env': expected an object."),
    ("CreateInteractionRequest", {"environment": {"env": {"A": 1}}},
     "Invalid input at 'environment.env.A': expected a string or an object."),
    ("CreateInteractionRequest", {"environment": {"env": {"A": {"x": 1}}}},
     "Unknown parameter 'environment.env.A.x'."),
    ("CreateInteractionRequest",
     {"environment": {"network": {"allowlist": [{"domain": 1}]}}},
     ("Invalid input at 'environment.network.allowlist[0].domain': "
      "expected a string.")),
    ("CreateInteractionRequest", {"labels": []},
     "Invalid input at 'labels': expected an object."),
    ("CreateInteractionRequest", {"labels": {"a": 1}},
     "Invalid input at 'labels.a': expected a string."),
    ("CreateInteractionRequest", {"tools": {}},
     "Invalid input at 'tools': expected an array."),
    ("CreateInteractionRequest",
     {"input": [{"type": "user_input", "content": [{"type": "text", "text": []}]}]},
     "Invalid input at 'input[0].content[0].text': expected a string."),
    ("Interaction", {"created": "2026-06-01"},
     "Invalid input at 'created': expected an RFC 3339 time."),
    ("Interaction", {"created": "2026-13-01T00:00:00Z"},
     "Invalid input at 'created': expected an RFC 3339 time."),
    ("Interaction", {"created": 1},
     "Invalid input at 'created': expected an RFC 3339 time."),
    ("Interaction", {"status": 1}, "Invalid input at 'status': expected a string."),
    ("Interaction", {"status": "odd"},
     f"The value 'odd' is not supported for 'status'. {STATUSES}"),
    ("InteractionEvent", {"event_type": "step.stop", "event_id": 1},
     "Invalid input at 'event_id': expected a string."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_what_does_not_fit_is_refused_by_its_path(
    name: str, value: Any, message: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        CODEC.decode(BY_NAME[name], value)

    assert str(caught.value) == message


def test_a_list_of_nothing_known_is_refused_with_all_that_is_known() -> None:
    with pytest.raises(DecodeError) as caught:
        CODEC.decode(Input, [{"text": "no type"}, {"type": "smell"}])

    said = str(caught.value)
    assert said.startswith("The value 'smell' is not supported for '[1].type'.")
    assert "'document', 'user_input', 'model_output'" in said


LENIENT = [
    ("Content", {"type": "smell", "x": 1}, """other: '{"type":"smell","x":1}'"""),
    ("Content", {}, 'other: "{}"'),
    ("Content", {"type": "text", "x": {"b": 1}, "y": None},
     """text { rest: '{"x":{"b":1}}' }"""),
    ("Input", [{"type": "smell"}],
     """steps { items { other: '{"type":"smell"}' } }"""),
    ("Interaction", {"status": "odd"}, """rest: '{"status":"odd"}'"""),
    ("InteractionEvent", {"event_type": "odd", "event_id": "e"},
     """event_id: "e" other: '{"event_type":"odd","event_id":"e"}'"""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "text"), LENIENT)
def test_what_is_not_known_is_kept_if_asked(name: str, value: Any, text: str) -> None:
    message_class = BY_NAME[name]

    expected: Message = text_format.Parse(text, message_class())
    assert CODEC.decode(message_class, value, strict=False) == expected


def test_what_is_not_known_and_has_no_place_is_dropped_if_asked() -> None:
    message = CODEC.decode(DeleteInteractionRequest, {"id": "a", "x": 1}, strict=False)

    assert message == DeleteInteractionRequest(id="a")


@pytest.mark.parametrize("value", ["a", ["a"], 1])
def test_a_lenient_object_is_an_object_still(value: Any) -> None:
    with pytest.raises(DecodeError, match="expected an object"):
        CODEC.decode(Interaction, value, strict=False)


@pytest.mark.parametrize(
    "value",
    [
        {"steps": [{"type": "user_input", "content": [{"type": "text", "text": 1}]}]},
        {"steps": 5, "model": "m"},
        {"steps": [5]},
        {"usage": {"total_tokens": "many", "total_input_tokens": 3}},
        {"created": "yesterday", "labels": {"a": 1}},
        {"system_instruction": {"parts": []}, "response_modalities": "text"},
        {
            "steps": [
                {"type": "model_output", "content": [{"type": "image", "data": "*"}]}
            ]
        },
    ],
)
def test_what_does_not_fit_is_kept_by_a_lenient_object(value: Any) -> None:
    message = CODEC.decode(Interaction, value, strict=False)

    assert orjson.loads(orjson.dumps(CODEC.encode(message))) == value


@pytest.mark.parametrize("size", [786_431, 786_432, 786_433, 2_000_000])
def test_a_large_medium_is_decoded_whole(size: int) -> None:
    data = (bytes(range(256)) * 8000)[:size]
    for text in (base64.b64encode(data), base64.urlsafe_b64encode(data).rstrip(b"=")):
        value = {"type": "image", "data": text.decode()}

        assert CODEC.decode(Content, value).image.data == data


def test_a_message_within_itself_is_decoded_and_encoded() -> None:
    tree = GetMessageClass(
        compile_message(
            """message Test { string name = 1; repeated Test children = 2; }"""
        )
    )
    value = {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}]}
    codec = Codec(decoded=[tree], encoded=[tree])

    assert codec.encode(codec.decode(tree, value)) == value
