"""Reads the JSON form of messages from their descriptors and annotations.

What the annotations cannot mean is a `SchemaError`, raised here and so at start-up,
never when a request arrives.
"""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from openinteractions.gateway import options
from openinteractions.gateway.options import message_type
from openinteractions.gateway.schema import (
    Kind,
    ListForm,
    Member,
    ObjectShape,
    SchemaError,
    Shape,
    Union,
    ValueShape,
)

_KINDS = {
    FieldDescriptor.TYPE_STRING: Kind.TEXT,
    FieldDescriptor.TYPE_BYTES: Kind.BYTES,
    FieldDescriptor.TYPE_BOOL: Kind.BOOLEAN,
    FieldDescriptor.TYPE_INT32: Kind.INTEGER,
    FieldDescriptor.TYPE_INT64: Kind.INTEGER,
    FieldDescriptor.TYPE_DOUBLE: Kind.NUMBER,
    FieldDescriptor.TYPE_ENUM: Kind.ENUM,
    FieldDescriptor.TYPE_MESSAGE: Kind.MESSAGE,
}


_MAP_VALUES = (Kind.TEXT, Kind.MESSAGE)


def describe(descriptor: Descriptor) -> Shape:
    """Return the JSON form of a message.

    Raises:
        SchemaError: it has none.
    """
    unions = [oneof for oneof in descriptor.oneofs if not _is_optional(oneof.fields)]
    if not unions:
        return _object(descriptor, None, descriptor.fields)
    if options.is_proto_json(descriptor):
        raise SchemaError(f"{descriptor.full_name}: a union in ProtoJSON")
    if len(unions) > 1:
        raise SchemaError(f"{descriptor.full_name}: more than one union")
    oneof = unions[0]
    if options.is_by_shape(oneof):
        return _value(descriptor)
    if not options.discriminator(oneof):
        raise SchemaError(f"{oneof.full_name}: neither discriminator nor by_shape")
    plain = [field for field in descriptor.fields if field not in oneof.fields]
    union = _union(options.discriminator(oneof), oneof.fields)
    return _object(descriptor, union, plain)


def words(member: Member) -> dict[int, str]:
    """Return the JSON word of each value of an enum, except the unspecified one.

    Raises:
        SchemaError: two values have one word.
    """
    enum = options.enum_type(member.field)
    found = options.enum_words(enum)
    _distinct(enum.full_name, found.values())
    if member.proto_json:
        return {number: word.upper() for number, word in found.items()}
    return found


def _object(
    descriptor: Descriptor, union: Union | None, fields: Iterable[FieldDescriptor]
) -> ObjectShape:
    rests = [field for field in fields if options.is_rest(field)]
    if len(rests) > 1:
        raise SchemaError(f"{descriptor.full_name}: more than one rest")
    members = tuple(_member(field) for field in fields if field not in rests)
    own = [key for member in members for key in (member.key, *member.aliases)]
    _distinct(descriptor.full_name, own)
    if union is not None:
        for field in union.tags.values():
            _distinct(field.full_name, [union.discriminator, *own, *_keys(field)])
    return ObjectShape(
        descriptor=descriptor,
        members=members,
        rest=rests[0] if rests else None,
        union=union,
        open=options.is_open(descriptor),
    )


def _union(discriminator: str, fields: Iterable[FieldDescriptor]) -> Union:
    tags: dict[str, FieldDescriptor] = {}
    fallback = None
    for field in fields:
        if options.is_raw(field):
            if fallback is not None:
                raise SchemaError(f"{field.full_name}: a second member for the rest")
            fallback = field
        elif field.type != FieldDescriptor.TYPE_MESSAGE:
            raise SchemaError(f"{field.full_name}: neither a message nor raw")
        else:
            tag = options.tag(field)
            if tags.setdefault(tag, field) is not field:
                raise SchemaError(f"{field.full_name}: another member has its tag")
    return Union(discriminator, tags, fallback)


def _keys(field: FieldDescriptor) -> list[str]:
    shape = describe(message_type(field))
    if isinstance(shape, ValueShape) or shape.union is not None:
        raise SchemaError(f"{field.full_name}: only plain objects can be flattened")
    return [key for member in shape.members for key in (member.key, *member.aliases)]


