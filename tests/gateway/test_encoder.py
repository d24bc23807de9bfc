"""Messages to JSON, by table."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from openinteractions.gateway import written
from openinteractions.gateway.codec import Codec
from openinteractions.v1 import interaction_pb2
from openinteractions.v1.content_pb2 import (
    Content,
    ContentList,
    ImageContent,
    TextContent,
)
from openinteractions.v1.environment_pb2 import EnvironmentSpec, EnvironmentVariable
from openinteractions.v1.event_pb2 import InteractionEvent
from openinteractions.v1.generation_config_pb2 import GenerationConfig
from openinteractions.v1.interaction_pb2 import Input, Interaction
from openinteractions.v1.step_pb2 import FunctionCallStep, Step
from openinteractions.v1.tool_pb2 import McpServerTool, Tool
from openinteractions.v1.tool_step_pb2 import ToolResult
from tests.gateway.protos import compile_message

CODEC = Codec(encoded=[InteractionEvent])

HELLO = Content(text=TextContent(text="é"))

ENCODED: list[tuple[Message, Any]] = [
    (HELLO, {"type": "text", "text": "é"}),
    (Content(text=TextContent()), {"type": "text"}),
    (Content(), {}),
    (Content(image={"data": b"\xfb\xff", "uri": ""}),
     {"type": "image", "data": "+/8=", "uri": ""}),
    (Content(text=TextContent(text="a", rest='{"text":"b","x":null}')),
     {"type": "text", "text": "a", "x": None}),
    (Content(other='{"type":"smell","x":1}'), {"type": "smell", "x": 1}),
    (InteractionEvent(event_id="e", other='{"event_type":"x"}'),
     {"event_type": "x", "event_id": "e"}),
    (Input(text="Hi"), "Hi"),
    (Input(content=HELLO), {"type": "text", "text": "é"}),
    (Input(contents=ContentList(items=[HELLO])), [{"type": "text", "text": "é"}]),
    (Input(contents=ContentList()), []),
    (Interaction(input=Input()), {}),
    (ToolResult(json='{"b":1,\n "a":[]}'), {"b": 1, "a": []}),
    (ToolResult(json='"\\n"'), "\n"),
    (Step(function_call=FunctionCallStep(id="", arguments="")),
     {"type": "function_call", "id": ""}),
    (Tool(mcp_server=McpServerTool(headers={"a": "b"})),
     {"type": "mcp_server", "headers": {"a": "b"}}),
    (EnvironmentSpec(env={
        "A": EnvironmentVariable(text="b"),
        "C": EnvironmentVariable(source={"value": "d"}),
        "E": EnvironmentVariable()}),
     {"env": {"A": "b", "C": {"value": "d"}}}),
    (GenerationConfig(seed=(1 << 63) - 1, temperature=0, stop_sequences=["a"]),
     {"seed": (1 << 63) - 1, "temperature": 0.0, "stop_sequences": ["a"]}),
    (Interaction(status=interaction_pb2.INTERACTION_STATUS_BUDGET_EXCEEDED),
     {"status": "budget_exceeded"}),
    (Interaction(created=Timestamp(seconds=1780308000, nanos=999999999)),
     {"created": "2026-06-01T10:00:00Z"}),
]  # fmt: skip


@pytest.mark.parametrize(("message", "value"), ENCODED)
def test_a_message_becomes_its_json(message: Message, value: Any) -> None:
    assert orjson.loads(orjson.dumps(CODEC.encode(message))) == value


def test_json_text_keeps_its_order_and_its_numbers() -> None:
    text = '{"z":18446744073709551615,"a":1.0,"m":{"2":1,"1":2}}'

    written = orjson.dumps(CODEC.encode(ToolResult(json=text)))

    assert written.decode() == text


def test_a_union_need_not_have_a_place_for_the_unknown() -> None:
    message_class = GetMessageClass(
        compile_message(
            """message In { string a = 1; } message Test { oneof kind {
            option (json.v1.discriminator) = "type"; In in = 1; } }"""
        )
    )
    message = message_class(**{"in": {"a": "b"}})

    assert CODEC.encode(message) == {"type": "in", "a": "b"}


def test_a_status_that_is_none_is_left_out() -> None:
    value = CODEC.encode(Interaction(status=99))  # type: ignore[arg-type]

    assert value == {}


@pytest.mark.parametrize("few", [0, 100], ids=["listed", "asked for"])
@pytest.mark.parametrize(("message", "value"), ENCODED)
def test_how_fields_are_found_does_not_matter(
    message: Message, value: Any, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "FEW", few)
    codec = Codec(encoded=[type(message)])
    assert orjson.loads(orjson.dumps(codec.encode(message))) == value


@pytest.mark.parametrize("size", [786_431, 786_432, 786_433, 2_000_000])
def test_a_large_medium_is_encoded_whole(size: int) -> None:
    data = (bytes(range(256)) * 8000)[:size]
    value = Codec().encode(Content(image=ImageContent(data=data)))

    assert value == {"type": "image", "data": base64.b64encode(data).decode()}


def test_a_field_may_be_called_what_python_keeps_for_itself() -> None:
    message_class = GetMessageClass(
        compile_message(
            "message Test { optional string from = 1; repeated string in = 2; }"
        )
    )
    message = message_class(**{"from": "a", "in": ["b"]})

    assert Codec().encode(message) == {"from": "a", "in": ["b"]}
