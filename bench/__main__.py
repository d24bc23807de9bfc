"""The command line: `python -m bench` (see `bench/README.md`)."""

from __future__ import annotations

import argparse
import fnmatch
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from bench import codec, plot, report, subjects, tables
from bench.build import build
from bench.places import CACHE, RESULTS
from bench.rows import CROWDS, ROWS
from bench.run import Outcome, Plan, run
from bench.services import MissingError, Services, services
from bench.subjects import SHARED, ours

QUICK_SECONDS = 0.5
SECONDS = 2.0
MAX_SECONDS = 30.0
ROUNDS = 3
SPECIAL = ("start", "idle", "codec", *CROWDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and write the results where they are asked for."""
    options = _parser().parse_args(arguments)
    # A terminated run ends what it started, as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = options.rows.split(",")
    rows = [row for row in ROWS if _matches(row.name, wanted)]
    seconds = QUICK_SECONDS if options.quick else min(options.seconds, MAX_SECONDS)
    plan = Plan(
        rows=rows,
        rounds=1 if options.quick else options.rounds,
        seconds=seconds,
        start=_matches("start", wanted),
        idle=_matches("idle", wanted),
        crowds=[name for name in CROWDS if _matches(name, wanted)],
    )
    for name in ("load", "grpc"):
        build(name)
    outcome, taking_part = Outcome({}, {}), _subjects(options)
    if rows or plan.start or plan.idle or plan.crowds:
        with _shared(options) as found:
            if found:
                taking_part.append(ours(_version(), options.server, services=found))
            outcome = run(taking_part, replace(plan, services=found), _say)
    timings = codec.measure(seconds) if _matches("codec", wanted) else {}
    document = report.document(
        outcome,
        timings,
        subjects=taking_part,
        options={
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "one_chunk": options.one_chunk,
        },
    )
    print()
    print(tables.text(document))
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        report.write(document, options.output / "results.json")
        plot.write(document, options.output / "results.svg")
        print(f"\nwritten to {options.output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the server beside its peers and the limit.",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"one round of {QUICK_SECONDS} s a row, to see that everything works",
    )
    names = ", ".join([*(row.name for row in ROWS), *SPECIAL])
    parser.add_argument(
        "--rows",
        default="*",
        metavar="NAMES",
        help=f"some rows only, by name or pattern, comma-separated: {names}",
    )
    parser.add_argument(
        "--subjects",
        default="*",
        metavar="NAMES",
        help="some subjects only, likewise; raw and ours always take part",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="of each measurement"
    )
    parser.add_argument(
        "--server",
        metavar="COMMAND",
        help="start our server with this instead; {config} is its configuration file",
    )
    parser.add_argument(
        "--one-chunk",
        action="store_true",
        help="let the backend send a burst as one HTTP chunk, not one for each event",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help=f"write results.json and results.svg there (kept ones: {RESULTS.name})",
    )
    return parser


def _subjects(options: argparse.Namespace) -> list[subjects.Subject]:
    optional = [subjects.floor(), *subjects.installed_peers()]
    wanted = options.subjects.split(",")
    framing = ["--one-chunk"] if options.one_chunk else []
    return [
        subjects.raw(build("backend"), *framing),
        subjects.ours(_version(), options.server),
        subjects.ours(_version(), options.server, workers=2),
        *(subject for subject in optional if _matches(subject.name, wanted)),
    ]


@contextmanager
def _shared(options: argparse.Namespace) -> Iterator[Services | None]:
    """Run PostgreSQL and NATS, if they are wanted and there are any."""
    with ExitStack() as stack:
        found = None
        if _matches(SHARED, options.subjects.split(",")):
            CACHE.mkdir(parents=True, exist_ok=True)
            made = tempfile.TemporaryDirectory(dir=CACHE, prefix="services-")
            folder = Path(stack.enter_context(made))
            try:
                found = stack.enter_context(services(folder))
            except MissingError as error:
                _say(f"{SHARED} is left out: {error}")
        yield found


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _version() -> str:
    try:
        return metadata.version("openinteractions")
    except metadata.PackageNotFoundError:
        return ""


def _say(line: str) -> None:
    print(f"bench: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
