"""Steps of tools, which come whole or are completed by one delta of the same kind.

What a delta says replaces what the step began with; what it does not say stays.
"""

from __future__ import annotations

import json

import orjson
from google.protobuf.message import Message

from openinteractions.v1 import delta_pb2, step_pb2

NAMES = frozenset({"id", "call_id", "name", "server_name"})
"""What is known of a step when it begins."""


def completed(step: step_pb2.Step, delta: delta_pb2.Delta) -> step_pb2.Step:
    """Return a step with what a delta says about it.

    A delta that has nothing to do with the step, which only a foreign server can send,
    changes nothing.
    """
    kind, said = step.WhichOneof("kind"), delta.WhichOneof("kind")
    if kind != said or kind is None:
        return step
    whole = step_pb2.Step()
    whole.CopyFrom(step)
    if kind == "other":
        whole.other = _merged(step.other, delta.other)
    else:
        _replace(getattr(whole, kind), getattr(delta, kind))
    return whole


def completing(step: step_pb2.Step) -> tuple[step_pb2.Step, delta_pb2.Delta | None]:
    """Return a tool's step as it begins, and the delta that completes it, if any.

    The delta is None when there is nothing left to say, or nothing that it could say.
    """
    kind = step.WhichOneof("kind") or ""
    start, delta = step_pb2.Step(), delta_pb2.Delta()
    start.CopyFrom(step)
    if kind not in delta.DESCRIPTOR.fields_by_name or kind == "other":
        return start, None
    begun, rest = getattr(start, kind), getattr(delta, kind)
    _replace(rest, begun)
    for name in ("id", "call_id"):
        if name in rest.DESCRIPTOR.fields_by_name:
            rest.ClearField(name)
    for field, _ in rest.ListFields():
        if field.name not in NAMES:
            begun.ClearField(field.name)
    if any(field.name not in NAMES for field, _ in rest.ListFields()):
        return start, delta
    return start, None


def are_arguments(text: str) -> bool:
    """Say whether a text is a JSON object, as the arguments of calls are."""
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _replace(into: Message, said: Message) -> None:
    """Take over the members that are said, which the other message need not have."""
    for field, value in said.ListFields():
        name = field.name
        if name not in into.DESCRIPTOR.fields_by_name or value == "":
            continue
        if name == "rest":
            setattr(into, name, _merged(getattr(into, name), value))
        elif field.is_repeated:
            into.ClearField(name)
            getattr(into, name).extend(value)
        elif field.message_type is not None:
            getattr(into, name).CopyFrom(value)
        else:
            setattr(into, name, value)


def _merged(first: str, second: str) -> str:
    """Return a JSON object with the members of both; the second one's win."""
    if not first or not second:
        return first or second
    return json.dumps({**json.loads(first), **json.loads(second)}, ensure_ascii=False)
