"""Adding up what several calls to a model have used."""

from __future__ import annotations

from google.protobuf.message import Message

from openinteractions.v1 import usage_pb2

_NAMES = ("modality", "type")


def total(first: usage_pb2.Usage, second: usage_pb2.Usage) -> usage_pb2.Usage:
    """Return the sum of two; entries of lists are added up by what they count."""
    whole = usage_pb2.Usage()
    whole.CopyFrom(first)
    _add(whole, second)
    return whole


def _add(into: Message, more: Message) -> None:
    for field, value in more.ListFields():
        name = field.name
        if field.is_repeated:
            for entry in value:
                _add(_entry(getattr(into, name), entry), entry)
        elif isinstance(value, int):
            setattr(into, name, getattr(into, name) + value)
        else:
            setattr(into, name, value)


def _entry(entries: list[Message], like: Message) -> Message:
    """Return the entry that counts the same, a new one if there is none."""
    for entry in entries:
        if all(
            getattr(entry, name, None) == getattr(like, name, None) for name in _NAMES
        ):
            return entry
    entries.add()  # type: ignore[attr-defined]
    return entries[-1]
