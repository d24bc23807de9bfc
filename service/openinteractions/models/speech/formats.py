"""The formats of sound: the contract's MIME types in the words of the speech API."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

from openinteractions.core import mime
from openinteractions.v1 import content_pb2

RAW = "pcm"
WAV = "wav"

WORDS = {
    "audio/l16": RAW,
    "audio/pcm": RAW,
    "audio/wav": WAV,
    "audio/mp3": "mp3",
    "audio/ogg_opus": "opus",
    "audio/opus": "opus",
    "audio/ogg": "opus",
    "audio/flac": "flac",
    "audio/aac": "aac",
}
"""Raw sound is what clients get that ask for no format: 16 bits, little-endian, one
channel. It is what they know from elsewhere, and write into WAV files themselves."""

JOINABLE = frozenset({RAW, WAV, "mp3", "opus", "aac"})
"""Formats in which several recordings can be made one without decoding them."""

_TYPES = {
    RAW: "audio/l16",
    WAV: "audio/wav",
    "mp3": "audio/mp3",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "aac": "audio/aac",
}
_TELLING = frozenset({"audio/wav", "audio/flac", "audio/ogg", "audio/opus"})
"""What raw sound cannot be taken for by accident."""


def heard(word: str, data: bytes, rate: int) -> content_pb2.Content:
    """Return the beginning of a recording, as what it is.

    Args:
        word: the format that was asked for.
        data: its first bytes, of which servers may have other ideas.
        rate: samples per second of raw sound.
    """
    asked, seen = _TYPES[word], mime.sniff(data)
    trusted = _TELLING if word == RAW else None
    other = seen is not None and mime.kind(seen) == "audio"
    if seen is not None and other and (trusted is None or seen in trusted):
        asked = seen
    audio = content_pb2.AudioContent(data=data, mime_type=asked)
    if asked == _TYPES[RAW]:
        audio.sample_rate, audio.channels = rate, 1
    return content_pb2.Content(audio=audio)


def joined(recordings: Sequence[bytes]) -> bytes:
    """Return several WAV files as one.

    Raises:
        ValueError: they are no WAV files, or of different kinds.
    """
    out = io.BytesIO()
    kinds: set[tuple[int, int, int]] = set()
    try:
        with wave.open(out, "wb") as whole:
            for recording in recordings:
                with wave.open(io.BytesIO(recording)) as part:
                    shape = (
                        part.getnchannels(),
                        part.getsampwidth(),
                        part.getframerate(),
                    )
                    if not kinds:
                        whole.setparams((*shape, 0, "NONE", ""))
                    kinds.add(shape)
                    whole.writeframes(part.readframes(part.getnframes()))
    except (wave.Error, EOFError) as error:
        raise ValueError(str(error)) from None
    if len(kinds) != 1:
        raise ValueError("of different kinds")
    return out.getvalue()
