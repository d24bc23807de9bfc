"""The body of a request for images.

Two forms: JSON for images out of nothing, `multipart/form-data` when images are given.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from openinteractions.core import mime
from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.models import outputs
from openinteractions.models.images import sizes
from openinteractions.models.profile import Profile
from openinteractions.models.prompt import Prompt
from openinteractions.models.support import refusal
from openinteractions.models.transport import bodies
from openinteractions.v1 import content_pb2, interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest

_FORMATS = {"image/png": None, "image/jpeg": "jpeg", "image/webp": "webp"}
"""The words of the API for formats; it makes PNG unless told otherwise."""

_CONFIG = "generation_config.image_config"


class Form(NamedTuple):
    """What the images shall be like; None where the request does not say."""

    size: str | None
    format: str | None


class Body(NamedTuple):
    """A request's body."""

    path: str
    content: bodies.Body
    content_type: str | None


def form(request: Request, profile: Profile) -> Form:
    """Return what the images shall be like.

    Raises:
        NotSupportedError: the model cannot make such images.
        RequestError: a member is not what it should be.
    """
    config = request.generation_config.image_config
    wanted = {
        name: (getattr(config, name), f"{_CONFIG}.{name}")
        for name in ("aspect_ratio", "image_size")
        if config.HasField(name)
    }
    word: str | None = None
    for path, entry in outputs.formats(request):
        if not entry.HasField("image"):
            continue
        for name in ("aspect_ratio", "image_size"):
            if entry.image.HasField(name):
                wanted[name] = getattr(entry.image, name), f"{path}.{name}"
        if entry.image.mime_type:
            word = _format(request, entry.image.mime_type, f"{path}.mime_type")
    return Form(_size(request, profile, wanted), word)


def build(
    prompt: Prompt,
    request: Request,
    *,
    upstream: str,
    profile: Profile,
    previews: int | None,
) -> Body:
    """Return the body.

    Args:
        prompt: what the user asks for.
        request: the caller's request.
        upstream: the name of the model at its server.
        profile: what the model can do.
        previews: how many previews the stream shall have; None: no stream.

    Raises:
        NotSupportedError: there are images, and the model takes none.
    """
    shape = form(request, profile)
    instruction = request.system_instruction
    members: dict[str, Any] = {
        "model": upstream,
        "prompt": f"{instruction}\n\n{prompt.text}" if instruction else prompt.text,
    }
    if shape.size is not None:
        members["size"] = shape.size
    if shape.format is not None:
        members["output_format"] = shape.format
    if profile.image_base64:
        members["response_format"] = "b64_json"
    if previews is not None:
        members["stream"] = True
        members["partial_images"] = previews
    images = [*prompt.made, *prompt.images]
    if not images:
        return Body("images/generations", orjson.dumps(members), None)
    if not profile.image_edits:
        raise refusal(request, "input", "cannot make images out of images")
    return _multipart("images/edits", members, images)


def _size(
    request: Request, profile: Profile, wanted: dict[str, tuple[str, str]]
) -> str | None:
    shape, side = None, None
    known: Sequence[str] = profile.image_sizes
    if "aspect_ratio" in wanted:
        text, path = wanted["aspect_ratio"]
        shape = sizes.ratio(text)
        if shape is None:
            raise RequestError(f'{path}: expected a ratio like "16:9".', field=path)
        if known and not (known := sizes.fitting(shape, known)):
            raise _too_odd(request, profile, path)
    if "image_size" in wanted:
        word, path = wanted["image_size"]
        side = sizes.WORDS.get(word.lower())
        if side is None:
            raise RequestError(
                f'{path}: expected "512", "1K", "2K" or "4K".', field=path
            )
        if known:
            size = sizes.nearest(side, known)
            if size is None:
                raise _too_odd(request, profile, path)
            return size
    if known:
        return known[0] if shape else None
    if shape is None and side is None:
        return None
    return sizes.computed(shape or (1, 1), side)


def _too_odd(request: Request, profile: Profile, path: str) -> NotSupportedError:
    listed = ", ".join(profile.image_sizes)
    return refusal(request, path, f"makes images of these sizes only: {listed}")


def _format(request: Request, media_type: str, path: str) -> str | None:
    known = mime.essence(media_type)
    if known not in _FORMATS:
        raise refusal(request, path, f"makes {', '.join(_FORMATS)} only")
    return _FORMATS[known]


def _multipart(
    path: str, members: dict[str, Any], images: Sequence[content_pb2.ImageContent]
) -> Body:
    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for name, value in members.items():
        parts += _part(boundary, f'name="{name}"', _text(value))
    name = "image" if len(images) == 1 else "image[]"
    for number, image in enumerate(images):
        data = image.data
        media_type = mime.settle(image.mime_type, data) or "image/png"
        file = f"image{number}.{media_type.partition('/')[2]}"
        head = f'name="{name}"; filename="{file}"\r\nContent-Type: {media_type}'
        parts += _part(boundary, head, data)
    parts.append(f"--{boundary}--\r\n".encode())
    content = bodies.joined_body(parts)
    return Body(path, content, f"multipart/form-data; boundary={boundary}")


def _part(boundary: str, head: str, value: bytes) -> list[bytes]:
    start = f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n"
    return [start.encode(), value, b"\r\n"]


def _text(value: Any) -> bytes:
    return b"true" if value is True else str(value).encode()
