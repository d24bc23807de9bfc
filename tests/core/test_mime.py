"""MIME types: what the first bytes of each format show, and what they cannot."""

from __future__ import annotations

import io
import json
import struct
import wave
import zipfile
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.core import mime


def wav() -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(b"\x00\x01" * 100)
    return target.getvalue()


def archive(*names: str, first: tuple[str, str] | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        if first is not None:
            file.writestr(*first)
        for name in names:
            file.writestr(name, "<x/>" * 50, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def iso(major: bytes, *compatible: bytes) -> bytes:
    brands = b"".join(compatible)
    size = struct.pack(">I", 16 + len(brands))
    return size + b"ftyp" + major + b"\x00\x00\x02\x00" + brands + b"\x00\x00\x00\x08"


def ebml(doctype: bytes, *codecs: bytes) -> bytes:
    head = b"\x42\x86\x81\x01\x42\x82" + bytes([0x80 + len(doctype)]) + doctype
    return b"\x1aE\xdf\xa3" + bytes([0x80 + len(head)]) + head + b"".join(codecs)


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

SEEN = {
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png"),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "image/jpeg"),
    "jpeg with Exif": (b"\xff\xd8\xff\xe1\x00\x10Exif", "image/jpeg"),
    "gif 87": (b"GIF87a\x01\x00", "image/gif"),
    "gif 89": (b"GIF89a\x01\x00", "image/gif"),
    "webp": (b"RIFF\x1a\x00\x00\x00WEBPVP8L", "image/webp"),
    "bmp": (b"BM" + bytes(12) + b"\x28\x00\x00\x00" + bytes(40), "image/bmp"),
    "tiff, little": (b"II*\x00\x08\x00\x00\x00", "image/tiff"),
    "tiff, big": (b"MM\x00*\x00\x00\x00\x08", "image/tiff"),
    "heic": (iso(b"heic", b"mif1", b"heic"), "image/heic"),
    "heic by a compatible brand": (iso(b"mif1", b"mif1", b"heic"), "image/heic"),
    "heif": (iso(b"mif1", b"mif1", b"jpeg"), "image/heif"),
    "avif": (iso(b"avif", b"mif1", b"avif"), "image/avif"),
    "avif by a compatible brand": (iso(b"mif1", b"avif"), "image/avif"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    "svg after a prolog": (b'<?xml version="1.0"?>\n<svg/>', "image/svg+xml"),
    "wav": (wav(), "audio/wav"),
    "wav above 4 GiB": (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
    "mp3 with tags": (b"ID3\x04\x00\x00\x00\x00\x00\x00", "audio/mp3"),
    "mp3, MPEG-1": (b"\xff\xfb\x90\x64\x00", "audio/mp3"),
    "mp3, MPEG-2": (b"\xff\xf3\x44\xc4\x00", "audio/mp3"),
    "mp3, MPEG-2.5": (b"\xff\xe3\x18\xc4\x00", "audio/mp3"),
    "mp3 with a checksum": (b"\xff\xfa\x90\x64\x00", "audio/mp3"),
    "aac, MPEG-4": (b"\xff\xf1\x50\x80\x00", "audio/aac"),
    "aac, MPEG-2": (b"\xff\xf9\x50\x80\x00", "audio/aac"),
    "flac": (b"fLaC\x00\x00\x00\x22", "audio/flac"),
    "opus": (b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead", "audio/ogg"),
    "vorbis": (b"OggS\x00\x02" + bytes(20) + b"\x01\x1e\x01vorbis", "audio/ogg"),
    "theora": (b"OggS\x00\x02" + bytes(20) + b"\x01\x2a\x80theora", "video/ogg"),
    "aiff": (b"FORM\x00\x00\x00\x2eAIFFCOMM", "audio/aiff"),
    "aiff, compressed": (b"FORM\x00\x00\x00\x2eAIFCFVER", "audio/aiff"),
    "amr": (b"#!AMR\n\x3c", "audio/amr"),
    "m4a": (iso(b"M4A ", b"M4A ", b"mp42", b"isom"), "audio/m4a"),
    "mp4": (iso(b"isom", b"isom", b"avc1", b"mp41"), "video/mp4"),
    "mp4, second version": (iso(b"mp42", b"mp42"), "video/mp4"),
    "mov": (iso(b"qt  ", b"qt  "), "video/mov"),
    "mov without a brand": (b"\x00\x00\x00\x08wide\x00\x00", "video/mov"),
    "3gpp": (iso(b"3gp5", b"3gp5", b"isom"), "video/3gpp"),
    "webm": (ebml(b"webm", b"V_VP9", b"A_OPUS"), "video/webm"),
    "webm of sound": (ebml(b"webm", b"A_OPUS"), "audio/webm"),
    "mkv": (ebml(b"matroska", b"V_VP9"), "video/x-matroska"),
    "avi": (b"RIFF\x00\x00\x01\x00AVI LIST", "video/avi"),
    "flv": (b"FLV\x01\x05\x00\x00\x00\x09", "video/x-flv"),
    "wmv": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "video/wmv"),
    "mpeg program": (b"\x00\x00\x01\xba\x44\x00", "video/mpeg"),
    "mpeg video": (b"\x00\x00\x01\xb3\x16\x00", "video/mpeg"),
    "mpeg transport": ((b"G" + bytes(187)) * 3, "video/mp2t"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
    "docx": (archive("[Content_Types].xml", "_rels/.rels", "word/document.xml"), WORD),
    "docx, other order": (archive("word/document.xml", "[Content_Types].xml"), WORD),
    "xlsx": (archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), SHEET),
    "pptx": (archive("[Content_Types].xml", "ppt/presentation.xml"), SLIDES),
    "odt": (
        archive(
            "content.xml", first=("mimetype", "application/vnd.oasis.opendocument.text")
        ),
        "application/vnd.oasis.opendocument.text",
    ),
    "epub": (
        archive("a", first=("mimetype", "application/epub+zip")),
        "application/epub+zip",
    ),
    "zip": (archive("a.txt", "sword/a"), "application/zip"),
    "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    "rtf": (b"{\\rtf1\\ansi Hello}", "application/rtf"),
    "gzip": (b"\x1f\x8b\x08\x00", "application/gzip"),
    "json object": (b' {"a": [1, 2]}', "application/json"),
    "json array": (b"[1, 2, 3]", "application/json"),
    "empty json": (b"{}", "application/json"),
    "html": (b"<!DOCTYPE html>\n<p>Hello", "text/html"),
    "html without a doctype": (b"\n <HTML lang=en>", "text/html"),
    "xml": (b"<?xml version='1.0'?><feed/>", "application/xml"),
    "text": (b"Hello, world\n", "text/plain"),
    "text with umlauts": ("Grüße".encode(), "text/plain"),
    "text with a mark": (b"\xef\xbb\xbfHello", "text/plain"),
    "csv is text": (b"a,b\n1,2\n", "text/plain"),
    "footnote is no json": (b"[1] See below.", "text/plain"),
    "template is no json": (b'{"a": {{ value }}', "text/plain"),
    "a name beginning with BM": (
        b"BMW builds cars, and it does so often.",
        "text/plain",
    ),
    "a word beginning with G": (b"Good", "text/plain"),
}

UNSEEN = {
    "nothing": b"",
    "a zero": b"\x00",
    "Latin-1": "Grüße".encode("latin-1"),
    "UTF-16": "Hello".encode("utf-16"),
    "sync without a known rate": b"\xff\xfb\xf0\x00",
    "half a sync": b"\xff\xfb",
    "samples": bytes(range(128, 256)),
    "text with a control character": b"a\x01b",
}


@pytest.mark.parametrize(("data", "mime_type"), SEEN.values(), ids=SEEN)
def test_the_first_bytes_show_the_type(data: bytes, mime_type: str) -> None:
    assert mime.sniff(data) == mime_type


@pytest.mark.parametrize("data", UNSEEN.values(), ids=UNSEEN)
def test_bytes_that_show_nothing_have_no_type(data: bytes) -> None:
    assert mime.sniff(data) is None


@given(st.binary(max_size=64), st.sampled_from([b"", *(d for d, _ in SEEN.values())]))
def test_any_bytes_can_be_looked_at(tail: bytes, head: bytes) -> None:
    for end in range(0, len(head), 7):
        mime.sniff(head[:end] + tail)


@pytest.mark.parametrize("character", ["ü", "€", "😀"])
@pytest.mark.parametrize("shift", range(4))
def test_long_text_may_be_cut_within_a_character(character: str, shift: int) -> None:
    text = ("a" * shift + character * mime.HEAD_BYTES).encode()

    assert mime.sniff(text) == "text/plain"
    assert mime.sniff(text[: mime.HEAD_BYTES]) == "text/plain"


def test_long_json_is_known_by_its_beginning() -> None:
    assert mime.sniff(json.dumps([{"a": "b" * 40_000}]).encode()) == "application/json"
    assert mime.sniff(b"[1] " + b"See below. " * 4_000) == "text/plain"


def test_a_broken_character_early_in_a_long_text_is_no_text() -> None:
    assert mime.sniff(b"a\xff" + b"a" * mime.HEAD_BYTES) is None


@pytest.mark.parametrize(
    ("mime_type", "essence"),
    [
        ("image/PNG", "image/png"),
        ("text/html; charset=utf-8", "text/html"),
        (" audio/mpeg ", "audio/mp3"),
        ("audio/x-wav", "audio/wav"),
        ("image/jpg", "image/jpeg"),
        ("video/quicktime", "video/mov"),
        ("audio/l16;rate=24000", "audio/l16"),
        ("image/svg+xml", "image/svg+xml"),
        ("png", ""),
        ("image/", ""),
        ("image/a b", ""),
        ("", ""),
    ],
)
def test_a_type_has_one_spelling(mime_type: str, essence: str) -> None:
    assert mime.essence(mime_type) == essence


PNG, HTML, PLAIN = SEEN["png"][0], SEEN["html"][0], b"a,b\n1,2\n"


@pytest.mark.parametrize(
    ("declared", "data", "mime_type"),
    [
        pytest.param(None, PNG, "image/png", id="nothing declared"),
        pytest.param("application/octet-stream", PNG, "image/png", id="octets"),
        pytest.param("image/jpeg", PNG, "image/png", id="another image"),
        pytest.param("image/png", HTML, "text/html", id="an error page"),
        pytest.param("image/png", PLAIN, "text/plain", id="text is no image"),
        pytest.param("application/pdf", PLAIN, "text/plain", id="text is no PDF"),
        pytest.param("text/csv; header=present", PLAIN, "text/csv", id="csv"),
        pytest.param("application/x-yaml", PLAIN, "application/x-yaml", id="yaml"),
        pytest.param(WORD, PLAIN, "text/plain", id="text is no docx"),
        pytest.param("audio/L16;rate=24000", b"\x00", "audio/l16", id="raw samples"),
        pytest.param("audio/webm", SEEN["webm"][0], "audio/webm", id="webm"),
        pytest.param("audio/opus", SEEN["opus"][0], "audio/opus", id="opus"),
        pytest.param("audio/mp4", SEEN["mp4"][0], "audio/m4a", id="mp4 of sound"),
        pytest.param("image/png", SEEN["mp4"][0], "video/mp4", id="no image"),
        pytest.param(WORD, SEEN["zip"][0], WORD, id="docx in another order"),
        pytest.param("image/png", SEEN["zip"][0], "application/zip", id="zip"),
        pytest.param(
            "application/msword",
            SEEN["old office"][0],
            "application/msword",
            id="old Word",
        ),
        pytest.param(
            "application/ld+json",
            SEEN["json object"][0],
            "application/ld+json",
            id="linked data",
        ),
        pytest.param("text/plain", HTML, "text/plain", id="source of HTML"),
        pytest.param("text/markdown", HTML, "text/markdown", id="Markdown"),
        pytest.param(
            "text/html", SEEN["json object"][0], "application/json", id="JSON"
        ),
        pytest.param(None, b"\x00", None, id="nothing known"),
        pytest.param("nonsense", b"\x00", None, id="nothing said"),
    ],
)
def test_what_is_seen_beats_what_is_said_unless_that_says_more(
    declared: str | None, data: bytes, mime_type: str | None
) -> None:
    assert mime.settle(declared, data) == mime_type


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [
        ("image/png", "image"),
        ("IMAGE/PNG", "image"),
        ("audio/l16; rate=16000", "audio"),
        ("application/ogg", "audio"),
        ("video/mp4", "video"),
        ("application/pdf", "document"),
        ("text/plain", "document"),
        ("", "document"),
    ],
)
def test_a_type_has_a_kind(
    mime_type: str, kind: Literal["image", "audio", "video", "document"]
) -> None:
    assert mime.kind(mime_type) == kind
