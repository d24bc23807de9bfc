"""Checks of messages from outside: what the other face refuses or mends in JSON.

Over gRPC a caller can fill members that are meant for what we do not know (`rest`, and
the raw member of a union), put text that is no JSON where JSON belongs, and send
numbers that no enum has or that are infinite. Known words are brought to their own
spelling in place. Checks are compiled, one closure for each message type; the member
at fault is named by its JSON path.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.message import Message

from openinteractions.core.errors import RequestError
from openinteractions.json.v1 import annotations_pb2

LONGEST_QUOTE = 100

_REAL = (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT)

Check = Callable[[Any], None]
"""Takes a field's value; raises `_Misfit`."""

Words = Mapping[str, str]
"""The spelling of each known word, by the word in lower case."""


class UnknownMemberError(RequestError):
    """The request has a member, or a kind of object, that is not known here."""


class _Misfit(Exception):  # noqa: N818 - never leaves this module
    """A value is refused; its path is collected while the checks unwind."""

    def __init__(
        self, say: Callable[[str], str], *segments: str, unknown: bool = False
    ) -> None:
        super().__init__()
        self.say = say
        self.unknown = unknown
        self.segments = list(segments)

    def as_error(self) -> RequestError:
        path = ""
        for segment in reversed(self.segments):
            path += segment if segment.startswith("[") or not path else f".{segment}"
        kind = UnknownMemberError if self.unknown else RequestError
        return kind(self.say(path), field=path)


class Checks:
    """The checks of all message types that were asked for.

    Args:
        passing: lets through, as JSON objects, what is not known here.
    """

    def __init__(self, *, passing: bool = False) -> None:
        self._passing = passing
        self._known: dict[str, Check] = {}

    def check(self, message: Message) -> None:
        """Check a message and spell its known words as the contract does.

        Raises:
            UnknownMemberError: the first that is refused is not known here.
            RequestError: a member is refused.
        """
        try:
            self.prepare(message.DESCRIPTOR)(message)
        except _Misfit as misfit:
            raise misfit.as_error() from None

    def prepare(self, descriptor: Any) -> Check:
        """Compile the check of a message type, given by its descriptor."""
        known, name = self._known, descriptor.full_name
        if name not in known:
            # A type within itself finds this, which looks for the real one later.
            known[name] = lambda message: known[name](message)  # noqa: PLW0108
            known[name] = _fields(
                {
                    field.number: check
                    for field in descriptor.fields
                    if (check := self._field(field)) is not None
                },
                {
                    field.number: words
                    for field in descriptor.fields
                    if (words := _words(field))
                },
            )
        return known[name]

    def _field(self, field: FieldDescriptor) -> Check | None:
        check = self._value(field)
        if check is None:
            return None
        if _is_map(field):
            check = _each_value(check)
        elif field.is_repeated:
            check = _each(check)
        return check if _nameless(field) else _named(field.name, check)

    def _value(self, field: FieldDescriptor) -> Check | None:
        """Return the check of one value, None when there is nothing to check."""
        if field.message_type is not None:
            if _is_map(field):
                return self._value(field.message_type.fields_by_name["value"])
            return self.prepare(field.message_type)
        if field.type in _REAL:
            return _finite
        if field.enum_type is not None:
            return _number(field.enum_type.values_by_number)
        check = _text(field)
        known = check is None or check is _json
        return check if known or not self._passing else _object


def _holder(field: FieldDescriptor) -> Descriptor:
    assert field.containing_type is not None  # noqa: S101 - only extensions have none
    return field.containing_type


def _is_map(field: FieldDescriptor) -> bool:
    kind = field.message_type
    return kind is not None and kind.GetOptions().map_entry


def _words(field: FieldDescriptor) -> Words:
    return {word.lower(): word for word in _option(field, annotations_pb2.words)}


