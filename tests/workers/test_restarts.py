"""Deaths that come too soon cost more and more time, and in the end the server."""

from __future__ import annotations

from openinteractions.workers.restarts import DELAYS, STEADY_SECONDS, Restarts


def test_each_early_death_waits_longer_until_it_is_hopeless() -> None:
    restarts = Restarts()

    assert [restarts.delay(0) for _ in DELAYS] == list(DELAYS)
    assert restarts.delay(STEADY_SECONDS - 1) is None
    assert sorted(DELAYS) == list(DELAYS)


def test_a_death_after_long_service_counts_anew() -> None:
    restarts = Restarts()
    for _ in DELAYS:
        restarts.delay(0)

    assert restarts.delay(STEADY_SECONDS) == DELAYS[0]
    assert restarts.delay(0) == DELAYS[1]
