"""What is known about a model: frozen facts, read instead of any name.

The default of every fact is that the model can do it, so that what an unknown model
cannot do comes back as its own server's refusal. Facts come from the configuration
(`[models.NAME.profile]`) or from the dialect.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from openinteractions.config.profile import Profile as Facts
from openinteractions.core import mime
from openinteractions.core.media import KINDS
from openinteractions.engine.ports import Accepts


class Tools(enum.Enum):
    """How a model calls functions."""

    NATIVE = "native"
    CONSTRAINED = "constrained"
    NONE = "none"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The facts about one model."""

    tools: Tools = Tools.NATIVE
    tool_choice: bool = True
    """Whether calls can be forced and forbidden."""
    parallel_calls: bool = True
    """Whether one turn may have several calls."""
    json_schema: bool = True
    """Whether output can be held to a JSON Schema."""
    strict_schemas: bool = False
    """Whether to ask for schemas in the strict mode that wants every property
    required and none added."""
    reasoning: bool = True
    """Whether thoughts are read."""
    reasoning_member: str | None = None
    """The message member of thoughts. Known: thoughts are also sent back in it.
    Not known: whichever usual member comes is read, and none is sent."""
    reasoning_effort: bool = True
    """Whether the level of thinking can be chosen."""
    seed: bool = True
    stop: bool = True
    penalties: bool = True
    top_k: bool = True
    vision: bool = True
    """Whether images are taken."""
    audio: bool | frozenset[str] = True
    """Whether sound is taken; as a set, the MIME types that are."""
    video: bool = True
    files: bool | frozenset[str] = True
    """Whether documents are taken as they are; as a set, the MIME types that are."""
    remote_urls: bool | frozenset[str] = True
    """Whether URLs of media are passed on; as a set, the kinds of media."""
    outputs: tuple[str, ...] | None = None
    """What it makes, the usual first; None: text, and whatever else is asked for."""
    chat_media: bool = False
    """Whether it makes images and sound in chat completions."""
    image_sizes: tuple[str, ...] = ()
    """The sizes of images that it makes; none: any."""
    image_edits: bool = True
    """Whether images can be made out of images."""
    image_base64: bool = False
    """Whether to ask for the bytes of images instead of URLs."""
    image_previews: int | None = None
    """How many previews a streamed image has; None: images are not streamed."""
    voices: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Its voices by the names of clients, in small letters; `*` is every other."""
    speakers: bool = True
    """Whether one recording may have several voices."""
    speech_rate: int = 24000
    """Samples per second of raw sound."""
    max_tokens_member: str = "max_tokens"
    """The request member with the limit of output tokens."""
    max_output_tokens: int | None = None
    """The most that one turn can have; requests for more get this many."""

    def accepts(
        self,
        *,
        by_url: frozenset[str],
        audio: frozenset[str] | None = None,
        text_formats: bool = True,
        video_processing: bool = False,
    ) -> Accepts:
        """Return what media the model takes, in a dialect with these limits.

        Args:
            by_url: the kinds of media that the dialect can name by their URL.
            audio: the types of sound taken where the profile names none; None: any.
            text_formats: whether servers of the dialect take documents of text
                formats as they are, where the profile names no types.
            video_processing: whether the dialect can say how to watch a video.
        """
        facts = (
            ("image", self.vision),
            ("audio", self.audio),
            ("video", self.video),
            ("document", self.files),
        )
        kinds = frozenset(kind for kind, fact in facts if fact)
        urls = KINDS if self.remote_urls is True else self.remote_urls or frozenset()
        return Accepts(
            kinds=kinds,
            remote=kinds & by_url & urls,
            audio=audio if isinstance(self.audio, bool) else self.audio,
            documents=None if isinstance(self.files, bool) else self.files,
            text_formats=text_formats,
            video_processing=video_processing,
        )


def from_settings(facts: Facts | None) -> Profile:
    """Return the profile that the configuration writes down, else the default."""
    if facts is None:
        return Profile()
    named = isinstance(facts.reasoning, str)
    return Profile(
        tools=_tools(facts.tools),
        tool_choice=facts.tool_choice,
        parallel_calls=facts.parallel_calls,
        json_schema=facts.json_schema,
        strict_schemas=facts.strict_schemas,
        reasoning=bool(facts.reasoning),
        reasoning_member=str(facts.reasoning) if named else None,
        reasoning_effort=facts.reasoning_effort,
        seed=facts.seed,
        stop=facts.stop,
        penalties=facts.penalties,
        top_k=facts.top_k,
        vision=facts.vision,
        audio=_types(facts.audio),
        video=facts.video,
        files=_types(facts.files),
        remote_urls=_set(facts.remote_urls),
        outputs=None if facts.outputs is None else tuple(facts.outputs),
        chat_media=facts.chat_media,
        image_sizes=tuple(facts.image_sizes),
        image_edits=facts.image_edits,
        image_base64=facts.image_base64,
        image_previews=facts.image_previews,
        voices={name.lower(): voice for name, voice in facts.voices.items()},
        speakers=facts.speakers,
        speech_rate=facts.speech_rate,
        max_output_tokens=facts.max_output_tokens,
        max_tokens_member=facts.max_tokens_member,
    )


def _tools(fact: bool | str) -> Tools:  # noqa: FBT001 - the configuration's own shape
    if isinstance(fact, str):
        return Tools(fact)
    return Tools.NATIVE if fact else Tools.NONE


def _types(fact: bool | list[str]) -> bool | frozenset[str]:  # noqa: FBT001 - see above
    return fact if isinstance(fact, bool) else frozenset(map(mime.essence, fact))


def _set(fact: bool | list[Any]) -> bool | frozenset[str]:  # noqa: FBT001 - see above
    return fact if isinstance(fact, bool) else frozenset(fact)
