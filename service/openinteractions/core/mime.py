"""MIME types: told from first bytes, spelled one way, and sorted by kind.

Formats have the words that the contract has for them (§3), which are not always the
registered ones: `audio/mp3`, `video/mov`. Pure functions; nothing here knows where the
bytes come from or which types anybody takes.
"""

from __future__ import annotations

import json
import re
from typing import Literal

Kind = Literal["image", "audio", "video", "document"]

HEAD_BYTES = 16 * 1024
"""No more than these first bytes decide."""

TEXT = "text/plain"
ZIP = "application/zip"

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"ID3", "audio/mp3"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/wmv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x1f\x8b", "application/gzip"),
)

_FORMS = {  # the word at byte 8 of a chunked file, after that at byte 0
    (b"RIFF", b"WAVE"): "audio/wav",
    (b"RF64", b"WAVE"): "audio/wav",
    (b"RIFF", b"WEBP"): "image/webp",
    (b"RIFF", b"AVI "): "video/avi",
    (b"FORM", b"AIFF"): "audio/aiff",
    (b"FORM", b"AIFC"): "audio/aiff",
}

_BRANDS = (  # of ISO base media files, the telling ones first
    ((b"avif", b"avis"), "image/avif"),
    ((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    ((b"mif1", b"msf1"), "image/heif"),
)

_BITMAP_HEADERS = {12, 40, 52, 56, 64, 108, 124}
"""The sizes that the second header of a bitmap has had."""

_OFFICE = {
    b"word": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt": (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    ),
}

_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-ms-bmp": "image/bmp",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mpeg": "audio/mp3",
    "audio/mpeg3": "audio/mp3",
    "audio/x-mp3": "audio/mp3",
    "audio/x-mpeg": "audio/mp3",
    "audio/x-flac": "audio/flac",
    "audio/x-aiff": "audio/aiff",
    "audio/x-aac": "audio/aac",
    "audio/aacp": "audio/aac",
    "audio/mp4": "audio/m4a",
    "audio/x-m4a": "audio/m4a",
    "application/ogg": "audio/ogg",
    "video/quicktime": "video/mov",
    "video/x-msvideo": "video/avi",
    "video/mpg": "video/mpeg",
    "video/x-ms-wmv": "video/wmv",
    "video/x-ms-asf": "video/wmv",
    "video/flv": "video/x-flv",
    "video/3gpp2": "video/3gpp",
    "application/x-pdf": "application/pdf",
    "application/x-zip-compressed": ZIP,
    "text/xml": "application/xml",
    "text/json": "application/json",
}

_CONTAINERS = (
    {"audio/webm", "video/webm"},
    {"audio/ogg", "video/ogg", "audio/opus"},
    {"audio/m4a", "video/mp4", "video/mov", "video/3gpp"},
)
"""Types that one container has, whose first bytes may not tell them apart."""

_REFINEMENTS = {
    TEXT: r"text/.+|.+\+(json|xml|yaml)|application/(x-)?(json[5l]?|ndjson|xml|yaml"
    r"|toml|(java|type|ecma)script|sql|graphql|tex|latex|sh|python|csv)",
    ZIP: r"application/(?!pdf$).+",
    "application/x-ole-storage": r"application/(msword|vnd\.ms-.+)",
    "application/json": r"text/(?!html$).+|.+\+json",
    "application/xml": r"text/.+|.+\+xml",
    "text/html": r"text/.+|.+\+xml",
}
"""What may be said of bytes that look like the type, and says more."""

_ADTS_SYNC = 0xFFF
_MPEG_SYNC = 0x7FF
_LAYER_3 = 0b01
_NO_RATE = 0b1111
_NO_FREQUENCY = 0b11
_FRAME_BYTES = 4

_UNKNOWN = {"", "application/octet-stream", "binary/octet-stream", "*/*"}
"""What is declared by those who do not know."""


def sniff(data: bytes) -> str | None:
    """Return the MIME type that the first bytes show, or None when they show none.

    Text is `text/plain`, unless it begins as JSON, HTML, XML or SVG does; that it is
    CSV or Markdown cannot be seen. `data` may be cut to its first `HEAD_BYTES`.
    """
    if not data:
        return None
    head = bytes(data[:HEAD_BYTES])
    for start, mime_type in _STARTS:
        if head.startswith(start):
            return mime_type
    return (
        _FORMS.get((head[:4], head[8:12]))
        or _iso_media(head)
        or _matroska(head)
        or _ogg(head)
        or _zip(head)
        or _bitmap(head)
        or _mpeg(head)
        or _text(head, whole=len(data) < HEAD_BYTES)
    )


def essence(mime_type: str) -> str:
    """Return the type to compare by.

    Lower case, without parameters, and with one word for each format: `audio/mpeg`
    becomes `audio/mp3`. Empty when the text is no MIME type.
    """
    bare = mime_type.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[\w!#$&^.+-]+/[\w!#$&^.+*-]+", bare, re.ASCII):
        return ""
    return _ALIASES.get(bare, bare)


def settle(declared: str | None, data: bytes) -> str | None:
    """Return the type that `data` has, of which `declared` was said.

    What the bytes show is believed, but a word that says more about the same bytes
    is kept: `text/csv` of a text, `text/plain` of source code, `audio/webm` of a WebM
    file, an office format of a ZIP file. Bytes that show nothing are what was
    declared; None when that is nothing either.
    """
    said = essence(declared or "")
    seen = sniff(data)
    if said in _UNKNOWN:
        return seen
    if seen is None or _says_more(said, seen):
        return said
    return seen


def kind(mime_type: str) -> Kind:
    """Return the kind of content that has the type; documents are all the rest."""
    family = essence(mime_type).partition("/")[0]
    match family:
        case "image" | "audio" | "video":
            return family
    return "document"


def _says_more(said: str, seen: str) -> bool:
    """Whether bytes that look like `seen` may well be `said`."""
    if any(seen in container and said in container for container in _CONTAINERS):
        return True
    return re.fullmatch(_REFINEMENTS.get(seen, ""), said) is not None


def _iso_media(head: bytes) -> str | None:
    box = head[4:8]
    if box in {b"moov", b"mdat", b"wide", b"pnot"}:
        return "video/mov"
    if box != b"ftyp":
        return None
    size = int.from_bytes(head[:4], "big")
    names = {head[8:12], *(head[at : at + 4] for at in range(16, min(size, 256), 4))}
    for brands, mime_type in _BRANDS:
        if names.intersection(brands):
            return mime_type
    brand = head[8:12]
    if brand in {b"M4A ", b"M4B ", b"M4P "}:
        return "audio/m4a"
    if brand == b"qt  ":
        return "video/mov"
    return "video/3gpp" if brand.startswith((b"3gp", b"3g2")) else "video/mp4"


def _matroska(head: bytes) -> str | None:
    if not head.startswith(b"\x1aE\xdf\xa3"):
        return None
    if b"webm" not in head[:64]:
        return "video/x-matroska"
    # The codecs of the tracks, as their ids are spelled.
    sound_only = re.search(rb"A_(OPUS|VORBIS)", head) and b"V_" not in head
    return "audio/webm" if sound_only else "video/webm"


def _ogg(head: bytes) -> str | None:
    if not head.startswith(b"OggS"):
        return None
    return "video/ogg" if b"\x80theora" in head[:512] else "audio/ogg"


def _zip(head: bytes) -> str | None:
    if not head.startswith(b"PK\x03\x04"):
        return None
    # OpenDocument and EPUB begin with an entry that says what they are.
    if found := re.match(rb".{30}mimetype([a-z]+/[a-z0-9.+-]+)", head, re.DOTALL):
        return found[1].removesuffix(b"PK").decode("ascii")
    if found := re.search(rb"PK\x03\x04.{26}(word|xl|ppt)/", head, re.DOTALL):
        return _OFFICE[found[1]]
    return ZIP


def _bitmap(head: bytes) -> str | None:
    if head.startswith(b"BM"):
        size = int.from_bytes(head[14:18], "little")
        return "image/bmp" if size in _BITMAP_HEADERS else None
    return None


def _mpeg(head: bytes) -> str | None:
    """A transport stream, or bare frames of sound."""
    if head[0] == ord("G") and head[188:189] == head[376:377] == b"G":
        return "video/mp2t"
    if len(head) < _FRAME_BYTES:
        return None
    bits = int.from_bytes(head[:_FRAME_BYTES], "big")
    layer, rate, frequency = bits >> 17 & 0b11, bits >> 12 & 0b1111, bits >> 10 & 0b11
    if bits >> 20 == _ADTS_SYNC and layer == 0:
        return "audio/aac"
    known = 0 < rate < _NO_RATE and frequency != _NO_FREQUENCY
    found = bits >> 21 == _MPEG_SYNC and layer == _LAYER_3 and known
    return "audio/mp3" if found else None


def _text(head: bytes, *, whole: bool) -> str | None:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The last character may have been cut.
        if whole or error.end < len(head) or error.start < len(head) - 3:
            return None
        text = head[: error.start].decode("utf-8-sig")
    if re.search(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]", text):
        return None
    start = text.lstrip()[:256].lower()
    if re.match(r"<!doctype html|<(html|head|body|title|script)[\s>]", start):
        return "text/html"
    if start.startswith("<svg") or (start.startswith("<?xml") and "<svg" in text):
        return "image/svg+xml"
    if start.startswith("<?xml"):
        return "application/xml"
    return "application/json" if _json(text, whole=whole) else TEXT


def _json(text: str, *, whole: bool) -> bool:
    if not re.match(r'\s*(\{\s*["}]|\[)', text):
        return False
    if not whole:
        return bool(re.match(r'\s*(\{\s*"|\[\s*[\[{"])', text))
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
