"""The code of the published guides as data: what runs, with what, and what it shows.

Read from `guides.toml`, which explains the members; the snippets stand beside it, one
file each. This module runs nothing.
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SNIPPETS = HERE / "snippets"

CURL = "curl"
"""What stands for the SDK of a snippet that uses none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Snippet:
    """One piece of code on a page, to be run."""

    page: str
    name: str
    language: str
    sdks: Sequence[str]
    """Versions of the SDK of its language, or `CURL` alone."""
    models: Sequence[str]
    """The model names on the page."""
    model: str
    before: str
    shows: Sequence[str]
    asked: Sequence[str]
    forwarded: Mapping[str, Any]
    """Members, with their values, of the request that reached the model last."""
    needs_interaction: bool

    @property
    def file(self) -> Path:
        """The snippet as it stands on the page."""
        return SNIPPETS / self.page / f"{self.name}.{self.language}.txt"


@functools.cache
def pages() -> Mapping[str, Any]:
    """Give the pages as they stand in the file."""
    return tomllib.loads((HERE / "guides.toml").read_text())


def snippets() -> Iterator[Snippet]:
    """Give every snippet that is run, in the order of the pages."""
    for page, content in pages().items():
        for chapter in content["chapters"]:
            for language in chapter["languages"]:
                if language not in chapter.get("left_out", {}):
                    yield _snippet(page, content, chapter, language)


def _snippet(
    page: str, content: Mapping[str, Any], chapter: Mapping[str, Any], language: str
) -> Snippet:
    return Snippet(
        page=page,
        name=chapter["name"],
        language=language,
        sdks=[CURL] if language == "sh" else content["sdks"][language],
        models=content["models"],
        model=chapter["model"],
        before=chapter.get("before", {}).get(language, ""),
        shows=chapter["shows"][language],
        asked=chapter["asked"],
        forwarded=chapter.get("forwarded", {}),
        needs_interaction=chapter.get("needs_interaction", False),
    )
