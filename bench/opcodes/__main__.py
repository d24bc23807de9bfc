"""The command line: `python -m bench.opcodes` prints the figures as JSON.

`--where CASE` shows which functions they come from. `--instructions` counts machine
instructions instead, with callgrind. With `--record` what was counted becomes what the
tests compare with. It starts itself again where hashes are not fixed: sets have another
order then.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable

from bench.opcodes import record
from bench.places import ROOT, SOURCES

FIXED = {
    "PYTHONHASHSEED": "0",
    # This checkout is what is counted, wherever it was installed from.
    "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *SOURCES])),
}
MOST = 40
"""How many functions `--where` shows."""


def main() -> int:
    """Count, print, and record if asked to."""
    if any(os.environ.get(name) != value for name, value in FIXED.items()):
        command = [sys.executable, "-m", "bench.opcodes", *sys.argv[1:]]
        environment = os.environ | FIXED
        return subprocess.run(command, check=False, env=environment).returncode
    # Before anything is imported that takes the function along.
    time.time = _now  # the clock stands still
    from bench.opcodes import callgrind, count

    options = _parser(count.CASES).parse_args()
    if options.marked:
        callgrind.run_marked()
    elif options.where:
        _print_functions(count.count(count.CASES[options.where]))
    elif options.instructions:
        found = callgrind.figures()
        print(json.dumps(found, indent=2))
        if options.record and found:
            record.write(record.INSTRUCTIONS, record.build(), found)
    else:
        found = count.figures()
        print(json.dumps(found, indent=2))
        if options.record:
            record.write(record.OPCODES, record.versions(), found)
    return 0


def _parser(cases: Iterable[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.opcodes")
    parser.add_argument("--record", action="store_true")
    parser.add_argument(
        "--where", choices=tuple(cases), metavar="CASE", help=", ".join(cases)
    )
    parser.add_argument("--instructions", action="store_true")
    # What callgrind runs.
    parser.add_argument("--marked", action="store_true", help=argparse.SUPPRESS)
    return parser


def _print_functions(found: dict[str, float]) -> None:
    print(f"{sum(found.values()):10,.1f}  in all")
    largest = sorted(found.items(), key=lambda item: -item[1])
    for name, opcodes in largest[:MOST]:
        print(f"{opcodes:10,.1f}  {name}")


def _now() -> float:
    return 1_790_000_000.0


if __name__ == "__main__":
    sys.exit(main())
