"""What the JSON form of a message is made of.

`describe` reads these shapes from descriptors and annotations; the encoder, the decoder
and the OpenAPI document are made from them. Shapes hold descriptors, never messages.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor


class SchemaError(Exception):
    """A descriptor has no JSON form; the message says which and why."""


class Kind(enum.Enum):
    """What the JSON value of one member is."""

    TEXT = enum.auto()
    BYTES = enum.auto()
    RAW = enum.auto()
    BOOLEAN = enum.auto()
    INTEGER = enum.auto()
    NUMBER = enum.auto()
    ENUM = enum.auto()
    TIME = enum.auto()
    STATUS = enum.auto()
    """Of `google.rpc.Status`, without its details."""
    MAP = enum.auto()
    MESSAGE = enum.auto()


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a JSON object and the field that holds it."""

    field: FieldDescriptor
    kind: Kind
    aliases: tuple[str, ...] = ()
    words: Mapping[str, str] | None = None
    """Of an open vocabulary: folded spelling to word."""
    values: Member | None = None
    """Of a map: what its values are."""
    proto_json: bool = False
    """Whether it is written as ProtoJSON writes it."""

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.field.name

    @property
    def key(self) -> str:
        """The name of the JSON member."""
        return str(self.field.json_name) if self.proto_json else self.field.name

    @property
    def wide(self) -> bool:
        """Whether the field is an integer of 64 bits."""
        return bool(self.field.type == FieldDescriptor.TYPE_INT64)

    @property
    def repeated(self) -> bool:
        """Whether the value is a JSON array."""
        return self.field.is_repeated and self.kind is not Kind.MAP


@dataclass(frozen=True, slots=True)
class Union:
    """Objects told apart by a word; the chosen one is flattened into the holder."""

    discriminator: str
    tags: Mapping[str, FieldDescriptor]
    fallback: FieldDescriptor | None
    """Holds the whole object, as JSON text, for a word that is no tag."""


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """A message that is a JSON object."""

    descriptor: Descriptor
    members: tuple[Member, ...]
    rest: FieldDescriptor | None
    union: Union | None
    open: bool
    """Whether members and words that are not known are let through in requests."""


@dataclass(frozen=True, slots=True)
class ListForm:
    """A message that stands for a JSON array: one repeated field, `items`."""

    field: FieldDescriptor
    items: Member
    discriminator: str | None
    tags: tuple[str, ...]
    """The words that tell its elements apart; none if they are not told apart."""


@dataclass(frozen=True, slots=True)
class ValueShape:
    """A message that is written as the value it holds; the JSON type selects it."""

    descriptor: Descriptor
    text: Member | None
    object: FieldDescriptor | None
    lists: tuple[ListForm, ...]
    raw: FieldDescriptor | None


Shape = ObjectShape | ValueShape
