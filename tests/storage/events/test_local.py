"""Signals within one process."""

from __future__ import annotations

import pytest

from openinteractions.engine.signal_ports import Signals
from openinteractions.storage.events.local import Hub
from tests.storage.events.signal_acceptance import Company, SignalAcceptance


class Simulated(Company):
    def __init__(self) -> None:
        self.hub = Hub()

    async def join(self, process: str) -> Signals:
        return self.hub.join(process)

    async def leave(self, process: str) -> None:
        self.hub.leave(process)

    async def settle(self, *signals: Signals) -> None:
        """Everybody knows at once."""


@pytest.fixture
def company() -> Company:
    return Simulated()


class TestLocalSignals(SignalAcceptance):
    """Nothing but the suite."""
