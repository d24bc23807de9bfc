"""Decoding what was encoded, and encoding what was decoded, changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openinteractions.gateway.codec import Codec
from openinteractions.gateway.describe import describe
from openinteractions.gateway.options import descriptor, message_type
from openinteractions.gateway.schema import Kind, Member, ObjectShape, ValueShape
from openinteractions.v1.event_pb2 import InteractionEvent
from openinteractions.v1.interaction_pb2 import Interaction
from openinteractions.v1.interaction_service_pb2 import CreateInteractionRequest

FIXTURES = Path(__file__).parents[1] / "fixtures" / "contract"
CODEC = Codec(
    decoded=[CreateInteractionRequest], encoded=[Interaction, InteractionEvent]
)

# Members that come back otherwise, and why.
CHANGED = {
    "steps_get_empty_steps": "an empty list is no list",
    "steps_stream_all_tool_deltas": "an empty list is no list",
    "steps_stream_google_search": "an empty list is no list",
    "steps_unary_failed": "an empty list is no list",
    "steps_unary_nulls": "a null is an absent member",
}

# Replies that show what goes wrong when a server deviates.
DEVIANT = {
    "steps_stream_delta_missing_type",
    "steps_stream_json_response",
    "steps_stream_missing_event_type",
    "steps_unary_sse_response",
}


def replies() -> list[Any]:
    found: list[Any] = []
    for family in ("steps", "both", "cont", "req", "err"):
        for path in sorted(FIXTURES.glob(f"{family}_*.json")):
            case = json.loads(path.read_text("utf-8"))
            if case["name"] in DEVIANT:
                continue
            for reply in case.get("responses") or [case["response"]]:
                if reply.get("status", 200) != 200:
                    continue
                if "status" in reply.get("json", ()):
                    found.append((case["name"], Interaction, reply["json"]))
                found.extend(
                    (case["name"], InteractionEvent, block["data"])
                    for block in reply.get("sse", ())
                    if isinstance(block.get("data"), dict)
                )
    assert len(found) > 200
    return [pytest.param(*one, id=f"{n}-{one[0]}") for n, one in enumerate(found)]


@pytest.mark.parametrize(("name", "message_class", "value"), replies())
def test_a_reply_of_the_contract_comes_back_as_it_was(
    name: str, message_class: type[Message], value: Any
) -> None:
    message = CODEC.decode(message_class, value, strict=False)
    written = orjson.loads(orjson.dumps(CODEC.encode(message)))

    if name in CHANGED:
        value = without(value, [None] if "null" in CHANGED[name] else [[]], written)
    assert written == value


def without(value: Any, dropped: list[Any], written: Any) -> Any:
    """Leave out members that are `dropped`, where `written` has them not."""
    if isinstance(value, dict):
        return {
            key: without(item, dropped, written.get(key))
            for key, item in value.items()
            if item not in dropped or key in written
        }
    if isinstance(value, list):
        return [
            without(*pair)
            for pair in zip(value, [dropped] * len(value), written, strict=True)
        ]
    return value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)
json_text = json_values.map(lambda value: orjson.dumps(value).decode())
SCALARS: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.text(max_size=8),
    Kind.BYTES: st.binary(max_size=8),
    Kind.RAW: json_text.filter(lambda text: text != "null"),
    Kind.BOOLEAN: st.booleans(),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
}
FREE_OBJECT = st.dictionaries(
    st.text(min_size=1).map("x-".__add__), json_values.filter(lambda v: v is not None),
    min_size=1, max_size=2,
)  # fmt: skip


def messages(of: Descriptor, *, rest: bool) -> st.SearchStrategy[Message]:
    """Messages that JSON can say: with `rest` those that a lenient reader makes."""
    shape = describe(of)
    fill: Callable[[Any], Message]
    if isinstance(shape, ValueShape):
        fill = _value(shape, rest=rest)
    else:
        fill = _object(shape, rest=rest)
    return st.composite(fill)()


def _value(shape: ValueShape, *, rest: bool) -> Callable[[Any], Message]:
    def make(draw: Any) -> Message:
        made = GetMessageClass(shape.descriptor)()
        forms: list[Any] = [*shape.lists]
        forms += [form for form in (shape.text, shape.object) if form is not None]
        form = draw(st.sampled_from(forms))
        if isinstance(form, Member):
            setattr(made, form.name, draw(_single(form, rest=rest)))
        elif isinstance(form, FieldDescriptor):
            inner = messages(message_type(form), rest=rest)
            getattr(made, form.name).CopyFrom(draw(inner))
        else:
            items = getattr(made, form.field.name)
            items.SetInParent()
            least = 1  # what an empty array is, is not the message's to say
            found = draw(st.lists(_single(form.items, rest=False), min_size=least))
            items.items.extend(found)
        return made

    return make


def _object(shape: ObjectShape, *, rest: bool) -> Callable[[Any], Message]:
    def make(draw: Any) -> Message:
        made = GetMessageClass(shape.descriptor)()
        members = shape.members
        if shape.union is not None:
            field = draw(st.sampled_from(sorted(shape.union.tags.values(), key=str)))
            inner = messages(message_type(field), rest=rest)
            chosen = getattr(made, field.name)
            chosen.CopyFrom(draw(inner))
            chosen.SetInParent()
        some = draw(st.lists(st.sampled_from(members), max_size=3)) if members else ()
        for member in some:
            made.ClearField(member.name)
            _set(draw, made, member, rest=rest)
        if shape.rest is not None and (rest or shape.open) and draw(st.booleans()):
            setattr(made, shape.rest.name, orjson.dumps(draw(FREE_OBJECT)).decode())
        return made

    return make


def _set(draw: Any, made: Message, member: Member, *, rest: bool) -> None:
    one = _single(member, rest=rest)
    if member.repeated:
        getattr(made, member.name).extend(draw(st.lists(one, max_size=2)))
    elif member.values is not None:
        for key in draw(st.lists(st.text(max_size=4), max_size=2)):
            entries = getattr(made, member.name)
            value = draw(_single(member.values, rest=rest))
            if member.values.kind is Kind.MESSAGE:
                entries[key].CopyFrom(value)
            else:
                entries[key] = value
    elif member.kind is Kind.MESSAGE:
        getattr(made, member.name).CopyFrom(draw(one))
    elif member.kind is Kind.TIME:
        getattr(made, member.name).seconds = draw(st.integers(0, 1 << 34))
    else:
        setattr(made, member.name, draw(one))


def _single(member: Member, *, rest: bool) -> st.SearchStrategy[Any]:
    if member.kind is Kind.MESSAGE:
        return messages(message_type(member.field), rest=rest)
    if member.words:
        return st.sampled_from(list(member.words.values()))
    if member.kind is Kind.ENUM:
        return st.integers(1, 9)
    if member.kind is Kind.INTEGER:
        bits = 63 if member.field.type == FieldDescriptor.TYPE_INT64 else 31
        return st.integers(-(1 << bits), (1 << bits) - 1)
    return SCALARS.get(member.kind, st.nothing())


CALM = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def assert_same(message: Message, *, strict: bool) -> None:
    written = orjson.dumps(CODEC.encode(message))
    assert b"\n" not in written

    read = CODEC.decode(type(message), orjson.loads(written), strict=strict)

    assert read == message


@CALM
@given(messages(descriptor(CreateInteractionRequest), rest=False))
def test_a_request_is_decoded_to_what_was_encoded(message: Message) -> None:
    assert_same(message, strict=True)


@CALM
@given(messages(descriptor(Interaction), rest=True))
def test_an_interaction_is_decoded_to_what_was_encoded(message: Message) -> None:
    assert_same(message, strict=False)


@CALM
@given(messages(descriptor(InteractionEvent), rest=True))
def test_an_event_is_decoded_to_what_was_encoded(message: Message) -> None:
    assert_same(message, strict=False)
