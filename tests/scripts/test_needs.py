"""What is told about programs that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import needs


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def make(program: Path, prints: str = "") -> None:
    program.write_text(f"#!/bin/sh\necho '{prints}'\n", "utf-8")
    program.chmod(0o755)


def test_nothing_there_is_told_in_one_line_each(
    programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert needs.main() == 1
    assert capsys.readouterr() == (
        (
            "make test: curl not found: the curl snippets of the guides are skipped\n"
            "make test: jq not found: "
            "the curl snippets that read an answer with jq are skipped\n"
        ),
        (
            "make test: Node 20 or later runs the JavaScript SDKs, not found\n"
            "make test: npm installs the JavaScript SDKs, not found\n"
        ),
    )


def test_an_old_node_is_told(programs: Path) -> None:
    make(programs / "node", "v18.19.0")
    make(programs / "npm")

    assert needs.missing() == ["Node 20 or later is needed, this is Node 18"]


def test_with_everything_there_nothing_is_told(
    programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(programs / "node", "v20.20.2")
    for name in ("npm", "curl", "jq"):
        make(programs / name)

    assert needs.main() == 0
    assert capsys.readouterr() == ("", "")
