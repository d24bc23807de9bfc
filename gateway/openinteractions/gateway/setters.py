"""The pieces of decoders: closures that set one member, or all members of an object.

None of them looks at a descriptor; `decoder` puts them together. Each adds to a
`DecodeError` that passes through where it happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from google.protobuf.message import Message

from openinteractions.gateway.errors import (
    DecodeError,
    misfit,
    named_twice,
    unknown_member,
)

Fill = Callable[[Message, Any], bool | None]
"""Fills a message, or sets one member of it, from a JSON value.

True says that it could not, and that the `rest` of the object is to keep the value.
"""


def refusing(setters: Mapping[str, Fill], aliases: Mapping[str, str]) -> Fill:
    """Fill from an object whose members are all known."""

    def fill(message: Message, value: Any) -> None:
        if type(value) is not dict:
            raise misfit("an object")
        key = ""
        try:
            for key, member in value.items():
                if member is None:
                    continue
                setter = setters.get(key)
                if setter is None:
                    setter = _by_alias(setters, aliases, key, value)
                    if setter is None:
                        raise unknown_member()
                setter(message, member)
        except DecodeError as error:
            raise error.under(key) from None

    return fill


def collecting(
    setters: Mapping[str, Fill], aliases: Mapping[str, str], rest: str | None
) -> Fill:
    """Fill from an object; what no setter claims goes to the field `rest`, if any."""

    def fill(message: Message, value: Any) -> None:
        if type(value) is not dict:
            raise misfit("an object")
        unclaimed = {}
        key = ""
        try:
            for key, member in value.items():
                if member is None:
                    continue
                setter = setters.get(key) or _by_alias(setters, aliases, key, value)
                if setter is None or setter(message, member):
                    unclaimed[key] = member
        except DecodeError as error:
            raise error.under(key) from None
        if unclaimed and rest is not None:
            setattr(message, rest, orjson.dumps(unclaimed).decode())

    return fill


def _by_alias(
    setters: Mapping[str, Fill],
    aliases: Mapping[str, str],
    key: str,
    value: Mapping[str, Any],
) -> Fill | None:
    name = aliases.get(key)
    if name is None:
        return None
    if value.get(name) is not None:
        raise named_twice(name)
    return setters[name]


def tolerant(name: str, setter: Fill) -> Fill:
    """Set a field, unless its JSON value does not fit: then the `rest` keeps it."""

    def set_or_leave(message: Message, value: Any) -> bool | None:
        try:
            return setter(message, value)
        except DecodeError:
            message.ClearField(name)
            return True

    return set_or_leave


def leave(_message: Message, _value: Any) -> None:
    """Leave a member alone: somebody else sets it."""


def beside(members: list[tuple[str, Fill]]) -> Fill:
    """Set the members that stand beside a union in one object."""

    def fill(message: Message, value: Any) -> None:
        for key, setter in members:
            member = value.get(key)
            if member is not None:
                try:
                    setter(message, member)
                except DecodeError as error:
                    raise error.under(key) from None

    return fill


def scalar(name: str, convert: Callable[[Any], Any]) -> Fill:
    """Set a field to what its JSON value converts to."""

    def set_scalar(message: Message, value: Any) -> None:
        setattr(message, name, convert(value))

    return set_scalar


def keeping(name: str, convert: Callable[[Any], Any]) -> Fill:
    """Set a field, unless its JSON value does not convert."""

    def set_word(message: Message, value: Any) -> bool:
        try:
            setattr(message, name, convert(value))
        except DecodeError:
            return True
        return False

    return set_word


def scalars(name: str, convert: Callable[[Any], Any]) -> Fill:
    """Set a repeated field of scalars."""

    def set_list(message: Message, value: Any) -> None:
        if type(value) is not list:
            raise misfit("an array")
        items = getattr(message, name)
        for index, item in enumerate(value):
            if item is not None:
                try:
                    items.append(convert(item))
                except DecodeError as error:
                    raise error.under(index) from None

    return set_list


def nested(name: str, fill: Fill) -> Fill:
    """Set a field that is a message."""

    def set_message(message: Message, value: Any) -> None:
        inner = getattr(message, name)
        inner.SetInParent()
        fill(inner, value)

    return set_message


def nested_list(name: str, fill: Fill) -> Fill:
    """Set a repeated field of messages."""

    def set_messages(message: Message, value: Any) -> None:
        if type(value) is not list:
            raise misfit("an array")
        add = getattr(message, name).add
        for index, item in enumerate(value):
            if item is not None:
                try:
                    fill(add(), item)
                except DecodeError as error:
                    raise error.under(index) from None

    return set_messages


def copied(name: str, convert: Callable[[Any], Message]) -> Fill:
    """Set a field to the message that its JSON value converts to."""

    def set_copy(message: Message, value: Any) -> None:
        getattr(message, name).CopyFrom(convert(value))

    return set_copy


def nested_mapping(name: str, fill: Fill) -> Fill:
    """Set a map of messages."""

    def set_map(message: Message, value: Any) -> None:
        if type(value) is not dict:
            raise misfit("an object")
        entries = getattr(message, name)
        for key, item in value.items():
            if item is not None:
                try:
                    fill(entries[key], item)
                except DecodeError as error:
                    raise error.under(key) from None

    return set_map


def mapping(name: str) -> Fill:
    """Set a map of strings."""

    def set_map(message: Message, value: Any) -> None:
        if type(value) is not dict:
            raise misfit("an object")
        entries = getattr(message, name)
        for key, item in value.items():
            if item is not None:
                if type(item) is not str:
                    raise misfit("a string").under(key)
                entries[key] = item

    return set_map
