"""The table of dialects is the one that their models give."""

from __future__ import annotations

from scripts import dialects


def test_the_table_is_of_the_models_as_they_are() -> None:
    assert dialects.DOCUMENT.read_text("utf-8") == dialects.document()
