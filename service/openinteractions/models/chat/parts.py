"""Contents as the parts of a user message, the only message that can have media.

Media have bytes with a type or a URL, of kinds and types that the model takes: that is
decided before (`engine.ports.Accepts`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from openinteractions.core import mime
from openinteractions.core.errors import NotSupportedError
from openinteractions.core.media import Medium
from openinteractions.v1 import content_pb2

Part = dict[str, Any]

_DETAILS = {"low": "low", "medium": "auto", "high": "high", "ultra_high": "high"}
"""Resolutions of the contract in the words of this dialect."""

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


def part(content: content_pb2.Content) -> Part:
    """Return a content as a part.

    Raises:
        NotSupportedError: this dialect has none for it.
    """
    kind = content.WhichOneof("kind") or ""
    write = _WRITERS.get(kind)
    if write is None:
        raise NotSupportedError(
            f"input: {kind} content is not supported by this model.", field="input"
        )
    return write(getattr(content, kind))


def _image(image: content_pb2.ImageContent) -> Part:
    inner = {"url": _url(image)}
    if detail := _DETAILS.get(image.resolution):
        inner["detail"] = detail
    return {"type": "image_url", "image_url": inner}


def _audio(audio: content_pb2.AudioContent) -> Part:
    name = mime.essence(audio.mime_type).partition("/")[2]
    inner = {"data": _base64(audio.data), "format": _SOUNDS.get(name, name)}
    return {"type": "input_audio", "input_audio": inner}


def _video(video: content_pb2.VideoContent) -> Part:
    return {"type": "video_url", "video_url": {"url": _url(video)}}


def _document(document: content_pb2.DocumentContent) -> Part:
    # Servers want a name, and tell the type by its ending.
    ending = _ENDINGS.get(mime.essence(document.mime_type), "bin")
    inner = {"filename": f"document.{ending}", "file_data": _url(document)}
    return {"type": "file", "file": inner}


def _url(medium: Medium) -> str:
    if medium.uri:
        return medium.uri
    return f"data:{mime.essence(medium.mime_type)};base64,{_base64(medium.data)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_WRITERS: Mapping[str, Callable[[Any], Part]] = {
    "image": _image,
    "audio": _audio,
    "video": _video,
    "document": _document,
}
