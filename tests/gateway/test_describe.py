"""What has a JSON form is described; what has none stops the start."""

from __future__ import annotations

import pytest
from google.protobuf.message_factory import GetMessageClass

from openinteractions.gateway.codec import Codec
from openinteractions.gateway.describe import describe
from openinteractions.gateway.options import descriptor
from openinteractions.gateway.schema import Kind, ObjectShape, SchemaError, ValueShape
from openinteractions.v1 import event_pb2, interaction_pb2
from tests.gateway.protos import compile_message

BROKEN = [
    pytest.param(
        "message Test { oneof a { string b = 1; } oneof c { string d = 2; } }",
        "more than one union",
        id="two_unions",
    ),
    pytest.param(
        "message Test { oneof a { string b = 1; } }",
        "neither discriminator nor by_shape",
        id="plain_oneof",
    ),
    pytest.param(
        """message Test { string a = 1 [(json.v1.rest) = true];
        string b = 2 [(json.v1.rest) = true]; }""",
        "more than one rest",
        id="two_rests",
    ),
    pytest.param(
        """message Test { string a = 1 [(json.v1.alias) = "b"]; string b = 2; }""",
        "'b' stands for two things",
        id="alias_of_another",
    ),
    pytest.param(
        """message Test { oneof a { option (json.v1.discriminator) = "type";
        string b = 1; } }""",
        "neither a message nor raw",
        id="scalar_in_a_union",
    ),
    pytest.param(
        """message Test { oneof a { option (json.v1.discriminator) = "type";
        string b = 1 [(json.v1.raw) = true];
        string c = 2 [(json.v1.raw) = true]; } }""",
        "a second member for the rest",
        id="two_fallbacks",
    ),
    pytest.param(
        """message In {} message Test { oneof a {
        option (json.v1.discriminator) = "type";
        In b = 1; In c = 2 [(json.v1.tag) = "b"]; } }""",
        "another member has its tag",
        id="equal_tags",
    ),
    pytest.param(
        """message In { string type = 1; } message Test { oneof a {
        option (json.v1.discriminator) = "type"; In b = 1; } }""",
        "'type' stands for two things",
        id="member_hides_the_discriminator",
    ),
    pytest.param(
        """message In { string id = 1; } message Test { string id = 1; oneof a {
        option (json.v1.discriminator) = "type"; In b = 2; } }""",
        "'id' stands for two things",
        id="member_hides_one_beside_the_union",
    ),
    pytest.param(
        """message In { oneof a { option (json.v1.by_shape) = true; string b = 1; } }
        message Test { oneof a { option (json.v1.discriminator) = "type"; In b = 1; } }
        """,
        "only plain objects can be flattened",
        id="value_in_a_union",
    ),
    pytest.param(
        """message Test { oneof a { option (json.v1.by_shape) = true; string b = 1; }
        string c = 2; }""",
        "a member beside a value",
        id="member_beside_a_value",
    ),
    pytest.param(
        """message Test { oneof a { option (json.v1.by_shape) = true; int32 b = 1; } }
        """,
        "no shape tells it apart",
        id="number_in_a_value",
    ),
    pytest.param(
        """message Test { oneof a { option (json.v1.by_shape) = true;
        string b = 1; string c = 2; } }""",
        "another member has its shape",
        id="two_strings_in_a_value",
    ),
    pytest.param(
        """message List { repeated string items = 1; }
        message More { repeated string items = 1; }
        message Test { oneof a { option (json.v1.by_shape) = true;
        List b = 1; More c = 2; } }""",
        "lists that look alike",
        id="two_lists_of_strings",
    ),
    pytest.param(
        """message In {}
        message One { oneof a { option (json.v1.discriminator) = "type"; In b = 1; } }
        message List { repeated One items = 1; }
        message Test { oneof a { option (json.v1.by_shape) = true;
        List b = 1; List c = 2; } }""",
        "'b' stands for two things",
        id="two_lists_of_one_kind",
    ),
    pytest.param(
        """message List { string items = 1; }
        message Test { oneof a { option (json.v1.by_shape) = true; List b = 1; } }""",
        "a list is repeated",
        id="list_of_one",
    ),
    pytest.param(
        "message Test { fixed32 a = 1; }", "a type without a JSON form", id="fixed32"
    ),
    pytest.param(
        "message Test { google.protobuf.Any a = 1; }",
        "a type without a JSON form",
        id="any",
    ),
    pytest.param(
        "message Test { map<string, int32> a = 1; }",
        "a map of other than strings or messages",
        id="map_of_numbers",
    ),
    pytest.param(
        "message Test { map<int32, string> a = 1; }",
        "a map of other than strings or messages",
        id="map_by_numbers",
    ),
    pytest.param(
        "message Test { map<string, google.protobuf.Timestamp> a = 1; }",
        "a map of other than strings or messages",
        id="map_of_times",
    ),
    pytest.param(
        "message Test { int32 a = 1 [(json.v1.raw) = true]; }",
        "words or raw on what is no string",
        id="raw_number",
    ),
    pytest.param(
        """message Test { string a = 1 [(json.v1.words) = "x", (json.v1.words) = "X"]; }
        """,
        "'x' stands for two things",
        id="words_that_differ_in_case",
    ),
]


@pytest.mark.parametrize(("text", "problem"), BROKEN)
def test_a_message_without_a_json_form_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(SchemaError, match=problem):
        describe(compile_message(text))


def test_an_enum_with_one_word_for_two_values_is_an_error() -> None:
    test = compile_message(
        """enum State { STATE_UNSPECIFIED = 0; STATE_A = 1;
        STATE_B = 2 [(json.v1.word) = "a"]; }
        message Test { State state = 1; }"""
    )
    with pytest.raises(SchemaError, match="'a' stands for two things"):
        Codec(decoded=[GetMessageClass(test)])


def test_a_union_is_described_with_what_stands_beside_it() -> None:
    shape = describe(descriptor(event_pb2.InteractionEvent))

    assert isinstance(shape, ObjectShape)
    assert shape.union is not None
    assert shape.union.discriminator == "event_type"
    assert shape.union.tags["step.delta"].name == "step_delta"
    assert shape.union.fallback is not None
    assert shape.union.fallback.name == "other"
    assert [(member.key, member.kind) for member in shape.members] == [
        ("event_id", Kind.TEXT)
    ]


def test_a_value_is_described_by_its_json_types() -> None:
    shape = describe(descriptor(interaction_pb2.Input))

    assert isinstance(shape, ValueShape)
    assert shape.text is not None
    assert shape.object is not None
    assert (shape.text.key, shape.object.name) == ("text", "content")
    assert [form.field.name for form in shape.lists] == ["contents", "steps"]
    assert "user_input" in shape.lists[1].tags
    assert shape.raw is None
