"""The tables and the picture say what was measured, and nothing where nothing was."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from bench import plot, tables
from bench.goals import Goal
from bench.measure import split
from bench.places import ROOT
from bench.report import Document, document, figure, medians_of
from bench.rows import BACKGROUND
from bench.run import Cell, Outcome
from bench.subjects import OURS, PAIR, RAW, SHARED, floor, ours, raw


def cell(*rounds: dict[str, float], failure: str = "") -> Cell:
    return Cell(list(rounds), failure)


@pytest.fixture
def found() -> Document:
    results = {
        "create/1": {
            RAW: cell({"latency_ms_p50": 0.1}),
            OURS: cell({"latency_ms_p50": 0.5}),
        },
        "create/16": {
            OURS: cell({"per_second": 5000.0}, {"per_second": 4000.0, "cpu_us": 200.0}),
            PAIR: cell({"per_second": 6000.0, "cpu_us": 220.0, "cpu_split": 1.05}),
            "floor": cell({"per_second": 9000.0, "cpu_us": 100.0}),
        },
        "stream/16": {OURS: cell(failure="200 chunks came as 3 events")},
    }
    return document(
        Outcome(results, {}),
        {"encode event": {"codec": 2.5, "json": 0.25}},
        subjects=[raw(ROOT), ours("1.0", None), ours("1.0", None, workers=2), floor()],
        options={"rounds": 2, "seconds": 1.0},
    )


def test_the_median_is_taken_of_every_figure(found: Document) -> None:
    medians = medians_of(found)

    assert medians["create/16"][OURS] == {"per_second": 4500.0, "cpu_us": 200.0}


def test_what_is_added_is_above_the_backend(found: Document) -> None:
    medians = medians_of(found)

    assert figure(medians, "create/1", OURS, "latency_ms_p50(added)") == 0.4
    assert figure(medians, "create/1", "floor", "latency_ms_p50(added)") is None


def test_the_comparison_says_how_many_times_better_ours_is(found: Document) -> None:
    text = tables.text(found)

    assert f"| - / 9.0 k / - / - ({tables.TIMES} - / 0.5 / - / -)" in text
    assert f"| 100 ({tables.TIMES} 0.5)" in text


def test_two_workers_stand_beside_one(found: Document) -> None:
    text = tables.text(found)

    assert re.search(r"create/16 +\| 4.5 k +\| 6.0 k +\| 200 +\| 220 +\| 1.1 ", text)
    assert re.search(rf"create/16, {PAIR}: cpu_us .* ≤ 1.15 +\| 1.1 +\| met", text)
    assert re.search(rf"create/16, {PAIR}: cpu_split +\| ≤ 1.2 +\| 1.05 ", text)


@pytest.mark.parametrize(
    ("spent", "most"),
    [([], 0.0), ([3.0], 0.0), ([2.0, 2.0], 1.0), ([3.0, 1.0, 0.0], 1.5)],
)
def test_the_split_is_the_busiest_beside_the_mean(
    spent: list[float], most: float
) -> None:
    assert split(spent) == most


def test_failures_are_told(found: Document) -> None:
    text = tables.text(found)

    assert f"failed: stream/16, {OURS}: 200 chunks came as 3 events" in text


def test_the_picture_has_a_bar_for_every_figure(found: Document) -> None:
    root = ET.fromstring(plot.svg(found))  # noqa: S314 - our own

    bars = [
        element.get("class")
        for element in root.iter("{http://www.w3.org/2000/svg}rect")
        if element.get("class")
    ]
    assert bars == ["ours", "theirs", "ours", "theirs"]


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        pytest.param(Goal(row="r", figure="f", least=4), 4.0, True, id="just enough"),
        pytest.param(Goal(row="r", figure="f", least=4), 3.9, False, id="too little"),
        pytest.param(Goal(row="r", figure="f", most=4), 4.0, True, id="just in it"),
        pytest.param(Goal(row="r", figure="f", most=4), 4.1, False, id="too much"),
    ],
)
def test_a_goal_is_met_within_its_limit(goal: Goal, value: float, *, met: bool) -> None:
    assert goal.met(value) is met


def test_a_goal_may_be_what_a_figure_is_above_another() -> None:
    results = {
        "create/16": {OURS: cell({"cpu_us": 200.0}), SHARED: cell({"cpu_us": 290.0})}
    }
    found = document(
        Outcome(results, {}), {}, subjects=[], options={"rounds": 1, "seconds": 1.0}
    )

    line = next(line for line in tables.text(found).splitlines() if "above" in line)

    assert re.search(r"\| ≤ 120 +\| 90\b.*met", line)


def test_crowds_show_every_figure_that_was_measured() -> None:
    results = {BACKGROUND: {OURS: cell({"finished": 2000.0, "memory_mb": 432.0})}}
    found = document(
        Outcome(results, {}), {}, subjects=[], options={"rounds": 1, "seconds": 1.0}
    )

    text = tables.text(found)

    assert re.search(rf"{BACKGROUND} *\| most memory, MB *\| 432 ", text)
