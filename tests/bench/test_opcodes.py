"""What a request and a streamed event cost, in opcodes and instructions; never in time.

A figure that has grown on purpose is recorded anew with
`.venv/bin/python -m bench.opcodes --record` (and `--instructions --record`), so that a
review sees it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.opcodes import record

ROOT = Path(__file__).parents[2]
BUDGET = 1.03
WAIT_SECONDS = 4000

Figures = dict[str, float]


def counted(*arguments: str) -> Figures:
    done = subprocess.run(
        [sys.executable, "-m", "bench.opcodes", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    figures: Figures = json.loads(done.stdout)
    return figures


def recorded(kind: str, where: str) -> Figures:
    figures = record.read(kind).get(where)
    if figures is None:
        pytest.skip(f"no {kind} are recorded for {where}")
    return figures


def overruns(found: Figures, allowed: Figures) -> dict[str, str]:
    return {
        case: f"{found.get(case, float('nan')):,.1f}, recorded {figure:,.1f}"
        for case, figure in allowed.items()
        if not found.get(case, float("nan")) <= figure * BUDGET
    }


@pytest.fixture(scope="module")
def opcodes() -> Figures:
    return counted()


def test_counting_again_gives_exactly_the_same(opcodes: Figures) -> None:
    assert counted() == opcodes


def test_an_event_costs_less_than_a_request(opcodes: Figures) -> None:
    assert 0 < opcodes["event, many in a read"] < opcodes["event, one in a read"]
    assert opcodes["event, one in a read"] < opcodes["create"] < opcodes["stream"]


def test_the_record_is_of_the_pinned_versions() -> None:
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    (pin,) = (line.partition("==")[2] for line in pins if line.startswith("aiohttp=="))
    found = record.read(record.OPCODES)

    assert not found or [key for key in found if key.endswith(f"aiohttp {pin}")]


def test_opcodes_stay_within_the_budget(opcodes: Figures) -> None:
    assert not overruns(opcodes, recorded(record.OPCODES, record.versions()))


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind not found")
def test_instructions_stay_within_the_budget() -> None:
    allowed = recorded(record.INSTRUCTIONS, record.build())

    assert not overruns(counted("--instructions"), allowed)
