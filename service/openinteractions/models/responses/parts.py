"""Contents as the parts of input items.

Media go inline, as data URLs, or by the address that they came with; which of the two,
and that the model takes them at all, has been decided before (`ports.Accepts`).
"""

from __future__ import annotations

from collections.abc import Iterable

from openinteractions.models import media
from openinteractions.v1 import content_pb2

Part = media.Part


def parts(contents: Iterable[content_pb2.Content]) -> list[Part]:
    """Return the contents as input parts, in their order.

    Raises:
        NotSupportedError: a content that this dialect cannot say.
    """
    return [media.written(content, _WRITERS) for content in contents]


def _text(content: content_pb2.TextContent) -> Part:
    return {"type": "input_text", "text": content.text}


def _image(content: content_pb2.ImageContent) -> Part:
    detail = media.DETAILS.get(content.resolution, "auto")
    return {"type": "input_image", "image_url": media.url(content), "detail": detail}


def _audio(content: content_pb2.AudioContent) -> Part:
    return {"type": "input_audio", "input_audio": media.sound(content)}


def _document(content: content_pb2.DocumentContent) -> Part:
    if not content.HasField("data"):
        return {"type": "input_file", "file_url": content.uri}
    name, data = media.file_name(content), media.url(content)
    return {"type": "input_file", "filename": name, "file_data": data}


_WRITERS: media.Writers = {
    "text": _text,
    "image": _image,
    "audio": _audio,
    "document": _document,
}
