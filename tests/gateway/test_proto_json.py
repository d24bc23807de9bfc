"""Objects that are written as ProtoJSON writes them."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass

from openinteractions.gateway.codec import Codec
from openinteractions.gateway.describe import describe
from openinteractions.gateway.errors import DecodeError
from openinteractions.gateway.query import QueryBinder
from openinteractions.gateway.schema import SchemaError
from openinteractions.gateway.schemas import Schemas
from tests.gateway.protos import compile_message

TEXT = """
    message Test {
      option (openinteractions.json.v1.proto_json) = true;
      string display_name = 1;
      int64 size_bytes = 2;
      int32 page_size = 3;
      State state = 4;
      google.protobuf.Timestamp create_time = 5;
      repeated Plain kept_as_is = 6;
      bytes sha256_hash = 7;
      repeated int64 many_sizes = 8;
      bool dry_run = 9;
    }
    message Plain { int64 size_bytes = 1; }
    enum State { STATE_UNSPECIFIED = 0; STATE_ACTIVE = 1; STATE_NOT_SO = 2; }
"""
TEST: Descriptor = compile_message(TEXT)
Message: Any = GetMessageClass(TEST)

WIDE = (1 << 63) - 1

WRITTEN = {
    "displayName": "d",
    "sizeBytes": str(WIDE),
    "pageSize": 3,
    "state": "NOT_SO",
    "createTime": "2026-06-01T10:00:00Z",
    "keptAsIs": [{"size_bytes": 5}],
    "sha256Hash": "YWJj",
    "manySizes": ["1", "2"],
    "dryRun": True,
}

SPELLINGS: list[dict[str, Any]] = [
    {"displayName": "d", "sizeBytes": "7", "state": "ACTIVE"},
    {"display_name": "d", "size_bytes": 7, "state": "active"},
    {"displayName": "d", "size_bytes": 7.0, "state": "Active", "createTime": None},
]


def test_every_form_is_written_and_read_again() -> None:
    codec = Codec(decoded=[Message], encoded=[Message])
    message = codec.decode(Message, WRITTEN)

    assert message.size_bytes == WIDE
    assert codec.encode(message) == WRITTEN


@pytest.mark.parametrize("value", SPELLINGS)
def test_either_spelling_of_a_member_is_read(value: dict[str, Any]) -> None:
    assert Codec().decode(Message, value) == Message(
        display_name="d", size_bytes=7, state="STATE_ACTIVE"
    )


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"display_name": "a", "displayName": "b"},
     "'display_name' is another name of 'displayName', which is given too."),
    ({"sizeBytes": "1.5"},
     "Invalid input at 'sizeBytes': expected a whole number of at most 64 bits."),
    ({"state": "GONE"},
     ("The value 'GONE' is not supported for 'state'. "
      "Supported values: 'ACTIVE', 'NOT_SO'.")),
    ({"displayname": "a"}, "Unknown parameter 'displayname'."),
]  # fmt: skip


@pytest.mark.parametrize(("value", "message"), REFUSED)
def test_what_is_refused_is_named_as_it_is_written(
    value: dict[str, Any], message: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        Codec().decode(Message, value)

    assert str(caught.value) == message


@pytest.mark.parametrize("names", [("pageSize", "dryRun"), ("page_size", "dry_run")])
def test_either_spelling_of_a_query_parameter_is_read(names: tuple[str, str]) -> None:
    message = Message()
    QueryBinder(TEST).set(message, {names[0]: "7", names[1]: "true"})

    assert message == Message(page_size=7, dry_run=True)


def test_the_schema_says_how_members_are_written() -> None:
    schemas = Schemas()
    schemas.message(TEST)
    properties = schemas.components["Test"]["properties"]

    assert list(properties) == list(WRITTEN)
    assert properties["sizeBytes"] == {"type": "string", "format": "int64"}
    assert properties["state"] == {"type": "string", "enum": ["ACTIVE", "NOT_SO"]}
    assert "size_bytes" in schemas.components["Plain"]["properties"]


def test_a_union_has_no_such_form() -> None:
    text = """
        message Test {
          option (openinteractions.json.v1.proto_json) = true;
          oneof kind {
            option (openinteractions.json.v1.discriminator) = "type";
            Plain plain = 1;
          }
        }
        message Plain { int64 size_bytes = 1; }
    """
    with pytest.raises(SchemaError, match="a union in ProtoJSON"):
        describe(compile_message(text))
