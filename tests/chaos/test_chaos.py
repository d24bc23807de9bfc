"""Killed processes lose nothing that was acknowledged: `make chaos` in short."""

from __future__ import annotations

from tests.chaos.run import Plan, run

SHORT = Plan(
    seconds=10,
    clients=20,
    deadline=2,
    calm=(1.5, 3),
    creates=50,
    kills=2,
    services=False,
)


def test_nothing_acknowledged_is_lost_or_told_twice_when_processes_are_killed() -> None:
    outcome = run(SHORT)
    figures = outcome.figures
    assert outcome.wrong == []
    assert (figures.lost, figures.events_twice, figures.never_ended) == (0, 0, 0)
    assert figures.kills >= SHORT.kills
    assert figures.creates >= SHORT.creates
