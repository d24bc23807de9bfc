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
class Translation:
    """How a snippet reads with SDKs of the other schema."""

    sdks: Sequence[str] = ()
    names: Sequence[Sequence[str]] = ()
    """Pairs of the expression on the page and the one that stands for it."""


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
    upstream: str
    """The name at the model server, where `model` is configured to have another."""
    opens: Sequence[str]
    """Files that the snippet opens."""
    shown: Sequence[str]
    """Media that reached the model, in order: names in `media.MEDIA`."""
    makes: str
    """The file in which a snippet in a language puts the image that it is given."""
    needs_file: str
    """The file that is uploaded before a shell snippet."""
    remote: Mapping[str, str]
    """Addresses of media on the page, and what stands there."""
    translated: Translation

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
        upstream=chapter.get("upstream", ""),
        opens=chapter.get("opens", ()),
        shown=chapter.get("shown", ()),
        makes=chapter.get("makes", ""),
        needs_file=chapter.get("needs_file", ""),
        remote=content.get("remote", {}),
        translated=_translation(content, chapter, language),
    )


def _translation(
    content: Mapping[str, Any], chapter: Mapping[str, Any], language: str
) -> Translation:
    if not chapter.get("translated") or language == "sh":
        return Translation()
    return Translation(**content["translated"][language])
