"""What an interaction repeats of the request that began it, and what it does not.

A request may carry secrets, such as the key of a tool's server. Its protos mark those
members INPUT_ONLY; they are stored with the request and never part of an answer.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message


def conceal(message: Message) -> None:
    """Clear, in place and at any depth, the members that only requests have."""
    for field, value in message.ListFields():
        if _is_input_only(field):
            message.ClearField(field.name)
        elif field.message_type is not None and _conceals(field.message_type):
            for inner in _messages(field, value):
                conceal(inner)


def _messages(field: FieldDescriptor, value: Any) -> Iterable[Message]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return value.values()  # type: ignore[no-any-return] # a map's values
    return value if field.is_repeated else (value,)


@functools.cache
def _conceals(kind: Descriptor) -> bool:
    """Say whether anything within a message type is only for requests."""
    seen: set[str] = set()
    waiting = [kind]
    while waiting:
        each = waiting.pop()
        if each.full_name in seen:
            continue
        seen.add(each.full_name)
        if any(_is_input_only(field) for field in each.fields):
            return True
        waiting += [f.message_type for f in each.fields if f.message_type is not None]
    return False


@functools.cache
def _is_input_only(field: FieldDescriptor) -> bool:
    behavior = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.INPUT_ONLY in behavior
