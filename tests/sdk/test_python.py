"""Every behaviour, with every Python SDK that can express it, sync and async.

The behaviours run in the SDK's own environment (`python/runner`), all of one SDK and
mode in one process; each is reported here as a test of its own.
"""

from __future__ import annotations

import collections
from collections.abc import Callable

import pytest

from tests.sdk.environments import PYTHON_SDKS
from tests.sdk.python.demands import DEMANDS, NOT_SHOWN
from tests.sdk.python.dialects import CANNOT
from tests.sdk.python.registry import ALL, behaviours
from tests.sdk.runs import ALL as ALL_RUNS
from tests.sdk.runs import Run, Runs

LEAST = 60
"""The number of behaviours that every SDK has to show."""


_CASES = [
    pytest.param(run, found.name, id=f"py-{'-'.join(run)}-{found.area}-{found.name}")
    for run in ALL_RUNS
    for found in behaviours().values()
    if run.version not in found.cannot and found.name not in CANNOT[run.dialect]
]


@pytest.mark.parametrize(("run", "name"), _CASES)
def test_behaviour(
    python_runs: Runs,
    record_property: Callable[[str, object], None],
    run: Run,
    name: str,
) -> None:
    record_property("sdk", f"google-genai {run.version}")
    record_property("dialect", run.dialect)
    record_property("behaviour", name)
    results = python_runs.results(run)
    result = results.get(name)
    if result is None:
        pytest.fail(
            f"did not finish; the run said:\n{results['']['error']}", pytrace=False
        )
    if result["error"]:
        pytest.fail(result["error"], pytrace=False)


@pytest.mark.parametrize("version", PYTHON_SDKS)
def test_every_sdk_has_enough_behaviours(version: str) -> None:
    expressible = [
        name for name, found in behaviours().items() if version not in found.cannot
    ]
    assert len(expressible) >= LEAST


@pytest.mark.parametrize("version", PYTHON_SDKS)
def test_every_demand_is_shown_with_every_sdk_or_has_a_reason(version: str) -> None:
    shown = collections.Counter[str]()
    excused = collections.Counter[str]()
    for found in behaviours().values():
        kept = excused if version in found.cannot else shown
        kept.update(found.demands)
    missing = [
        demand for demand in DEMANDS if not shown[demand] and not excused[demand]
    ]
    assert missing == []


def test_every_demand_is_shown_with_some_sdk() -> None:
    shown = {demand for found in behaviours().values() for demand in found.demands}
    assert shown == set(DEMANDS)


@pytest.mark.parametrize("name", list(behaviours()))
def test_every_behaviour_answers_a_demand(name: str) -> None:
    found = behaviours()[name]
    assert found.demands
    assert set(found.demands) <= set(DEMANDS)
    assert set(found.cannot) <= set(ALL)
    assert all(found.cannot.values())


def test_what_a_dialect_cannot_show_is_a_behaviour_and_has_a_reason() -> None:
    for listed in CANNOT.values():
        assert set(listed) <= set(behaviours())
        assert all(listed.values())


def test_what_is_not_shown_has_a_reason() -> None:
    assert all(NOT_SHOWN.values())
    assert not set(NOT_SHOWN) & set(DEMANDS)
