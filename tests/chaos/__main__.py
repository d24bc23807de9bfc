"""Kill real processes while clients use them, and write what came of it.

`python -m tests.chaos [--seconds N] [--record FOLDER]`
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.chaos.run import Outcome, Plan, run

CREATES = 2000
KILLS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 when something was wrong, or it was not bad enough to say."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    parser.add_argument("--clients", type=int, default=Plan.clients)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--record", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    plan = Plan(options.seconds, options.clients, seed=options.seed)
    outcome = run(plan)
    _say(outcome)
    figures = outcome.figures
    wrong = figures.lost or figures.events_twice or figures.never_ended or outcome.wrong
    enough = figures.creates >= CREATES and figures.kills >= KILLS
    if options.seconds >= Plan.seconds and not enough:
        sys.stdout.write(f"fewer than {CREATES} creates or {KILLS} kills\n")
        return 1
    if options.record is not None and not wrong:
        figures.save(options.record / "chaos.json")
        (options.record / "chaos.md").write_text(_page(outcome))
    return 1 if wrong else 0


def _say(outcome: Outcome) -> None:
    for name, figure in asdict(outcome.figures).items():
        sys.stdout.write(f"{name:24}{figure}\n")
    sys.stdout.write(f"{outcome.statuses}\n{outcome.failures}\n")
    for line in outcome.wrong[:20]:
        sys.stdout.write(f"wrong: {line}\n")


def _page(outcome: Outcome) -> str:
    """Return the figures as a page of the documentation."""
    f = outcome.figures
    rows = [
        ("time", f"{f.seconds:.0f} s"),
        ("processes", f"{f.replicas} replicas, {f.workers} worker"),
        ("kills (-9), each followed by a new start", f.kills),
        ("restarts of PostgreSQL, of NATS", f.restarts_of_postgres),
        ("acknowledged creates", f"{f.creates:,}"),
        ("of them in the background", f"{f.creates_in_background:,}"),
        ("streams resumed", f"{f.streams_resumed:,}"),
        ("events read", f"{f.events_read:,}"),
        ("calls that failed, and were tried again", f"{f.calls_that_failed:,}"),
        ("calls to the model that began anew", f"{f.asked_again:,}"),
        ("**acknowledged interactions lost**", f"**{f.lost}**"),
        ("**events seen twice by clients that resumed**", f"**{f.events_twice}**"),
        ("**interactions that never ended**", f"**{f.never_ended}**"),
        ("other errors", f.other_errors),
    ]
    table = "\n".join(f"| {name} | {figure} |" for name, figure in rows)
    return f"""# Chaos

`make chaos` runs {f.replicas} replicas and {f.workers} worker on a real PostgreSQL
and a real NATS, in front of a model's server that answers slowly. Clients create,
stream, leave, resume elsewhere, poll, cancel and delete all the while, and processes
are killed with -9, one after the other, and started again; PostgreSQL and NATS are
restarted in between. In the end every interaction whose id a client has is fetched:
it is there, has ended, says what the model said once and whole, and is what the
clients that followed it were told.

The last run:

| | |
|---|---|
{table}
"""


if __name__ == "__main__":
    sys.exit(main())
