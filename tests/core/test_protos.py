"""The protos say of every member whether a request has to have it."""

from __future__ import annotations

from collections.abc import Iterator

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from openinteractions.json.v1 import annotations_pb2
from openinteractions.v1 import file_service_pb2, interaction_service_pb2

SERVICES = (
    interaction_service_pb2.DESCRIPTOR.services_by_name["InteractionService"],
    file_service_pb2.DESCRIPTOR.services_by_name["FileService"],
)


def messages() -> Iterator[Descriptor]:
    """Every message of ours that the services take or return."""
    waiting = [
        kind
        for service in SERVICES
        for rpc in service.methods
        for kind in (rpc.input_type, rpc.output_type)
    ]
    seen: set[str] = set()
    while waiting:
        kind = waiting.pop()
        if kind.full_name in seen or not kind.full_name.startswith("openinteractions."):
            continue
        seen.add(kind.full_name)
        if not kind.GetOptions().map_entry:
            yield kind
        waiting += [f.message_type for f in kind.fields if f.message_type is not None]


def options(field: FieldDescriptor, extension: object) -> object:
    return field.GetOptions().Extensions[extension]  # type: ignore[index]


def speaks_for_itself(field: FieldDescriptor) -> bool:
    """Members of unions are one of several; `rest` is no member of its own."""
    union = field.containing_oneof
    in_union = union is not None and union.name != f"_{field.name}"
    return in_union or bool(options(field, annotations_pb2.rest))


def test_every_member_has_a_behaviour() -> None:
    fields = [field for message in messages() for field in message.fields]
    silent = [
        field.full_name
        for field in fields
        if not speaks_for_itself(field)
        and not options(field, field_behavior_pb2.field_behavior)
    ]

    assert len(fields) > 400
    assert silent == []
