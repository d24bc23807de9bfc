"""Every behaviour that clients rely on, seen through each JavaScript SDK.

The program in `program/` runs all behaviours with one SDK; each of them is a test
here. `behaviours.toml` says what each one shows, and is held against the program and
against the demands of `tests.sdk.python.demands`.
"""

from __future__ import annotations

import fcntl
import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.js import manifest
from tests.sdk.js.projects import JAVASCRIPT_SDKS, node, project
from tests.sdk.python.demands import DEMANDS
from tests.sdk.servers import Servers

_PROGRAM = Path(__file__).parent / "program" / "run.mjs"
_RUN_SECONDS = 1200
_AT_LEAST = 40

Outcomes = dict[str, dict[str, Any]]


class Runs:
    """The outcomes of each SDK's run, made once for all test processes."""

    def __init__(self, servers: Servers, kept: Path) -> None:
        self._place = servers.place()
        self._kept = kept

    def of(self, version: str) -> Outcomes:
        """Run the program with an SDK, unless that was done; give its outcomes."""
        file = self._kept / f"js-{version}.json"
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_text(json.dumps(self._run(version)))
        return json.loads(file.read_text())

    def _run(self, version: str) -> Outcomes:
        left_out = json.dumps(list(manifest.cannot(version)))
        home = str(project(version))
        said = _program(home, version, self._place, left_out)
        return {line["name"]: line for line in map(json.loads, said.splitlines())}


def _program(*arguments: str) -> str:
    done = subprocess.run(
        [node(), str(_PROGRAM), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_RUN_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def runs(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    base = tmp_path_factory.getbasetemp()
    # Processes of one run have their folders side by side (pytest-xdist).
    return Runs(servers, base.parent if base.name.startswith("popen-") else base)


@pytest.mark.parametrize(
    ("version", "name"),
    [
        pytest.param(version, name, id=f"js-{version}: {name}")
        for version in JAVASCRIPT_SDKS
        for name in manifest.expressible(version)
    ],
)
def test_the_sdk_sees(
    version: str,
    name: str,
    runs: Runs,
    record_property: Callable[[str, object], None],
) -> None:
    record_property("sdk", f"@google/genai {version}")
    record_property("behaviour", name)
    outcome = runs.of(version).get(name, {"ok": False, "why": "was not run"})
    assert outcome["ok"], outcome["why"]


def test_the_manifest_lists_exactly_the_behaviours_of_the_program() -> None:
    listed = [json.loads(line)["name"] for line in _program("--list").splitlines()]
    assert len(set(listed)) == len(listed)
    assert listed == list(manifest.shows())


def test_every_demand_is_shown_by_a_behaviour_of_every_sdk() -> None:
    missing = {
        version: set(DEMANDS)
        - {
            demand
            for name in manifest.expressible(version)
            for demand in manifest.shows()[name]
        }
        for version in JAVASCRIPT_SDKS
    }
    assert not any(missing.values()), missing


def test_every_behaviour_shows_a_demand_that_exists() -> None:
    for name, demands in manifest.shows().items():
        assert demands, name
        assert set(demands) <= set(DEMANDS), name


@pytest.mark.parametrize("version", JAVASCRIPT_SDKS)
def test_every_sdk_shows_enough(version: str) -> None:
    assert len(manifest.expressible(version)) >= _AT_LEAST


def test_what_an_sdk_cannot_express_is_a_behaviour_with_a_reason() -> None:
    file = Path(__file__).with_name("behaviours.toml")
    for entry in tomllib.loads(file.read_text())["cannot"]:
        assert entry["reason"]
        assert set(entry["sdks"]) <= set(JAVASCRIPT_SDKS)
        assert set(entry["behaviours"]) <= set(manifest.shows())
