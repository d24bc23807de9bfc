"""Raw sound as a WAV file, which more players and models take."""

from __future__ import annotations

import struct

USUAL_RATE = 24_000
"""Samples per second where nothing is said: what speech is usually made with."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_SAMPLE_BYTES = 2
_PLAIN = 1


def wrapped(samples: bytes, *, rate: int = 0, channels: int = 0) -> bytes:
    """Return samples of 16 bits, little-endian, as a WAV file.

    Args:
        samples: those of all channels in turn.
        rate: samples per second; 0: the usual.
        channels: how many; 0: one.
    """
    rate, channels = rate or USUAL_RATE, channels or 1
    frame = channels * _SAMPLE_BYTES
    return (
        _HEADER.pack(
            b"RIFF",
            _HEADER.size - 8 + len(samples),
            b"WAVE",
            b"fmt ",
            16,
            _PLAIN,
            channels,
            rate,
            rate * frame,
            frame,
            8 * _SAMPLE_BYTES,
            b"data",
            len(samples),
        )
        + samples
    )
