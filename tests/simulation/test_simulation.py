"""Whole worlds from seeds keep every promise, whatever goes wrong in them.

They run in processes of their own: a world depends on Python's hash seed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("seeds.txt")
WAIT_SECONDS = 300

WORLDS = int(os.environ.get("WORLDS", "3200"))
"""How many are lived through; `make worlds` sets it for many more."""
FIRST = int(os.environ.get("FIRST_WORLD", "1"))
AT_ONCE = max(WORLDS // 8, 1)


def live(*arguments: str | int) -> str:
    """Live through worlds and return what is said about them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PYTHONHASHSEED": "0",
        },
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WAIT_SECONDS + WORLDS,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("first", range(FIRST, FIRST + WORLDS, AT_ONCE))
def test_every_world_keeps_its_promises(first: int) -> None:
    said = live("--range", first, AT_ONCE)
    assert re.search(rf"^{AT_ONCE} worlds, 0 failed", said, re.MULTILINE)


def test_worlds_that_failed_once_fail_no_more() -> None:
    lines = KEPT.read_text().splitlines()
    seeds = [line.split()[0] for line in lines if not line.startswith("#")]
    assert f"{len(seeds)} worlds, 0 failed" in live(*seeds)


def test_a_seed_makes_the_same_world_each_time() -> None:
    # The last word is a sum of everything that has happened.
    one, other = (live("--range", 1, 30).split()[-1] for _ in range(2))
    assert one == other


def test_nothing_of_a_world_is_left_when_it_is_over() -> None:
    assert "nothing is left" in live("--range", 1, 40, "--leaks")
