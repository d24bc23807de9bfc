"""Bytes of media that are kept beside their message, with a reference in their place.

A reference stands in `data` itself, so that no member of the API has to be spent for
it: a mark, and the digest and size of the bytes. Data of a sender that looks like one
is replaced as well, and comes back as it was sent, so nobody can forge one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from google.protobuf.message import Message

from openinteractions.core.media import KINDS, Medium
from openinteractions.v1 import content_pb2, step_pb2

MessageT = TypeVar("MessageT", bound=Message)

INLINE_BYTES = 64 * 1024
"""The most bytes of a medium that stay within its message (design §5). So messages
that have no more than this many bytes have nothing for `detached`."""

_MARK = b"\x00openinteractions attached\x00"
_DIGEST_BYTES = 32
_SIZE_BYTES = 8
_REFERENCE_BYTES = len(_MARK) + _DIGEST_BYTES + _SIZE_BYTES

_MEDIA = (
    content_pb2.ImageContent,
    content_pb2.AudioContent,
    content_pb2.VideoContent,
    content_pb2.DocumentContent,
)


class Reference(NamedTuple):
    """Where the bytes of a medium are."""

    name: str
    """What they are called: their SHA-256 in hexadecimal digits."""
    size: int


def detached(message: MessageT, into: dict[str, bytes]) -> MessageT:
    """Return a message with references in the place of large data.

    The data goes into `into`, by name. Without any, the message itself is returned; it
    is never changed. Takes time for each byte of data.
    """
    if not any(_is_kept_apart(medium.data) for medium in _media(message)):
        return message
    copy = type(message)()
    _copy(message, copy, into)
    return copy


def references(message: Message) -> Iterator[tuple[Medium, Reference]]:
    """Yield the media of a message that have references, each with its own.

    Only for a message that `detached` has made: others have none, whatever it looks
    like.
    """
    for medium in _media(message):
        if medium.data.startswith(_MARK) and len(medium.data) == _REFERENCE_BYTES:
            digest = medium.data[len(_MARK) : -_SIZE_BYTES]
            size = int.from_bytes(medium.data[-_SIZE_BYTES:])
            yield medium, Reference(digest.hex(), size)


def drop_thoughts(steps: Iterable[step_pb2.Step]) -> None:
    """Remove media with references from thoughts: no model is shown them."""
    for step in steps:
        if step.HasField("thought"):
            summary = step.thought.summary
            for index in reversed(range(len(summary))):
                if any(references(summary[index])):
                    del summary[index]


def _is_kept_apart(data: bytes) -> bool:
    return len(data) > INLINE_BYTES or data.startswith(_MARK)


def _reference(data: bytes, into: dict[str, bytes]) -> bytes:
    digest = hashlib.sha256(data)
    into[digest.hexdigest()] = data
    return _MARK + digest.digest() + len(data).to_bytes(_SIZE_BYTES)


def _is_worth_a_look(message: Message) -> bool:
    """Say whether a message may have data that is, or is to be, kept apart; quick.

    To be asked for their size, messages are serialized, so media are not asked.
    """
    if isinstance(message, content_pb2.Content):
        return message.WhichOneof("kind") in KINDS
    if isinstance(message, _MEDIA):
        return True
    return message.ByteSize() > INLINE_BYTES or _MARK in message.SerializeToString()


def _media(message: Message) -> Iterator[Any]:
    """Yield the media in a message that are worth a look, wherever they stand."""
    if not _is_worth_a_look(message):
        return
    if isinstance(message, _MEDIA):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None or _is_map(field):
            continue
        for inner in value if field.is_repeated else (value,):
            yield from _media(inner)


def _copy(source: Any, target: Any, into: dict[str, bytes]) -> None:
    """Copy a message but for large data, without ever having that twice."""
    if not _is_worth_a_look(source):
        target.CopyFrom(source)
        return
    for field, value in source.ListFields():
        name = field.name
        if _is_map(field):
            getattr(target, name).MergeFrom(value)
        elif field.is_repeated and field.message_type is not None:
            items = getattr(target, name)
            for item in value:
                _copy(item, items.add(), into)
        elif field.is_repeated:
            getattr(target, name).extend(value)
        elif field.message_type is not None:
            inner = getattr(target, name)
            inner.SetInParent()
            _copy(value, inner, into)
        elif name == "data" and isinstance(source, _MEDIA) and _is_kept_apart(value):
            target.data = _reference(value, into)
        else:
            setattr(target, name, value)


def _is_map(field: Any) -> bool:
    inner = field.message_type
    return inner is not None and inner.GetOptions().map_entry
