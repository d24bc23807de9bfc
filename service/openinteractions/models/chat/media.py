"""Chat models that answer with images or sound in the chat itself.

OpenAI's audio models do (`modalities: ["text", "audio"]`, `message.audio`), and so do
models of images behind gateways (`message.images`). They read the whole conversation,
unlike the APIs for media, and may say something with it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from openinteractions.core import media, mime
from openinteractions.core.model_events import Media, ModelEvent, Text
from openinteractions.engine.ports import ModelRequest
from openinteractions.models import outputs, support
from openinteractions.models.chat.model import Chat
from openinteractions.models.chat.request import members
from openinteractions.models.chat.response import Turn
from openinteractions.models.profile import Profile
from openinteractions.models.speech import formats
from openinteractions.models.speech import request as speech
from openinteractions.models.support import Check
from openinteractions.models.transport.bodies import Body, json_body
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.models.transport.failures import Failures
from openinteractions.v1 import content_pb2, interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest

_MODALITIES = {"audio": ["text", "audio"], "image": ["image", "text"]}
_RAW = "pcm16"
"""The word of chat completions for raw sound."""


class MediaChat(Chat):
    """A chat model that makes media of a `kind`: `image` or `audio`."""

    def __init__(
        self, endpoint: Endpoint, *, kind: str, upstream: str | None, profile: Profile
    ) -> None:
        super().__init__(endpoint, upstream=upstream, profile=profile)
        self._kind = kind

    def check(self, request: Request) -> Sequence[str]:
        """Return the members that the model will ignore (see `ports.Model`)."""
        config, form = _FORMS[self._kind]
        generation = {**support.TEXT_GENERATION, config: form}
        found = support.follow(request, self._profile, _rules(form), generation)
        return [*found, *speech.ignored(request)]

    def _turn(self, request: ModelRequest, /) -> _MediaTurn:
        asked = request.request
        return _MediaTurn(
            self._profile,
            self._endpoint.failures,
            word=speech.form(asked, self._profile).word,
            words="text" in outputs.asked_for(asked),
        )

    def _build(self, request: ModelRequest, name: str, *, stream: bool) -> Body:
        asked = request.request
        said = Request(
            model=asked.model,
            system_instruction=asked.system_instruction,
            tools=asked.tools,
        )
        if asked.HasField("generation_config"):
            said.generation_config.CopyFrom(asked.generation_config)
        body = members(
            ModelRequest(said, request.steps),
            upstream=name,
            profile=self._profile,
            stream=stream,
        )
        body["modalities"] = _MODALITIES[self._kind]
        if self._kind == "audio":
            shape = speech.form(asked, self._profile)
            word = _RAW if shape.word == formats.RAW else shape.word
            body["audio"] = {"voice": shape.voices[0][1], "format": word}
        elif wanted := _image_config(asked):
            body["image_config"] = wanted
        return json_body(body)


class _MediaTurn(Turn):
    """Reads one turn of a model that makes media.

    What it says in sound is also there in words: they come after it, and only when
    text is asked for. Text beside images always comes.
    """

    def __init__(
        self, profile: Profile, failures: Failures, *, word: str, words: bool
    ) -> None:
        super().__init__(profile, failures)
        self._word = word
        self._rate = profile.speech_rate
        self._words = words
        self._transcript: list[str] = []
        self._begun: content_pb2.Content | None = None
        self._rest = b""

    def _events(self, delta: Any) -> list[ModelEvent]:
        events = super()._events(delta)
        if audio := delta.get("audio"):
            self._hear(audio, events)
        for image in delta.get("images") or ():
            self._sign(events)
            events.append(Media(self._image(image), begins=True))
        return events

    def _end_as(self, word: str | None) -> list[ModelEvent]:
        ending = super()._end_as(word)
        said: list[ModelEvent] = []
        if self._rest:
            rest, self._rest = self._rest, b""
            said.append(self._sound(rest))
        if self._words and self._transcript:
            said.append(Text("".join(self._transcript)))
        return said + ending

    def _hear(self, audio: Any, events: list[ModelEvent]) -> None:
        if not isinstance(audio, dict):
            raise self._none()
        if isinstance(said := audio.get("transcript"), str):
            self._transcript.append(said)
        if isinstance(data := audio.get("data"), str) and data:
            self._sign(events)
            # Pieces are of whole triples of bytes, so that base64 can be joined.
            found = self._rest + self._decoded(data)
            whole = len(found) - len(found) % 3
            self._rest = found[whole:]
            if whole:
                events.append(self._sound(found[:whole]))

    def _sound(self, data: bytes) -> Media:
        if self._begun is None:
            self._begun = formats.heard(self._word, data, self._rate)
            return Media(self._begun, begins=True)
        return Media(media.further(self._begun, data), begins=False)

    def _image(self, image: Any) -> content_pb2.Content:
        holder = image.get("image_url") if isinstance(image, dict) else None
        url = holder.get("url") if isinstance(holder, dict) else holder
        if not isinstance(url, str) or not url.startswith("data:"):
            raise self._failures.broken("answered with an image that is not inline")
        data = self._decoded(url.partition(",")[2])
        media_type = mime.settle(url[5:].partition(",")[0], data)
        if media_type is None or mime.kind(media_type) != "image" or not data:
            raise self._failures.broken("answered with something that is no image")
        shown = content_pb2.ImageContent(data=data, mime_type=media_type)
        return content_pb2.Content(image=shown)

    def _decoded(self, text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise self._failures.broken(
                "answered with media that are no base64"
            ) from None


def _image_config(request: Request) -> dict[str, str]:
    """Return the shape of images in the words that gateways took from the contract."""
    found: dict[str, str] = {}
    forms = [request.generation_config.image_config]
    forms += [entry.image for _, entry in outputs.formats(request)]  # type: ignore[misc]
    for form in forms:
        for name in ("aspect_ratio", "image_size"):
            if form.HasField(name):
                found[name] = getattr(form, name)
    return found


def _image_form(run: Check, _: str, __: Any) -> None:
    _no_schema(run)


def _audio_form(run: Check, _: str, __: Any) -> None:
    _no_schema(run)
    if len(speech.form(run.request, run.profile).voices) > 1:
        raise run.refuse("generation_config.speech_config", "speaks with one voice")


def _no_schema(run: Check) -> None:
    for path, entry in outputs.formats(run.request):
        if entry.HasField("bare_schema") or entry.text.HasField("schema"):
            reason = "cannot follow a schema when it makes media"
            raise run.refuse(path, reason)


_FORMS = {
    "image": ("image_config", _image_form),
    "audio": ("speech_config", _audio_form),
}


def _rules(form: support.Rule) -> support.Rules:
    left_out = {"response_modalities", "response_mime_type"}
    rules = support.TEXT_REQUEST.items()
    kept = {name: rule for name, rule in rules if name not in left_out}
    return {**kept, "response_format": form}
