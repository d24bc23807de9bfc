"""One medium of a conversation: which type it has, and what a model takes of it.

Pure: nothing is read or fetched here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from openinteractions.core import endings, mime, text_formats, wav
from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.core.media import Medium as Content
from openinteractions.engine.ports import Accepts
from openinteractions.v1 import content_pb2

_RAW = frozenset({"audio/l16", "audio/l24", "audio/pcm", "audio/alaw", "audio/mulaw"})
"""Bare samples, which may look like anything."""

_SAMPLES = frozenset({"audio/l16", "audio/pcm"})
"""Bare samples of 16 bits, as speech is made of."""

_WAV = "audio/wav"

_SAYS_NOTHING = frozenset({"application/octet-stream", "binary/octet-stream", "*/*"})

_CONTAINERS = {
    "audio": {
        "video/mp4": "audio/m4a",
        "video/mov": "audio/m4a",
        "video/webm": "audio/webm",
        "video/ogg": "audio/ogg",
        "video/3gpp": "audio/3gpp",
    },
    "video": {"audio/webm": "video/webm", "audio/ogg": "video/ogg"},
}
"""By kind, what containers of both sound and video are called for it."""

_NAMES = {
    "image": "an image",
    "audio": "audio",
    "video": "a video",
    "document": "a document",
}
_PLURALS = {
    "image": "images",
    "audio": "audio",
    "video": "videos",
    "document": "documents",
}


@dataclass(frozen=True, slots=True)
class Medium:
    """A medium on its way to a model."""

    kind: str
    """`image`, `audio`, `video` or `document`."""
    content: Content
    path: str
    """JSON path of the content."""
    accepts: Accepts
    """What the model takes."""
    model: str
    """The model, as the client calls it."""

    def check(self) -> None:
        """Refuse what the model does not take, whatever its type.

        Raises:
            NotSupportedError: it does not.
        """
        if self.kind != "document" and self.kind not in self.accepts.kinds:
            said = _known(self.content.mime_type)
            raise self._refusal(f" ({said})" if said else "")
        declared = _known(self.content.mime_type)
        if declared and not self._may_be(self._fitting(declared)):
            raise self._mismatch("its mime_type", declared)
        if isinstance(self.content, content_pb2.VideoContent):
            self._check_processing(self.content.processing)

    def ignored(self) -> Iterator[str]:
        """Yield the JSON paths of the hints that the model cannot follow."""
        video = self.content
        if isinstance(video, content_pb2.VideoContent):
            for name in ("resolution", "name"):
                if video.HasField(name) and not self.accepts.video_processing:
                    yield f"{self.path}.{name}"

    def passes_on(self) -> bool:
        """Say whether the model's server shall fetch the medium's URL."""
        if self.kind not in self.accepts.remote:
            return False
        if self.kind == "audio" and self.accepts.audio is not None:
            return self.type_by_word() in self.accepts.audio
        if self.kind == "document" and not (
            self.accepts.documents is None and self.accepts.text_formats
        ):
            declared = self.type_by_word()
            return declared is not None and self.takes_document(declared)
        return True

    def takes_document(self, mime_type: str) -> bool:
        """Say whether the model takes documents of a type as they are."""
        if "document" not in self.accepts.kinds:
            return False
        if self.accepts.documents is not None:
            return mime_type in self.accepts.documents
        return self.accepts.text_formats or not text_formats.is_text(mime_type)

    def settle(self, data: bytes, declared: str) -> str:
        """Return the type that the bytes have, of which `declared` was said.

        Raises:
            RequestError: nothing shows the type, or it is one of another kind.
        """
        mime_type = mime.essence(declared)
        if mime_type not in _RAW:
            mime_type = mime.settle(declared, data) or ""
        if not mime_type:
            raise RequestError(
                f"{self.path}.mime_type is required: the bytes do not show it.",
                field=f"{self.path}.mime_type",
            )
        mime_type = self._fitting(mime_type)
        if not self._may_be(mime_type):
            what = "what its uri names" if self.content.uri else "its data"
            raise self._mismatch(what, mime_type)
        return mime_type

    def playable(self, mime_type: str, data: bytes) -> tuple[str, bytes]:
        """Return a type that the model takes, and the bytes in it.

        Nothing but sound is changed: a model that takes no raw samples gets them in a
        WAV file.

        Raises:
            NotSupportedError: it is sound that the model does not take.
        """
        allowed, sound = self.accepts.audio, self.content
        if not isinstance(sound, content_pb2.AudioContent) or allowed is None:
            return mime_type, data
        if mime_type in allowed:
            return mime_type, data
        if mime_type not in _SAMPLES or _WAV not in allowed:
            raise self._refusal(f" of type {mime_type}")
        rate, channels = sound.sample_rate, sound.channels
        return _WAV, wav.wrapped(data, rate=rate, channels=channels)

    def untold(self, mime_type: str) -> NotSupportedError:
        """Return the refusal of a document that cannot be turned into text either."""
        return self._refusal(
            f" of type {mime_type}", "; PDF and text formats are turned into text"
        )

    def _check_processing(self, processing: content_pb2.VideoProcessing) -> None:
        word = processing.mode or processing.settings.type
        plain = word in ("", "static") and len(processing.settings.ListFields()) <= 1
        if not plain and not self.accepts.video_processing:
            field = f"{self.path}.processing"
            raise NotSupportedError(
                f'{field}: the model "{self.model}" cannot follow it.', field=field
            )

    def type_by_word(self) -> str | None:
        """Return the type that is declared, or that the ending of the URL tells."""
        guessed = endings.type_of(urlsplit(self.content.uri).path)
        for said in (self.content.mime_type, guessed or ""):
            found = self._fitting(_known(said))
            if found and self._may_be(found):
                return found
        return None

    def _fitting(self, mime_type: str) -> str:
        """Return the word for a container that fits the kind."""
        return _CONTAINERS.get(self.kind, {}).get(mime_type, mime_type)

    def _may_be(self, mime_type: str) -> bool:
        """Say whether a content of this kind may have a type."""
        kind = mime.kind(mime_type)
        if self.kind == "document":
            return kind == "document" or text_formats.is_text(mime_type)
        return kind == self.kind

    def _mismatch(self, what: str, mime_type: str) -> RequestError:
        # Other documents may be of any kind that a URL led to, such as error pages.
        kind = mime.kind(mime_type)
        sent = kind != "document" or mime_type == "application/pdf"
        more = f'; send it as content of type "{kind}"' if sent else ""
        return RequestError(
            f"{self.path}: {what} is {mime_type}, not {_NAMES[self.kind]}{more}.",
            field=f"{self.path}.type",
        )

    def _refusal(self, of_type: str, more: str = "") -> NotSupportedError:
        return NotSupportedError(
            f'{self.path}: the model "{self.model}" takes no {_PLURALS[self.kind]}'
            f"{of_type}{more}.",
            field=f"{self.path}.type",
        )


def _known(mime_type: str) -> str:
    """Return a type to compare by; empty for one that says nothing."""
    found = mime.essence(mime_type)
    return "" if found in _SAYS_NOTHING else found


def name_of_url(url: str) -> str:
    """Return the last segment of a URL's path, as people read it."""
    return unquote(urlsplit(url).path.rpartition("/")[2])
