"""What kind of output a request asks for, and which adapter makes it.

Text comes from the endpoint's dialect, images and sound from APIs of their own
(contract §5.5). The profile says what a model makes; the name is never looked at.
"""

from __future__ import annotations

from typing import final

from openinteractions.engine.ports import Model
from openinteractions.models.profile import Profile
from openinteractions.models.support import refusal
from openinteractions.v1 import interaction_service_pb2, response_format_pb2

Request = interaction_service_pb2.CreateInteractionRequest

_ALL = ("text", "image", "audio")
_WORDS = {"text": "text", "image": "images", "audio": "sound"}


def formats(request: Request) -> list[tuple[str, response_format_pb2.ResponseFormat]]:
    """Return the entries of the response format, each with its path."""
    value = request.response_format
    if value.WhichOneof("value") == "list":
        return [
            (f"response_format[{index}]", entry)
            for index, entry in enumerate(value.list.items)
        ]
    return [("response_format", value.single)] if value.HasField("single") else []


def asked_for(request: Request) -> dict[str, str]:
    """Return the kinds of output that are asked for, each with the path that says so.

    Empty: the request leaves it to the model.
    """
    found: dict[str, str] = {}
    for index, modality in enumerate(request.response_modalities):
        found.setdefault(modality.lower(), f"response_modalities[{index}]")
    for path, entry in formats(request):
        kind = entry.WhichOneof("kind")
        if kind is not None:
            found.setdefault("text" if kind == "bare_schema" else kind, path)
    if request.response_mime_type:
        found.setdefault("text", "response_mime_type")
    return found


@final
class Outputs:
    """A model that may make more than text, as one adapter for each kind.

    Args:
        text: makes text.
        image: makes images.
        audio: makes sound.
        profile: what the model makes.
    """

    def __init__(
        self, *, text: Model, image: Model, audio: Model, profile: Profile
    ) -> None:
        self._adapters = {"text": text, "image": image, "audio": audio}
        self._makes = profile.outputs or _ALL
        self._mixes = profile.outputs is not None or profile.chat_media
        self._usual = self._adapters[self._makes[0]]

    def pick(self, request: Request) -> Model:
        """Return the adapter that makes what a request asks for.

        Raises:
            NotSupportedError: the model does not make it.
        """
        if (
            not request.response_modalities
            and not request.HasField("response_format")
            and not request.response_mime_type
        ):
            return self._usual
        asked = asked_for(request)
        for kind, path in asked.items():
            if kind not in self._makes:
                raise refusal(request, path, f"makes {self._listed()}")
        media = [kind for kind in asked if kind != "text"]
        if not media:
            return self._adapters["text"] if asked else self._usual
        if len(media) > 1:
            reason = "makes images or sound, not both at once"
            raise refusal(request, asked[media[1]], reason)
        if "text" in asked and not self._mixes:
            reason = f"is not known to make text and {_WORDS[media[0]]} at once"
            raise refusal(request, asked[media[0]], reason)
        return self._adapters[media[0]]

    def _listed(self) -> str:
        *words, last = (_WORDS[kind] for kind in self._makes)
        return f"{', '.join(words)} and {last} only" if words else f"{last} only"
