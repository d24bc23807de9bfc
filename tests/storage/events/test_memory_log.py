"""The log in memory: the suite."""

from __future__ import annotations

import pytest

from openinteractions.storage.events.memory import MemoryLog
from tests.storage.events.log_acceptance import LogAcceptance, Logs


class Simulated(Logs):
    def __init__(self) -> None:
        self.writer = self.other = self.reader = MemoryLog()

    async def begin(self, *ids: str) -> None:
        """Any interaction can be logged."""


@pytest.fixture
def logs() -> Logs:
    return Simulated()


class TestMemoryLog(LogAcceptance):
    """Nothing but the suite."""
