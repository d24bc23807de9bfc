"""Reads the options of descriptors, ours and `google.api.http`.

The one place where extensions are looked up, because their Python types say nothing.
"""

from __future__ import annotations

from typing import Any, cast

from google.api import annotations_pb2 as http_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import (
    Descriptor,
    EnumDescriptor,
    EnumValueDescriptor,
    FieldDescriptor,
    MethodDescriptor,
    OneofDescriptor,
)
from google.protobuf.message import Message

from openinteractions.json.v1 import annotations_pb2


def is_open(message: Descriptor) -> bool:
    """Whether requests may have in an object what is not known here."""
    return bool(_read(message, annotations_pb2.open))


def is_proto_json(message: Descriptor) -> bool:
    """Whether an object is written as ProtoJSON writes it."""
    return bool(_read(message, annotations_pb2.proto_json))


def is_raw(field: FieldDescriptor) -> bool:
    """Whether a field holds JSON text."""
    return bool(_read(field, annotations_pb2.raw))


def is_rest(field: FieldDescriptor) -> bool:
    """Whether a field holds the members that no other field claims."""
    return bool(_read(field, annotations_pb2.rest))


def aliases(field: FieldDescriptor) -> tuple[str, ...]:
    """Return the other spellings of a member."""
    return tuple(_read(field, annotations_pb2.alias))


def words(field: FieldDescriptor) -> tuple[str, ...]:
    """Return the known words of an open vocabulary."""
    return tuple(_read(field, annotations_pb2.words))


def tag(field: FieldDescriptor) -> str:
    """Return the word that selects a member of a union."""
    return str(_read(field, annotations_pb2.tag) or field.name)


def discriminator(oneof: OneofDescriptor) -> str:
    """Return the JSON member that tells a union's members apart; empty for none."""
    return str(_read(oneof, annotations_pb2.discriminator))


def is_by_shape(oneof: OneofDescriptor) -> bool:
    """Whether the JSON type tells the members of a oneof apart."""
    return bool(_read(oneof, annotations_pb2.by_shape))


def enum_words(enum: EnumDescriptor) -> dict[int, str]:
    """Return the JSON word of each value of an enum, except the unspecified one."""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return {
        value.number: _read(value, annotations_pb2.word)
        or value.name.removeprefix(prefix).lower()
        for value in enum.values
        if value.number
    }


def error_shape(value: EnumValueDescriptor) -> annotations_pb2.ErrorShape:
    """Return how errors of a reason appear."""
    shape: annotations_pb2.ErrorShape = _read(value, annotations_pb2.error)
    return shape


def stream_variant(method: MethodDescriptor) -> annotations_pb2.StreamVariant:
    """Return the server-streaming twin of a unary method; empty if it has none."""
    variant: annotations_pb2.StreamVariant = _read(
        method, annotations_pb2.stream_variant
    )
    return variant


def has_http_rule(method: MethodDescriptor) -> bool:
    """Whether a method has a `google.api.HttpRule`."""
    return bool(cast("Any", method).GetOptions().HasExtension(http_pb2.http))


def http_rule(method: MethodDescriptor) -> Any:
    """Return the `google.api.HttpRule` of a method."""
    return _read(method, http_pb2.http)


def message_type(field: FieldDescriptor) -> Descriptor:
    """Return the type of a field that is a message."""
    return cast("Descriptor", field.message_type)


def holder(field: FieldDescriptor) -> Descriptor:
    """Return the type of message that has a field."""
    return cast("Descriptor", field.containing_type)


def enum_type(field: FieldDescriptor) -> EnumDescriptor:
    """Return the type of a field that is an enum."""
    return cast("EnumDescriptor", field.enum_type)


def descriptor(message: Message | type[Message]) -> Descriptor:
    """Return the type of a message."""
    return cast("Descriptor", message.DESCRIPTOR)


def is_required(field: FieldDescriptor) -> bool:
    """Whether a request has to have a member."""
    return field_behavior_pb2.REQUIRED in _read(
        field, field_behavior_pb2.field_behavior
    )


def is_output_only(field: FieldDescriptor) -> bool:
    """Whether a member is only in responses."""
    behavior = _read(field, field_behavior_pb2.field_behavior)
    return field_behavior_pb2.OUTPUT_ONLY in behavior


def is_input_only(field: FieldDescriptor) -> bool:
    """Whether a member is only in requests."""
    behavior = _read(field, field_behavior_pb2.field_behavior)
    return field_behavior_pb2.INPUT_ONLY in behavior


def _read(descriptor: Any, extension: Any) -> Any:
    return descriptor.GetOptions().Extensions[extension]
