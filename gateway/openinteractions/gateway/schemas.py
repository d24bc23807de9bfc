"""JSON Schemas of messages, for the OpenAPI document.

A message is a component under its own name. A member of a union is one under the name
of the union and its word, such as `Step.user_input`, because there it has a word that
it has nowhere else.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from openinteractions.gateway import options
from openinteractions.gateway.describe import describe, words
from openinteractions.gateway.options import message_type
from openinteractions.gateway.schema import (
    Kind,
    Member,
    ObjectShape,
    Union,
    ValueShape,
)

Schema = dict[str, Any]

_SCALARS: dict[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.BYTES: {"type": "string", "contentEncoding": "base64"},
    Kind.RAW: {},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.NUMBER: {"type": "number"},
    Kind.TIME: {"type": "string", "format": "date-time"},
    Kind.STATUS: {
        "type": "object",
        "properties": {
            "code": {"type": "integer", "format": "int32"},
            "message": {"type": "string"},
        },
    },
}


class Schemas:
    """The components of a document, by name; grows as messages are asked for."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def message(self, descriptor: Descriptor) -> Schema:
        """Return a reference to the schema of a message."""
        if descriptor.name not in self.components:
            self.components[descriptor.name] = {}  # a type within itself finds this
            shape = describe(descriptor)
            if isinstance(shape, ValueShape):
                schema = self._value(shape)
            elif shape.union is not None:
                schema = self._union(shape, shape.union)
            else:
                schema = self._object(shape)
            self.components[descriptor.name] = schema
        return _reference(descriptor.name)

    def _object(self, shape: ObjectShape) -> Schema:
        schema: Schema = {
            "type": "object",
            "properties": {
                member.key: self._member(member) for member in shape.members
            },
        }
        required = [
            member.key for member in shape.members if options.is_required(member.field)
        ]
        return schema | ({"required": required} if required else {})

    def _union(self, shape: ObjectShape, union: Union) -> Schema:
        mapping = {
            tag: self._variant(shape, union, tag, field)
            for tag, field in union.tags.items()
        }
        variants = [{"$ref": reference} for reference in mapping.values()]
        if shape.open:
            return {"anyOf": [*variants, {"type": "object"}]}
        return {
            "oneOf": variants,
            "discriminator": {"propertyName": union.discriminator, "mapping": mapping},
        }

    def _variant(
        self, shape: ObjectShape, union: Union, tag: str, field: FieldDescriptor
    ) -> str:
        name = f"{shape.descriptor.name}.{tag}"
        own: Schema = {
            "type": "object",
            "properties": {
                union.discriminator: {"const": tag},
                **{member.key: self._member(member) for member in shape.members},
            },
            "required": [union.discriminator],
        }
        self.components[name] = {"allOf": [self.message(message_type(field)), own]}
        return str(_reference(name)["$ref"])

    def _value(self, shape: ValueShape) -> Schema:
        if shape.raw is not None:
            return {}
        forms: list[Schema] = []
        if shape.text is not None:
            forms.append(self._member(shape.text))
        if shape.object is not None:
            forms.append(self.message(message_type(shape.object)))
        forms.extend(self._member(form.items) for form in shape.lists)
        return {"anyOf": forms}

    def _member(self, member: Member) -> Schema:
        schema = self._single(member)
        if member.repeated:
            schema = {"type": "array", "items": schema}
        if options.is_output_only(member.field):
            schema = schema | {"readOnly": True}
        if options.is_input_only(member.field):
            schema = schema | {"writeOnly": True}
        return schema

    def _single(self, member: Member) -> Schema:
        if member.kind is Kind.MESSAGE:
            return self.message(message_type(member.field))
        if member.kind is Kind.ENUM:
            return {"type": "string", "enum": list(words(member).values())}
        if member.kind is Kind.INTEGER:
            text = member.proto_json and member.wide
            kind = "string" if text else "integer"
            return {"type": kind, "format": "int64" if member.wide else "int32"}
        if member.values is not None:
            values = self._single(member.values)
            return {"type": "object", "additionalProperties": values}
        if member.words:
            return {"type": "string", "examples": list(member.words.values())}
        return _SCALARS[member.kind]


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
