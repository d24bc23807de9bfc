"""Media as OpenAI's APIs want them, whichever of these it is.

They have bytes with a type or a URL: which of the two is decided before
(`engine.ports.Accepts`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from openinteractions.core import mime
from openinteractions.core.errors import NotSupportedError
from openinteractions.core.media import Medium
from openinteractions.models.transport.bodies import Large, base64_text
from openinteractions.v1 import content_pb2

Part = dict[str, Any]
"""A content as a dialect has it."""

Writers = Mapping[str, Callable[[Any], Part]]
"""What makes the parts of a dialect, by the kind of content."""

DETAILS = {"low": "low", "medium": "auto", "high": "high", "ultra_high": "high"}
"""Resolutions of the contract in the words of these APIs."""

_SOUNDS = {"x-aac": "aac", "l16": "pcm16"}
"""Formats of sound whose name is not that of their type."""

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
_ENDINGS = {
    "application/pdf": "pdf",
    f"{_OFFICE}wordprocessingml.document": "docx",
    f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}presentationml.presentation": "pptx",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    f"{_OPEN}text": "odt",
    f"{_OPEN}spreadsheet": "ods",
    f"{_OPEN}presentation": "odp",
    "application/rtf": "rtf",
    "application/epub+zip": "epub",
    "application/json": "json",
    "application/xml": "xml",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
}
"""The endings of names of documents."""


def written(content: content_pb2.Content, writers: Writers) -> Part:
    """Return a content as one of the writers has it.

    Raises:
        NotSupportedError: the dialect has no writer for its kind.
    """
    kind = content.WhichOneof("kind") or ""
    write = writers.get(kind)
    if write is None:
        raise NotSupportedError(
            f"input: {kind} content is not supported by this model.", field="input"
        )
    return write(getattr(content, kind))


def url(medium: Medium) -> str | Large:
    """Return a medium's own URL, or one that has its bytes."""
    if medium.uri:
        return medium.uri
    prefix = f"data:{mime.essence(medium.mime_type)};base64,"
    return base64_text(medium.data, prefix)


def sound(audio: content_pb2.AudioContent) -> dict[str, str | Large]:
    """Return sound as its bytes and the word for its format."""
    name = mime.essence(audio.mime_type).partition("/")[2]
    return {"data": base64_text(audio.data), "format": _SOUNDS.get(name, name)}


def file_name(document: content_pb2.DocumentContent) -> str:
    """Return a name for a document: servers want one, and tell the type by its end."""
    ending = _ENDINGS.get(mime.essence(document.mime_type), "bin")
    return f"document.{ending}"
