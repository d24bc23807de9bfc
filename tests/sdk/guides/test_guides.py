"""Every snippet of the published guides that is in scope runs, and shows what it says.

`guides.toml` lists the code of each page; what is not run has a reason there. Shell
snippets are skipped where curl or jq is not installed.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backend.shown import shown
from tests.backend.studio import drawn
from tests.sdk.environments import PYTHON_SDKS
from tests.sdk.guides.catalogue import CURL, SNIPPETS, Snippet, pages, snippets
from tests.sdk.guides.media import MEDIA, digest
from tests.sdk.guides.programs import Reader, missing_tool
from tests.sdk.js.projects import JAVASCRIPT_SDKS
from tests.sdk.servers import Servers

_DOOR_SECONDS = 35
_NAMES = {"py": "python", "mjs": "javascript", "sh": "rest"}
_numbers = itertools.count()


def _cases() -> Iterator[object]:
    for found in snippets():
        for sdk in (*found.sdks, *found.translated.sdks):
            case = f"{found.page}/{found.name}-{_NAMES[found.language]}-{sdk}"
            yield pytest.param(found, sdk, id=case)


@pytest.mark.parametrize(("snippet", "sdk"), list(_cases()))
def test_the_snippet_shows_what_its_guide_says(
    snippet: Snippet, sdk: str, servers: Servers, tmp_path: Path
) -> None:
    tool = missing_tool(snippet)
    if tool is not None:
        pytest.skip(f"{tool} not found")
    # The tag makes the name this reader's own; the script stays the same.
    tagged = f"{snippet.model}@guide-{next(_numbers)}"
    reader = Reader(
        sdk=sdk,
        url=servers.open.url,
        model=snippet.model if snippet.upstream else tagged,
        backend=servers.backend,
        folder=tmp_path,
    )
    printed = reader.run(snippet)
    for pattern in snippet.shows:
        assert re.search(pattern, printed, re.MULTILINE), f"{pattern}\n{printed}"
    request = _last_request(servers.backend, snippet.upstream or tagged)
    _assert_asked(snippet, request)
    assert request == request | dict(snippet.forwarded)
    if snippet.shown:
        _assert_shown(snippet, request, printed)
    if snippet.makes:
        _assert_made(snippet, request, printed, tmp_path)


def _last_request(backend: str, model: str) -> Any:
    url = f"{backend}/_requests?{urllib.parse.urlencode({'model': model})}"
    with urllib.request.urlopen(url, timeout=_DOOR_SECONDS) as response:
        return json.load(response)["requests"][-1]["body"]


def _assert_asked(snippet: Snippet, request: dict[str, Any]) -> None:
    if "prompt" in request:
        said = [f"prompt: {request['prompt']}"]
    else:
        said = [f"{found['role']}: {_text(found)}" for found in request["messages"]]
    assert len(said) == len(snippet.asked), said
    for pattern, line in zip(snippet.asked, said, strict=True):
        assert re.fullmatch(pattern, line, re.DOTALL), f"{pattern}\n{line}"


def _assert_shown(snippet: Snippet, request: dict[str, Any], printed: str) -> None:
    pieces = shown(request)
    found = [piece["sha256"] for piece in pieces if piece["type"] != "text"]
    assert found == [digest(name) for name in snippet.shown], pieces
    assert all(told in printed for told in found), printed


def _assert_made(
    snippet: Snippet, request: dict[str, Any], printed: str, folder: Path
) -> None:
    image = drawn(request)
    if snippet.language == "sh":
        assert base64.b64encode(image).decode() in printed, printed
    else:
        assert (folder / snippet.makes).read_bytes() == image


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


@pytest.mark.parametrize("page", list(pages()))
def test_every_snippet_of_the_page_is_run_or_has_a_reason(page: str) -> None:
    content = pages()[page]
    listed = [
        (chapter, language)
        for chapter in content["chapters"]
        for language in chapter["languages"]
    ]
    assert len(listed) == content["blocks"]
    for chapter, language in listed:
        reason = chapter.get("left_out", {}).get(language)
        assert reason or language in _NAMES, f"{chapter['title']}: {language}"
    for chapter in content["chapters"]:
        assert set(chapter.get("left_out", {})) <= set(chapter["languages"])


def test_the_files_are_exactly_the_snippets_that_are_run() -> None:
    files = {found.file for found in snippets()}
    assert files == set(SNIPPETS.rglob("*.txt"))


@pytest.mark.parametrize(
    "snippet", [pytest.param(s, id=f"{s.page}-{s.file.stem}") for s in snippets()]
)
def test_a_snippet_names_a_model_to_replace_and_sdks_that_there_are(
    snippet: Snippet,
) -> None:
    code = snippet.file.read_text()
    assert snippet.needs_interaction or any(name in code for name in snippet.models)
    known = {"py": PYTHON_SDKS, "mjs": JAVASCRIPT_SDKS, "sh": (CURL,)}
    sdks = (*snippet.sdks, *snippet.translated.sdks)
    assert sdks
    assert set(sdks) <= set(known[snippet.language])
    assert len(set(sdks)) == len(sdks)
    assert snippet.shows
    assert {*snippet.opens, *snippet.shown, *snippet.remote.values()} <= set(MEDIA)
