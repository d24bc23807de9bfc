"""What endings of names say."""

from __future__ import annotations

import mimetypes

import pytest

from openinteractions.core import endings

NAMES = [
    ("cat.png", "image/png"),
    ("CAT.JPG", "image/jpeg"),
    ("/a/b/cat.webp", "image/webp"),
    ("song.m4a", "audio/mp4"),
    ("song.mp3", "audio/mpeg"),
    ("film.mp4", "video/mp4"),
    ("notes.docx", endings._OFFICE + "wordprocessingml.document"),
    ("notes.md", "text/markdown"),
    ("notes", None),
    ("notes.unknown", None),
]


@pytest.mark.parametrize(("name", "mime_type"), NAMES)
def test_an_ending_tells_a_type(name: str, mime_type: str | None) -> None:
    assert endings.type_of(name) == mime_type


def test_what_the_machine_has_been_told_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told(*_: object, **__: object) -> tuple[str, None]:
        return "image/strange", None

    monkeypatch.setattr(mimetypes, "guess_type", told)
    assert endings.type_of("notes.unknown") is None