def _text(field: FieldDescriptor) -> Check | None:
    """Return the check of a string that stands for more than itself."""
    is_open = _option(_holder(field), annotations_pb2.open)
    if _option(field, annotations_pb2.rest):
        return _json if is_open else _unknown_members
    if _option(field, annotations_pb2.raw):
        word = _discriminator(field.containing_oneof)
        return _unknown_kind(word) if word and not is_open else _json
    return None


def _fields(checks: Mapping[int, Check], vocabularies: Mapping[int, Words]) -> Check:
    def check_fields(message: Message) -> None:
        for field, value in message.ListFields():
            number = field.number
            if number in checks:
                checks[number](value)
            elif number in vocabularies:
                _spell(message, field, value, vocabularies[number])

    return check_fields


def _spell(message: Message, field: FieldDescriptor, value: Any, words: Words) -> None:
    """Bring known words in any case to their spelling; others stay as they are."""
    if field.is_repeated:
        for index, word in enumerate(value):
            value[index] = words.get(word.lower(), word)
    elif (spelt := words.get(value.lower(), value)) != value:
        setattr(message, field.name, spelt)


def _option(
    annotated: Descriptor | FieldDescriptor | OneofDescriptor, extension: Any
) -> Any:
    return annotated.GetOptions().Extensions[extension]


def _discriminator(oneof: OneofDescriptor | None) -> str:
    """Return the member that tells the members of a union apart; empty for others."""
    return str(_option(oneof, annotations_pb2.discriminator)) if oneof else ""


def _nameless(field: FieldDescriptor) -> bool:
    """Say whether a field is no member of the JSON object, but what it holds is."""
    oneof = field.containing_oneof
    if oneof is not None and (
        _discriminator(oneof) or _option(oneof, annotations_pb2.by_shape)
    ):
        return True
    stands_for_array = field.name == "items" and len(_holder(field).fields) == 1
    return bool(stands_for_array or _option(field, annotations_pb2.rest))


def _named(segment: str, check: Check) -> Check:
    def check_named(value: Any) -> None:
        try:
            check(value)
        except _Misfit as misfit:
            misfit.segments.append(segment)
            raise

    return check_named


def _each(check: Check) -> Check:
    def check_each(values: Sequence[Any]) -> None:
        for index, value in enumerate(values):
            try:
                check(value)
            except _Misfit as misfit:
                misfit.segments.append(f"[{index}]")
                raise

    return check_each


def _each_value(check: Check) -> Check:
    def check_each_value(values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            try:
                check(value)
            except _Misfit as misfit:
                misfit.segments.append(_clip(key))
                raise

    return check_each_value


def _finite(value: float) -> None:
    if not math.isfinite(value):
        raise _Misfit(lambda path: f"Invalid input at '{path}': not a finite number.")


def _number(known: Container[int]) -> Check:
    def check_number(value: int) -> None:
        if value not in known:
            raise _Misfit(lambda path: f"Invalid input at '{path}': no value {value}.")

    return check_number


def _json(text: str) -> None:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _Misfit(lambda path: f"Invalid input at '{path}': not JSON.") from None


def _object(text: str) -> None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise _Misfit(lambda path: f"Invalid input at '{path}': not a JSON object.")


def _unknown_members(text: str) -> None:
    """Refuse members that we do not know; the first is named."""
    names = list(_members(text)) or ["rest"]
    raise _Misfit(
        lambda path: f"Unknown parameter '{path}'.", _clip(names[0]), unknown=True
    )


def _unknown_kind(discriminator: str) -> Check:
    """Return a check that refuses an object of a kind that we do not know."""

    def refuse(text: str) -> None:
        word = _clip(str(_members(text).get(discriminator, "")))
        raise _Misfit(
            lambda path: f"The value '{word}' is not supported for '{path}'.",
            discriminator,
            unknown=True,
        )

    return refuse


def _members(text: str) -> dict[str, Any]:
    try:
        members = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return members if isinstance(members, dict) else {}


def _clip(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
