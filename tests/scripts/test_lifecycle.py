"""The drawing of the lifecycle is the one that the tables give."""

from __future__ import annotations

from scripts import lifecycle


def test_the_drawing_is_of_the_tables_as_they_are() -> None:
    assert lifecycle.DOCUMENT.read_text("utf-8") == lifecycle.document()
