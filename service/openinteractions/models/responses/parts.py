"""Contents as the parts of input items.

Media go inline, as data URLs, or by the address that they came with; which of the two,
and that the model takes them at all, has been decided before (`ports.Accepts`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from openinteractions.core.errors import NotSupportedError
from openinteractions.v1 import content_pb2

Part = dict[str, Any]

_DETAILS = {"low": "low", "medium": "auto", "high": "high", "ultra_high": "high"}
"""Resolutions of the contract in the words of this dialect."""

_SOUNDS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mp3": "mp3",
    "audio/mpeg": "mp3",
}
"""The formats of sound that the dialect has a word for."""

_NAMES = {"application/pdf": "document.pdf"}
"""Files want a name; servers tell their type by it."""


def parts(contents: Iterable[content_pb2.Content]) -> list[Part]:
    """Return the contents as input parts, in their order.

    Raises:
        NotSupportedError: a content that this dialect cannot say.
    """
    return [part for content in contents for part in _parts(content)]


def _parts(content: content_pb2.Content) -> list[Part]:
    kind = content.WhichOneof("kind")
    if kind is None:
        return []
    write = _WRITERS.get(kind)
    if write is None:
        raise _cannot(f"{kind} content")
    return [write(getattr(content, kind))]


def _text(content: content_pb2.TextContent) -> Part:
    return {"type": "input_text", "text": content.text}


def _image(content: content_pb2.ImageContent) -> Part:
    detail = _DETAILS.get(content.resolution, "auto")
    return {"type": "input_image", "image_url": _url(content), "detail": detail}


def _audio(content: content_pb2.AudioContent) -> Part:
    sound = _SOUNDS.get(_plain(content.mime_type))
    if sound is None:
        raise _cannot(f"audio content of the type {content.mime_type!r}")
    encoded = base64.b64encode(content.data).decode()
    inner = {"data": encoded, "format": sound}
    return {"type": "input_audio", "input_audio": inner}


def _document(content: content_pb2.DocumentContent) -> Part:
    if not content.HasField("data"):
        return {"type": "input_file", "file_url": content.uri}
    media_type = _plain(content.mime_type)
    name = _NAMES.get(media_type, "document." + media_type.partition("/")[2])
    return {"type": "input_file", "filename": name, "file_data": _url(content)}


def _url(content: content_pb2.ImageContent | content_pb2.DocumentContent) -> str:
    if not content.HasField("data"):
        return content.uri
    encoded = base64.b64encode(content.data).decode()
    return f"data:{content.mime_type};base64,{encoded}"


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _cannot(what: str) -> NotSupportedError:
    return NotSupportedError(
        f"input: {what} is not supported by this model.", field="input"
    )


_WRITERS: Mapping[str, Callable[[Any], Part]] = {
    "text": _text,
    "image": _image,
    "audio": _audio,
    "document": _document,
}