def _value(descriptor: Descriptor) -> ValueShape:
    forms = _Forms()
    for field in descriptor.fields:
        if _is_optional([field]) or field.containing_oneof is None:
            raise SchemaError(f"{field.full_name}: a member beside a value")
        forms.add(field)
    for alike in (forms.text, forms.objects, forms.raws):
        if len(alike) > 1:
            raise SchemaError(f"{alike[1].full_name}: another member has its shape")
    if len(forms.lists) > 1:
        _distinct(
            descriptor.full_name, [tag for one in forms.lists for tag in one.tags]
        )
        if not all(one.tags for one in forms.lists):
            raise SchemaError(f"{descriptor.full_name}: lists that look alike")
    return ValueShape(
        descriptor=descriptor,
        text=_member(forms.text[0]) if forms.text else None,
        object=forms.objects[0] if forms.objects else None,
        lists=tuple(forms.lists),
        raw=forms.raws[0] if forms.raws else None,
    )


class _Forms:
    """The members of a value, by the JSON type that selects them."""

    def __init__(self) -> None:
        self.text: list[FieldDescriptor] = []
        self.objects: list[FieldDescriptor] = []
        self.lists: list[ListForm] = []
        self.raws: list[FieldDescriptor] = []

    def add(self, field: FieldDescriptor) -> None:
        if options.is_raw(field):
            self.raws.append(field)
        elif field.type == FieldDescriptor.TYPE_STRING:
            self.text.append(field)
        elif field.type != FieldDescriptor.TYPE_MESSAGE:
            raise SchemaError(f"{field.full_name}: no shape tells it apart")
        elif list(message_type(field).fields_by_name) == ["items"]:
            self.lists.append(_list_form(field))
        else:
            self.objects.append(field)


def _list_form(field: FieldDescriptor) -> ListForm:
    items = _member(message_type(field).fields_by_name["items"])
    if not items.repeated:
        raise SchemaError(f"{items.field.full_name}: a list is repeated")
    if items.kind is Kind.MESSAGE:
        shape = describe(message_type(items.field))
        if isinstance(shape, ObjectShape) and shape.union is not None:
            union = shape.union
            return ListForm(field, items, union.discriminator, tuple(union.tags))
    return ListForm(field, items, None, ())


def _member(field: FieldDescriptor) -> Member:
    kind = _KINDS.get(field.type)
    if kind is None:
        raise SchemaError(f"{field.full_name}: a type without a JSON form")
    proto_json = options.is_proto_json(options.holder(field))
    aliases = options.aliases(field)
    if proto_json and field.json_name != field.name:
        aliases += (field.name,)
    known = options.words(field)
    if (known or options.is_raw(field)) and kind is not Kind.TEXT:
        raise SchemaError(f"{field.full_name}: words or raw on what is no string")
    if options.is_raw(field):
        return Member(field, Kind.RAW, aliases, proto_json=proto_json)
    if kind is Kind.MESSAGE:
        kind = _message_kind(field)
    if kind is Kind.MAP:
        values = _values(field)
        return Member(field, kind, aliases, values=values, proto_json=proto_json)
    _distinct(field.full_name, [spelling.lower() for spelling in known])
    folded = {spelling.lower(): spelling for spelling in known}
    return Member(field, kind, aliases, folded or None, proto_json=proto_json)


def _message_kind(field: FieldDescriptor) -> Kind:
    name = message_type(field).full_name
    if message_type(field).GetOptions().map_entry:
        return Kind.MAP
    if name == "google.protobuf.Timestamp":
        return Kind.TIME
    if name == "google.rpc.Status":
        return Kind.STATUS
    if name.startswith("google.") and name != "google.protobuf.Empty":
        raise SchemaError(f"{field.full_name}: a type without a JSON form")
    return Kind.MESSAGE


def _values(field: FieldDescriptor) -> Member:
    """Return what the values of a map are; its keys have to be strings."""
    entry = message_type(field).fields_by_name
    values = _member(entry["value"])
    if (
        entry["key"].type != FieldDescriptor.TYPE_STRING
        or values.kind not in _MAP_VALUES
    ):
        raise SchemaError(f"{field.full_name}: a map of other than strings or messages")
    return values


def _is_optional(fields: Iterable[FieldDescriptor]) -> bool:
    # `optional` is a oneof of one field whose name begins with an underscore, which
    # a oneof in a proto file may not.
    return all(
        field.containing_oneof is not None
        and field.containing_oneof.name == f"_{field.name}"
        for field in fields
    )


def _distinct(where: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SchemaError(f"{where}: {name!r} stands for two things")
        seen.add(name)
