"""Contents as the parts of a user message, the only message that can have media.

Media have bytes with a type or a URL, of kinds and types that the model takes: that is
decided before (`engine.ports.Accepts`).
"""

from __future__ import annotations

from openinteractions.models import media
from openinteractions.v1 import content_pb2

Part = media.Part


def part(content: content_pb2.Content) -> Part:
    """Return a content as a part.

    Raises:
        NotSupportedError: this dialect has none for it.
    """
    return media.written(content, _WRITERS)


def _image(image: content_pb2.ImageContent) -> Part:
    inner: Part = {"url": media.url(image)}
    if detail := media.DETAILS.get(image.resolution):
        inner["detail"] = detail
    return {"type": "image_url", "image_url": inner}


def _audio(audio: content_pb2.AudioContent) -> Part:
    return {"type": "input_audio", "input_audio": media.sound(audio)}


def _video(video: content_pb2.VideoContent) -> Part:
    return {"type": "video_url", "video_url": {"url": media.url(video)}}


def _document(document: content_pb2.DocumentContent) -> Part:
    name, data = media.file_name(document), media.url(document)
    inner = {"filename": name, "file_data": data}
    return {"type": "file", "file": inner}


_WRITERS: media.Writers = {
    "image": _image,
    "audio": _audio,
    "video": _video,
    "document": _document,
}
