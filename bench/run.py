"""One run: every row on every subject, round after round, and the medians.

Subjects take turns within a round (A B C, A B C), so that a machine that is slow for a
while is slow for all. What fails is kept as the text that the table shows.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ParamSpec

from bench import crowds, special
from bench.measure import Measurement, MeasurementError
from bench.places import CACHE
from bench.process import StartError
from bench.rows import (
    BACKGROUND,
    ELSEWHERE,
    PAIRED,
    ROWS,
    SHARED_ROWS,
    TRIAL_MODEL,
    Row,
)
from bench.services import Services
from bench.stage import Player, Stage, staged
from bench.subjects import OURS, PAIR, RAW, SHARED, Subject

TRIAL_SECONDS = 5.0
WARM_UP_SECONDS = 0.2
WARM_UP = tuple(row for row in ROWS if row.name in {"create/1", "stream/1"})
"""What every server does once before it is measured: the first requests import."""

BRIDGES = ("chat", "responses")
"""LiteLLM's ways to a model server; the better one is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does."""

    rows: Sequence[Row]
    rounds: int
    seconds: float
    start: bool = True
    idle: bool = True
    crowds: Sequence[str] = ()
    """Those of `CROWDS` that are wanted."""
    services: Services | None = None
    """What our server shares with others of its kind, if it is there."""


@dataclass(slots=True)
class Cell:
    """What came of one row with one subject."""

    rounds: list[Measurement] = field(default_factory=list)
    failure: str = ""

    @property
    def median(self) -> Measurement:
        """The median of every figure over the rounds that succeeded."""
        values: dict[str, list[float]] = defaultdict(list)
        for measurement in self.rounds:
            for name, value in measurement.items():
                values[name].append(value)
        return {name: statistics.median(found) for name, found in values.items()}


Results = dict[str, dict[str, Cell]]
"""Cells by row and subject."""


@dataclass(slots=True)
class Outcome:
    """What a run has found."""

    results: Results
    bridges: Mapping[str, str]
    """The bridge of LiteLLM that was measured, for `create` and `stream`."""


def run(subjects: Sequence[Subject], plan: Plan, say: Callable[[str], None]) -> Outcome:
    """Do a run; `say` is told what is going on, line by line."""
    results: Results = defaultdict(lambda: defaultdict(Cell))
    bridges: dict[str, str] = {}
    if plan.start:
        _starts(subjects, plan.rounds, results, say)
    with staged(subjects) as stage:
        for player in stage.players:
            if player.subject.name == "LiteLLM":
                bridges = _choose_bridges(stage, player, min(plan.seconds, 1.0))
                say(f"LiteLLM's bridges: {bridges}")
        for player in _others(stage.players):
            for row in WARM_UP:
                _try(Cell(), stage.measure, player, row, WARM_UP_SECONDS)
        for row in plan.rows:
            _measure_row(stage, row, plan, results, say)
        if plan.idle:
            _measure_idle(stage, results, say)
        for crowd in plan.crowds:
            _measure_crowd(stage, crowd, plan, results, say)
    return Outcome(results, bridges)


def _measure_row(
    stage: Stage, row: Row, plan: Plan, results: Results, say: Callable[[str], None]
) -> None:
    players = [player for player in stage.players if _plays(player.subject, row)]
    for _ in range(row.rounds or plan.rounds):
        for player in players:
            cell = results[row.name][player.subject.name]
            if not cell.failure:
                seconds = row.seconds or plan.seconds
                _try(cell, stage.measure, player, row, seconds)
    figure = "events_per_second" if row.stream else "per_second"
    say(_line(row.name, results[row.name], figure))


def _measure_idle(stage: Stage, results: Results, say: Callable[[str], None]) -> None:
    for player in _others(stage.players):
        if player.subject.name not in {PAIR, SHARED}:
            cell = results["idle"][player.subject.name]
            _try(cell, special.idle_streams, stage, player)
    say(_line("idle", results["idle"], "kb_per_stream"))


def _measure_crowd(
    stage: Stage, name: str, plan: Plan, results: Results, say: Callable[[str], None]
) -> None:
    """Measure a crowd once: it takes as long as the backend says, again and again."""
    subjects = {player.subject.name: player.subject for player in stage.players}
    if name == ELSEWHERE:
        if plan.services and SHARED in subjects:
            cell, subject = results[name][SHARED], subjects[SHARED]
            _try(cell, crowds.elsewhere, stage, subject, plan.services)
    else:
        measure = crowds.background if name == BACKGROUND else crowds.readers
        _try(results[name][OURS], measure, stage, subjects[OURS])
    say(_line(name, results[name], "memory_mb"))


def _plays(subject: Subject, row: Row) -> bool:
    """Whether a row is measured with a subject."""
    if subject.name == PAIR:
        return row.name in PAIRED
    if subject.name == SHARED:
        return row.name in SHARED_ROWS
    return row.everyone or subject.name == OURS


def _starts(
    subjects: Sequence[Subject],
    rounds: int,
    results: Results,
    say: Callable[[str], None],
) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="start-") as folder:
        for number in range(rounds):
            for subject in subjects:
                if subject.name in {RAW, SHARED}:
                    continue
                cell = results["start"][subject.name]
                home = Path(folder) / f"{subject.name}-{number}"
                # Nobody is behind this port: starting must not need the backend.
                url = "http://127.0.0.1:9/v1"
                _try(cell, special.cold_start, subject, home, url)
    say(_line("start", results["start"], "start_seconds"))


def _choose_bridges(stage: Stage, player: Player, seconds: float) -> dict[str, str]:
    """Find LiteLLM's better bridge for each kind, and have it measured with that."""
    rates = {
        kind: {
            bridge: _try_bridge(stage, player, bridge, seconds, stream=stream)
            for bridge in BRIDGES
        }
        for kind, stream in (("create", False), ("stream", True))
    }
    chosen = {kind: max(found, key=found.__getitem__) for kind, found in rates.items()}
    player.subject = replace(
        player.subject,
        prefix={False: f"{chosen['create']}/", True: f"{chosen['stream']}/"},
    )
    return chosen


def _try_bridge(
    stage: Stage, player: Player, bridge: str, seconds: float, *, stream: bool
) -> float:
    """Return what a bridge does a second; nothing if it only seems to stream."""
    tried = replace(
        player, subject=replace(player.subject, prefix={stream: f"{bridge}/"})
    )
    row = Row(
        name=f"trial/{bridge}",
        group="trial",
        model="tokens-200" if stream else "tokens-8",
        connections=16,
        stream=stream,
    )
    try:
        if stream:
            paced = replace(row, model=TRIAL_MODEL, connections=1, once=True)
            stage.measure(tried, paced, TRIAL_SECONDS)
        found = stage.measure(tried, row, seconds)
    except MeasurementError:
        return 0.0
    return found["events_per_second" if stream else "per_second"]


def _others(players: Iterable[Player]) -> list[Player]:
    return [player for player in players if player.subject.name != RAW]


P = ParamSpec("P")


def _try(
    cell: Cell, measure: Callable[P, Measurement], *of: P.args, **with_: P.kwargs
) -> None:
    try:
        cell.rounds.append(measure(*of, **with_))
    except (MeasurementError, StartError) as error:
        cell.failure = str(error)


def _line(name: str, cells: Mapping[str, Cell], figure: str) -> str:
    shown = [
        f"{subject} {_short(cell.median.get(figure))}"
        if cell.rounds
        else f"{subject} failed ({cell.failure[:80]})"
        for subject, cell in cells.items()
    ]
    return f"{name:20} {figure}: {', '.join(shown)}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}"
