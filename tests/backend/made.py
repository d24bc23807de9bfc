"""Images and sound made by code: real files, the same for the same request.

Images are of one colour, which the request decides; speech is a tone as long as the
text. Compressed formats have the frames that tell them apart, and silence inside.
"""

from __future__ import annotations

import array
import io
import math
import struct
import wave
import zlib

RATE = 24_000
"""Samples per second."""

_SAMPLES_PER_CHARACTER = RATE // 50
_JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300"
    + "01" * 64
    + "ffc0000b080001000101011100ffc4001400010000000000000000000000000000000003"
    "ffc40014100100000000000000000000000000000000ffda0008010100003f0037ffd9"
)


def image(about: str, size: str = "64x64", kind: str = "png") -> bytes:
    """Make an image; `about` decides its colour."""
    if kind == "jpeg":
        return _JPEG
    width, height = map(int, size.split("x"))
    colour = zlib.crc32(about.encode()).to_bytes(4, "big")[:3]
    rows = (b"\0" + colour * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_part(*part) for part in parts)


def speech(text: str, voice: str, kind: str) -> bytes:
    """Make a recording of a text: a tone for each voice."""
    match kind:
        case "pcm":
            return _tone(text, voice)
        case "wav":
            out = io.BytesIO()
            with wave.open(out, "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes(_tone(text, voice))
            return out.getvalue()
        case "opus":
            head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, RATE, 0, 0)
            return _ogg_page(head) + _ogg_page(b"OpusTags" + bytes(8))
        case "flac":
            return b"fLaC\x80\x00\x00\x22" + bytes(34)
        case "aac":
            return b"\xff\xf1\x4c\x40\x01\x7f\xfc\x00\x00\x00\x00" * len(text)
    return (b"\xff\xfb\x90\x64" + bytes(413)) * len(text)


def _tone(text: str, voice: str) -> bytes:
    pitch = 200 + zlib.crc32(voice.encode()) % 400
    count = _SAMPLES_PER_CHARACTER * len(text)
    step = 2 * math.pi * pitch / RATE
    samples = array.array("h", (int(9000 * math.sin(step * n)) for n in range(count)))
    return samples.tobytes()


def _png_part(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def _ogg_page(packet: bytes) -> bytes:
    return b"OggS\0\2" + bytes(20) + bytes([1, len(packet)]) + packet
