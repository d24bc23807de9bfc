"""JSON values to messages: one closure for each message type, made at start-up.

A closure takes a message and the JSON value that is to fill it. Strict ones are for
requests: what no field claims is refused. Lenient ones collect it in the `rest` of its
object, where the encoder finds it again, and so they do with what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from openinteractions.gateway import setters
from openinteractions.gateway.describe import describe
from openinteractions.gateway.errors import misfit, missing_member, unknown_word
from openinteractions.gateway.lists import chooser
from openinteractions.gateway.options import message_type
from openinteractions.gateway.scalars import COPIED, converter, raw
from openinteractions.gateway.schema import (
    Kind,
    Member,
    ObjectShape,
    Union,
    ValueShape,
)
from openinteractions.gateway.setters import Fill


class Decoder:
    """The closures of all message types that were asked for."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._fills: dict[str, Fill] = {}

    def fill(self, descriptor: Descriptor) -> Fill:
        """Return the closure that fills messages of this type.

        It raises a `DecodeError` for a value that does not fit.

        Raises:
            SchemaError: the type, or one within it, has no JSON form.
        """
        name = descriptor.full_name
        if name not in self._fills:
            self._fills[name] = self._later(name)
            shape = describe(descriptor)
            if isinstance(shape, ValueShape):
                self._fills[name] = self._value(shape)
            elif shape.union is not None:
                self._fills[name] = self._union(shape, shape.union)
            else:
                self._fills[name] = self._object(shape)
        return self._fills[name]

    def _later(self, name: str) -> Fill:
        """Return what a type within itself finds while it is being compiled."""

        def fill(message: Message, value: Any) -> bool | None:
            return self._fills[name](message, value)

        return fill

    def _object(
        self, shape: ObjectShape, *, others: frozenset[str] = frozenset()
    ) -> Fill:
        """Fill from an object in which the members `others` are not its own."""
        found: dict[str, Fill] = dict.fromkeys(others, setters.leave)
        found |= {member.key: self._setter(member) for member in shape.members}
        aliases = {alias: m.key for m in shape.members for alias in m.aliases}
        if self._strict and not shape.open:
            return setters.refusing(found, aliases)
        rest = shape.rest.name if shape.rest else None
        if not self._strict and rest is not None:
            for member in shape.members:
                setter = found[member.key]
                found[member.key] = setters.tolerant(member.name, setter)
        return setters.collecting(found, aliases, rest)

    def _union(self, shape: ObjectShape, union: Union) -> Fill:
        choose = self._variant(shape, union)
        fill_beside = setters.beside(
            [(member.key, self._setter(member)) for member in shape.members]
        )

        def fill_union(message: Message, value: Any) -> None:
            if type(value) is not dict:
                raise misfit("an object")
            name, fill = choose(value)
            if fill is None:
                setattr(message, name, raw(value))
            else:
                chosen = getattr(message, name)
                chosen.SetInParent()
                fill(chosen, value)
            fill_beside(message, value)

        return fill_union

    def _variant(
        self, shape: ObjectShape, union: Union
    ) -> Callable[[dict[str, Any]], tuple[str, Fill | None]]:
        """Return what picks the field of a union, and how to fill it.

        Nothing fills a field that takes the whole object as text.
        """
        discriminator = union.discriminator
        others = frozenset({discriminator, *(member.key for member in shape.members)})
        variants: dict[str, tuple[str, Fill | None]] = {}
        for tag, field in union.tags.items():
            inner = describe(message_type(field))
            assert isinstance(inner, ObjectShape)  # noqa: S101 - `describe` saw to it
            fill = self._object(inner, others=others)
            variants[tag] = variants[tag.lower()] = (field.name, fill)
        whole = None
        if union.fallback is not None and (shape.open or not self._strict):
            whole = (union.fallback.name, None)

        def choose(value: dict[str, Any]) -> tuple[str, Fill | None]:
            word = value.get(discriminator)
            if type(word) is str:
                found = variants.get(word) or variants.get(word.lower()) or whole
                if found is None:
                    raise unknown_word(word, union.tags).under(discriminator)
                return found
            if whole is not None:
                return whole
            if word is None:
                raise missing_member().under(discriminator)
            raise misfit("a string").under(discriminator)

        return choose

    def _value(self, shape: ValueShape) -> Fill:
        fills: dict[type, Fill] = {}
        if shape.text is not None:
            # No word is refused here, so there is nothing to keep.
            fills[str] = setters.scalar(shape.text.name, converter(shape.text))
        if shape.object is not None:
            inner = self.fill(message_type(shape.object))
            fills[dict] = setters.nested(shape.object.name, inner)
        fill_other = _other(shape)
        if shape.lists:
            fills[list] = self._lists(shape, fill_other)

        def fill_value(message: Message, value: Any) -> None:
            fills.get(type(value), fill_other)(message, value)

        return fill_value

    def _lists(self, shape: ValueShape, fill_other: Fill) -> Fill:
        fills = {
            form.field.name: setters.nested(form.field.name, self._setter(form.items))
            for form in shape.lists
        }
        choose = chooser(shape, strict=self._strict)

        def fill_list(message: Message, value: Any) -> None:
            name = choose(value)
            fill = fill_other if name is None else fills[name]
            fill(message, value)

        return fill_list

    def _setter(self, member: Member) -> Fill:
        if member.values is not None:
            if member.values.kind is Kind.MESSAGE:
                fill = self.fill(message_type(member.values.field))
                return setters.nested_mapping(member.name, fill)
            return setters.mapping(member.name)
        if member.kind is Kind.MESSAGE:
            fill = self.fill(message_type(member.field))
            if member.repeated:
                return setters.nested_list(member.name, fill)
            return setters.nested(member.name, fill)
        if member.kind in COPIED:
            return setters.copied(member.name, COPIED[member.kind])
        return self._scalar(member)

    def _scalar(self, member: Member) -> Fill:
        convert = converter(member)
        if member.repeated:
            return setters.scalars(member.name, convert)
        if member.kind is Kind.ENUM and not self._strict:
            return setters.keeping(member.name, convert)
        return setters.scalar(member.name, convert)


def _other(shape: ValueShape) -> Fill:
    """Fill from a value of a JSON type that has no member of its own."""
    if shape.raw is not None:
        return setters.scalar(shape.raw.name, raw)
    forms = [
        *(["a string"] if shape.text else []),
        *(["an object"] if shape.object else []),
        *(["an array"] if shape.lists else []),
    ]

    def refuse(_message: Message, _value: Any) -> None:
        raise misfit(" or ".join(forms))

    return refuse
