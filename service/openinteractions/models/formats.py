"""The form that a request wants the answer's text in.

Reads `response_format` in its typed, listed and bare forms and `response_mime_type`
(contract §5.5) for every dialect.
"""

from __future__ import annotations

from typing import NamedTuple

from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.models import schemas
from openinteractions.v1 import interaction_service_pb2, response_format_pb2

Request = interaction_service_pb2.CreateInteractionRequest

FIELD = "response_format"
JSON, PLAIN = "application/json", "text/plain"

SCHEMA_NAME = "response"
"""Servers want a name for a schema; models hardly see it."""


class Format(NamedTuple):
    """The form of the answer's text."""

    json: bool
    """Whether the text is one JSON document."""
    schema: bytes | None
    """The JSON Schema that it follows."""


def read(request: Request) -> Format:
    """Return the form of the answer's text.

    Raises:
        NotSupportedError: another kind of output is asked for, or several.
        RequestError: the schema is not one.
    """
    kept = _media_type(request.response_mime_type, "response_mime_type")
    fallback = Format(kept == JSON, None)
    if not request.HasField("response_format"):
        return fallback
    formats = request.response_format
    if formats.WhichOneof("value") == "list":
        items = formats.list.items
        if len(items) > 1:
            path = f"{FIELD}[1]"
            raise NotSupportedError(
                f"{path}: more than one kind of output is not supported yet.",
                field=path,
            )
        return _entry(items[0], f"{FIELD}[0]", fallback) if items else fallback
    if not formats.HasField("single"):
        return fallback
    return _entry(formats.single, FIELD, fallback)


def _entry(
    entry: response_format_pb2.ResponseFormat, path: str, fallback: Format
) -> Format:
    kind = entry.WhichOneof("kind")
    if kind == "bare_schema":
        return Format(json=True, schema=_schema(entry.bare_schema, path))
    if kind != "text":
        if kind is None:
            return fallback
        raise NotSupportedError(
            f"{path}: {kind} output is not supported yet.", field=path
        )
    media_type = _media_type(entry.text.mime_type, f"{path}.mime_type")
    if entry.text.HasField("schema"):
        return Format(json=True, schema=_schema(entry.text.schema, f"{path}.schema"))
    return fallback if media_type is None else Format(media_type == JSON, None)


def _media_type(text: str, path: str) -> str | None:
    if not text:
        return None
    media_type = text.partition(";")[0].strip().lower()
    if media_type not in (JSON, PLAIN):
        raise NotSupportedError(f'{path}: expected "{JSON}" or "{PLAIN}".', field=path)
    return media_type


def _schema(text: str, path: str) -> bytes | None:
    """Return the schema; None for the empty one, which every document follows."""
    try:
        schema = schemas.normal(text)
    except ValueError:
        raise RequestError(f"{path}: is not a JSON Schema.", field=path) from None
    return None if schema == b"{}" else schema
