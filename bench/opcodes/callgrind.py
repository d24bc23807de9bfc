"""The same cases in machine instructions, counted by valgrind's callgrind.

Sees C code as well. One process does all runs, with marks in them: a C function that
nobody else calls, before which callgrind writes down what it has counted. Not
exact to the instruction, since addresses differ from process to process.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.opcodes import count

TIMES = 4
"""How many times as much a run does as one that counts opcodes: to stand out from what
differs between two runs."""

ALLOCATOR = ":".join(
    f"glibc.malloc.{name}={value}"
    for name, value in {"mxfast": 0, "arena_max": 1, "trim_threshold": 1 << 30}.items()
)
"""Freed memory is joined at once: what is put off falls on whoever comes by later."""

LENGTHS: tuple[count.Length, ...] = ("short", "long")
SECONDS = 3600


def figures() -> dict[str, float]:
    """Return the instructions of every case; nothing where valgrind is missing."""
    if not shutil.which("valgrind"):
        print("bench: valgrind not found, no instructions counted", file=sys.stderr)
        return {}
    parts = iter(_parts())
    found = {}
    for name, case in _cases().items():
        short, long = next(parts), next(parts)
        found[name] = (long - short) / case.units
    return found


def run_marked() -> None:
    """Do all runs, with marks in them."""
    # Here it takes a minute, longer than a run waits for a thread.
    importlib.import_module("openai")
    for case in _cases().values():
        count.run(case, "short")  # imports what is imported late
        for length in LENGTHS:
            count.run(case, length, mark=_mark)


def _mark() -> None:
    os.getloadavg()


def _cases() -> dict[str, count.Case]:
    """The cases that need no other thread."""
    return {
        name: case.times(TIMES) for name, case in count.CASES.items() if not case.sqlite
    }


def _parts() -> list[int]:
    """Return the instructions between the two marks of every run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
        command += ["--dump-before=getloadavg", "--combine-dumps=no"]
        command += [sys.executable, "-m", "bench.opcodes", "--marked"]
        environment = os.environ | {"GLIBC_TUNABLES": ALLOCATOR}
        subprocess.run(
            command, check=True, capture_output=True, timeout=SECONDS, env=environment
        )
        dumps = sorted(out.parent.glob("out.*"), key=lambda dump: int(dump.suffix[1:]))
        totals = [_total(dump) for dump in dumps]
    # A dump has what came before its mark: every second one is a run's.
    return totals[1::2]


def _total(dump: Path) -> int:
    found = re.search(r"^totals: (\d+)", dump.read_text(), re.MULTILINE)
    assert found  # noqa: S101 - the format has it
    return int(found[1])
