"""What to say, in which voice and format, out of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from openinteractions.core import mime
from openinteractions.core.errors import RequestError
from openinteractions.models import outputs
from openinteractions.models.profile import Profile
from openinteractions.models.speech import formats
from openinteractions.models.support import refusal
from openinteractions.v1 import generation_config_pb2, interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest
Speaker = generation_config_pb2.SpeakerConfig

_CONFIG = "generation_config.speech_config"
_DEFAULT_VOICE = "alloy"

MOST_SPEAKERS = 50
MOST_LINES = 500
"""Each is a request of its own to the server."""

_ANY = "*"


class Form(NamedTuple):
    """What the recording shall be like."""

    word: str
    """Its format, in the words of the API."""
    voices: Sequence[tuple[str, str]]
    """Speakers, by their names in the text in small letters, and their voices. At
    least one."""


class Line(NamedTuple):
    """What is said by one voice."""

    voice: str
    text: str


def form(request: Request, profile: Profile) -> Form:
    """Return what the recording shall be like.

    Raises:
        NotSupportedError: the model cannot make such a recording.
        RequestError: a speaker has no name.
    """
    word, path = formats.RAW, ""
    for place, entry in outputs.formats(request):
        if not entry.HasField("audio"):
            continue
        if entry.audio.mime_type:
            path = f"{place}.mime_type"
            word = _word(request, entry.audio.mime_type, path)
        if entry.audio.HasField("sample_rate"):
            _check_rate(request, profile, entry.audio.sample_rate, place)
    speakers = list(_speakers(request))
    if len(speakers) <= 1:
        voices = [_voice(request, profile, *one) for one in speakers]
        return Form(word, voices or [("", profile.voices.get(_ANY, _DEFAULT_VOICE))])
    if not profile.speakers:
        raise refusal(request, _CONFIG, "speaks with one voice")
    if word not in formats.JOINABLE:
        raise refusal(request, path, "records several speakers in other formats only")
    _check_names(request, speakers)
    return Form(word, [_voice(request, profile, *one) for one in speakers])


def ignored(request: Request) -> Iterator[str]:
    """Yield the paths of hints that the API has no member for."""
    for place, speaker in _speakers(request):
        if speaker.language:
            yield f"{place}.language"
    for place, entry in outputs.formats(request):
        if entry.audio.HasField("bit_rate"):
            yield f"{place}.bit_rate"


def script(text: str, shape: Form) -> tuple[str, list[Line]]:
    """Return instructions how to speak, and the lines of a text.

    With several speakers, what stands before the first of them instructs.

    Raises:
        RequestError: there are several speakers, and none of them in the text, or more
            lines than `MOST_LINES`.
    """
    if len(shape.voices) == 1:
        return "", [Line(shape.voices[0][1], text)]
    voices = dict(shape.voices)
    names = "|".join(map(re.escape, sorted(voices, key=len, reverse=True)))
    label = re.compile(rf"\s*[*_]*({names})[*_]*\s*:[*_]*\s*(.*)", re.IGNORECASE)
    before: list[str] = []
    lines: list[tuple[str, list[str]]] = []
    for row in text.splitlines():
        if found := label.fullmatch(row):
            lines.append((_named(found[1], voices), [found[2]]))
        elif lines:
            lines[-1][1].append(row)
        else:
            before.append(row)
    said = [Line(voice, "\n".join(rows).strip()) for voice, rows in lines]
    if not any(line.text for line in said):
        raise RequestError(
            "input: has no line of a speaker; write each as the speaker's name, a "
            "colon and what is said.",
            field="input",
        )
    if len(said) > MOST_LINES:
        raise RequestError(
            f"input: has more than {MOST_LINES} lines of speakers, each of which is "
            "recorded by itself.",
            field="input",
        )
    return "\n".join(before).strip(), [line for line in said if line.text]


def _named(name: str, voices: Mapping[str, str]) -> str:
    """Return the voice of a speaker, as the text spells the name."""
    # What differs by case only need not be the same in small letters.
    return next(
        voice
        for known, voice in voices.items()
        if re.fullmatch(re.escape(known), name, re.IGNORECASE)
    )


def body(line: Line, *, upstream: str, word: str, instructions: Iterable[str]) -> bytes:
    """Return the body of the request for one line."""
    members: dict[str, Any] = {
        "model": upstream,
        "input": line.text,
        "voice": line.voice,
        "response_format": word,
    }
    if said := "\n\n".join(filter(None, instructions)):
        members["instructions"] = said
    return orjson.dumps(members)


def _word(request: Request, media_type: str, path: str) -> str:
    word = formats.WORDS.get(mime.essence(media_type))
    if word is None:
        raise refusal(request, path, f"makes {', '.join(formats.WORDS)} only")
    return word


def _check_rate(request: Request, profile: Profile, rate: int, place: str) -> None:
    if rate != profile.speech_rate:
        reason = f"makes {profile.speech_rate} samples a second"
        raise refusal(request, f"{place}.sample_rate", reason)


def _check_names(request: Request, speakers: Sequence[tuple[str, Speaker]]) -> None:
    if len(speakers) > MOST_SPEAKERS:
        reason = f"speaks with {MOST_SPEAKERS} voices at most"
        raise refusal(request, _CONFIG, reason)
    for place, speaker in speakers:
        if not speaker.speaker.strip():
            field = f"{place}.speaker"
            raise RequestError(
                f"{field} is required where there are several.", field=field
            )


def _speakers(request: Request) -> Iterator[tuple[str, Speaker]]:
    config = request.generation_config.speech_config
    listed: Sequence[Speaker] = config.list.items
    place = _CONFIG
    if config.HasField("settings"):
        listed, place = config.settings.speakers, f"{_CONFIG}.speakers"
    for index, speaker in enumerate(listed):
        yield f"{place}[{index}]", speaker


def _voice(
    request: Request, profile: Profile, place: str, speaker: Speaker
) -> tuple[str, str]:
    name, known = speaker.voice, profile.voices
    voice = known.get(name.lower()) if name else None
    if voice is None:
        voice = known.get(_ANY, "" if known else name or _DEFAULT_VOICE)
    if not voice:
        voices = ", ".join(sorted(known))
        raise refusal(request, f"{place}.voice", f"has these voices only: {voices}")
    return speaker.speaker.strip().lower(), voice
