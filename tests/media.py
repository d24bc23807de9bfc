"""Real media, made by code: small files that any decoder of their formats reads."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from collections.abc import Iterator


def png(red: int = 255, green: int = 0, blue: int = 0, *, size: int = 2) -> bytes:
    """Return a square picture of one colour."""
    row = b"\0" + bytes((red, green, blue)) * size
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"IDAT", zlib.compress(row * size)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def wav(samples: int = 80, *, rate: int = 8000) -> bytes:
    """Return a tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        tone = (((n // 10) % 2 * 2 - 1) * 8000 for n in range(samples))
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
    return file.getvalue()


def mp3() -> bytes:
    """Return three silent frames of sound."""
    return (b"\xff\xfb\x90\xc4" + b"\0" * 413) * 3


def mp4() -> bytes:
    """Return a film without tracks."""
    brand = _box(b"ftyp", b"isom\0\0\0\0isommp42")
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    rate = struct.pack(">IHHQ", 0x10000, 0x100, 0, 0)
    times = struct.pack(">IIIII", 0, 0, 0, 1000, 0)
    header = _box(b"mvhd", times + rate + matrix + b"\0" * 24 + b"\0\0\0\x01")
    return brand + _box(b"moov", header)


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + name + data


def pdf(*pages: str) -> bytes:
    """Return a document with a line of text on each page, empty for an empty page."""
    objects = list(_objects(pages))
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _objects(pages: tuple[str, ...]) -> Iterator[bytes]:
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages)))
    yield b"<< /Type /Catalog /Pages 2 0 R >>"
    yield b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(pages))
    yield b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    for number, text in enumerate(pages):
        yield (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> >>" % (5 + 2 * number)
        )
        escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        shown = b"BT /F 24 Tf 72 720 Td (%b) Tj ET" % escaped.encode("latin-1")
        stream = shown if text else b""
        yield b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream)
