"""What an Images API answers, as model events.

A whole answer has its images in `data`; a stream has an event for each preview and for
each image. Both have bytes as base64; where a whole answer has URLs instead, whoever
reads them gives the bytes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from openinteractions.core import mime
from openinteractions.core.model_events import (
    Finish,
    FinishReason,
    Media,
    ModelEvent,
    Preview,
    Spent,
    Text,
    Thought,
)
from openinteractions.models import counts
from openinteractions.models.transport.failures import Failures
from openinteractions.v1 import content_pb2

Fetch = Callable[[str], Awaitable[bytes | None]]

_DONE = b"[DONE]"


class Reading:
    """Reads one answer.

    Args:
        failures: makes the errors.
        fetch: returns what the model server has at a URL, None for another server's.
        captions: the event that says how the server has worded the prompt; None: it
            is not said.
        previews: whether previews are wanted.
    """

    def __init__(
        self,
        failures: Failures,
        fetch: Fetch,
        *,
        captions: type[Text | Thought] | None,
        previews: bool,
    ) -> None:
        self._failures = failures
        self._fetch = fetch
        self._captions = captions
        self._previews = previews
        self._made = False

    async def whole(self, body: bytes) -> list[ModelEvent]:
        """Return the events of a whole body.

        Raises:
            BackendError: the body is an error, or has no images.
        """
        found = self._parse(body)
        images = found.get("data")
        events: list[ModelEvent] = []
        for image in images if isinstance(images, list) else ():
            if not isinstance(image, dict):
                raise self._none()
            said = image.get("revised_prompt")
            if self._captions is not None and isinstance(said, str) and said:
                events.append(self._captions(said))
            data = await self._bytes(image)
            word = image.get("output_format") or found.get("output_format")
            events.append(Media(self._image(data, word), begins=True))
            self._made = True
        return [*events, *self._spent(found), *self.end()]

    def chunk(self, data: bytes) -> list[ModelEvent]:
        """Return the events of the next event of a stream.

        Raises:
            BackendError: it is an error, or no event.
        """
        if data.strip() == _DONE:
            return []
        found = self._parse(data)
        kind, image = found.get("type"), found.get("b64_json")
        if not isinstance(kind, str) or not isinstance(image, str):
            return []
        content = self._image(self._decoded(image), found.get("output_format"))
        if kind.endswith(".partial_image"):
            return [Preview(content)] if self._previews else []
        if not kind.endswith(".completed"):
            return []
        self._made = True
        return [Media(content, begins=True), *self._spent(found)]

    def end(self) -> list[ModelEvent]:
        """Return the last event.

        Raises:
            UpstreamFailedError: there was no image.
        """
        if not self._made:
            raise self._failures.broken("answered without an image")
        return [Finish(FinishReason.STOP)]

    def _parse(self, data: bytes) -> dict[str, Any]:
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise self._failures.broken("answered something that is no JSON") from None
        if not isinstance(found, dict):
            raise self._none()
        if found.get("error") or found.get("type") == "error":
            raise self._failures.from_body(found.get("error") or found)
        return found

    async def _bytes(self, image: Mapping[str, Any]) -> bytes:
        if isinstance(text := image.get("b64_json"), str):
            return self._decoded(text)
        address = image.get("url")
        if not isinstance(address, str):
            raise self._none()
        if address.startswith("data:"):
            return self._decoded(address.partition(",")[2])
        data = await self._fetch(address)
        if data is None:
            raise self._failures.broken(
                "answered with the URL of an image at another server; if it knows the "
                "member response_format, set image_base64 in the model's profile"
            )
        return data

    def _decoded(self, text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise self._failures.broken(
                "answered with an image that is no base64"
            ) from None

    def _image(self, data: bytes, word: Any) -> content_pb2.Content:
        declared = f"image/{word}" if isinstance(word, str) else None
        media_type = mime.settle(declared, data)
        if media_type is None or mime.kind(media_type) != "image" or not data:
            raise self._failures.broken("answered with something that is no image")
        return content_pb2.Content(
            image=content_pb2.ImageContent(data=data, mime_type=media_type)
        )

    def _spent(self, found: Mapping[str, Any]) -> list[ModelEvent]:
        usage = found.get("usage")
        if not isinstance(usage, dict):
            return []
        return [Spent(counts.read(usage, made="image"))]

    def _none(self) -> Exception:
        return self._failures.broken("answered something that is no answer")
