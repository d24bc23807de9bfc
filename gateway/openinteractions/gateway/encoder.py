"""Messages to JSON values: one function for each message type, made at start-up.

The values are for orjson: JSON text in a message is embedded as it is, on one line.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from openinteractions.gateway.describe import describe, words
from openinteractions.gateway.options import message_type
from openinteractions.gateway.schema import (
    Kind,
    Member,
    ObjectShape,
    Union,
    ValueShape,
)
from openinteractions.gateway.written import Encode, Plan, encoding, writing


class Encoder:
    """The functions of all message types that were asked for."""

    def __init__(self) -> None:
        self._encodes: dict[str, Encode] = {}

    def encode(self, descriptor: Descriptor) -> Encode:
        """Return the function that makes the JSON value of messages of this type.

        Raises:
            SchemaError: the type, or one within it, has no JSON form.
        """
        name = descriptor.full_name
        if name not in self._encodes:
            self._encodes[name] = self._later(name)
            shape = describe(descriptor)
            if isinstance(shape, ValueShape):
                self._encodes[name] = self._value(shape)
            else:
                self._encodes[name] = encoding(self._plan(shape))
        return self._encodes[name]

    def _later(self, name: str) -> Encode:
        """Return what a type within itself finds while it is being compiled."""

        def encode(message: Message) -> Any:
            return self._encodes[name](message)

        return encode

    def _plan(self, shape: ObjectShape) -> Plan:
        plan: Plan = {
            member.field: (member.key, self._member(member), None)
            for member in shape.members
        }
        if shape.rest is not None:
            plan[shape.rest] = ("", None, _write_rest)
        if shape.union is not None:
            plan |= self._union(shape.union)
        return plan

    def _union(self, union: Union) -> Plan:
        plan: Plan = {}
        for tag, field in union.tags.items():
            inner = describe(message_type(field))
            assert isinstance(inner, ObjectShape)  # noqa: S101 - `describe` saw to it
            write = writing(self._plan(inner), union.discriminator, tag)
            plan[field] = ("", None, write)
        if union.fallback is not None:
            plan[union.fallback] = ("", None, _write_whole)
        return plan

    def _value(self, shape: ValueShape) -> Encode:
        plan: dict[FieldDescriptor, Encode] = {}
        if shape.text is not None:
            plan[shape.text.field] = _same
        if shape.object is not None:
            plan[shape.object] = self.encode(message_type(shape.object))
        if shape.raw is not None:
            plan[shape.raw] = embedded
        for form in shape.lists:
            plan[form.field] = _items(form.items, self._member(form.items))

        def encode(message: Message) -> Any:
            for field, value in message.ListFields():
                return plan[field](value)
            return None  # nothing is set: the member is absent

        return encode

    def _member(self, member: Member) -> Encode | None:
        """Return what makes the value of a field; None takes it as it is."""
        if member.repeated:
            one = self._single(member)
            if one is None:
                return list
            return lambda items: [one(item) for item in items]
        return self._single(member)

    def _single(self, member: Member) -> Encode | None:
        if member.kind is Kind.MESSAGE:
            return self.encode(message_type(member.field))
        if member.kind is Kind.ENUM:
            return words(member).get
        if member.kind is Kind.INTEGER and member.proto_json and member.wide:
            return str
        if member.values is not None:
            return _mapping(self._single(member.values))
        return _ENCODES.get(member.kind)


def _write_rest(made: dict[str, Any], text: str) -> None:
    for key, value in orjson.loads(text).items():
        made.setdefault(key, value)


def _write_whole(made: dict[str, Any], text: str) -> None:
    made |= orjson.loads(text)


def _items(member: Member, encode: Encode | None) -> Encode:
    name = member.name

    def encode_list(message: Message) -> list[Any]:
        items = getattr(message, name)
        return list(items) if encode is None else list(encode(items))

    return encode_list


def _mapping(encode: Encode | None) -> Encode:
    if encode is None:
        return dict

    def encode_map(entries: Mapping[str, Any]) -> dict[str, Any]:
        encoded = ((key, encode(value)) for key, value in entries.items())
        return {key: value for key, value in encoded if value is not None}

    return encode_map


def _same(value: Any) -> Any:
    return value


def embedded(text: str) -> orjson.Fragment | None:
    """Return JSON text as a value that orjson writes as it is; None for no text.

    It is put on one line, because an event of a stream has to be (contract §6.1).
    """
    if not text:
        return None
    if "\n" in text or "\r" in text:
        return orjson.Fragment(orjson.dumps(orjson.loads(text)))
    return orjson.Fragment(text)


_PIECE_BYTES = 768 * 1024
"""A multiple of three, so that the texts of the pieces can be joined."""


def _base64(value: bytes) -> str:
    if len(value) <= _PIECE_BYTES:
        return base64.b64encode(value).decode()
    # In pieces, between which others have a turn.
    starts = range(0, len(value), _PIECE_BYTES)
    pieces = (value[start : start + _PIECE_BYTES] for start in starts)
    return "".join([base64.b64encode(piece).decode() for piece in pieces])


def _time(value: Any) -> str:
    return _instant(value.seconds)


def _status(value: Any) -> dict[str, Any]:
    return {"code": value.code, "message": value.message}


# Both times of an interaction, and those of others just made, are often the same.
@functools.lru_cache(maxsize=64)
def _instant(seconds: int) -> str:
    instant = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


_ENCODES: dict[Kind, Encode] = {
    Kind.RAW: embedded,
    Kind.BYTES: _base64,
    Kind.TIME: _time,
    Kind.STATUS: _status,
}
