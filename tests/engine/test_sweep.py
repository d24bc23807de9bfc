"""Work in the background begins with its context, and ends with it."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.engine.sweep import Sweep
from tests.clock import WAIT_SECONDS


class Endless(Sweep):
    name = "endless"

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = False

    async def keep(self) -> None:
        """Go on without an end."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.ended = True


async def test_a_sweep_goes_on_while_it_is_open_and_has_ended_after() -> None:
    sweep = Endless()
    async with asyncio.timeout(WAIT_SECONDS):
        async with sweep:
            await sweep.begun.wait()
            assert "endless" in {task.get_name() for task in asyncio.all_tasks()}
            assert not sweep.ended
        assert sweep.ended


async def test_a_sweep_that_was_stopped_at_once_is_no_trouble() -> None:
    sweep = Endless()
    with pytest.raises(KeyError):
        async with asyncio.timeout(WAIT_SECONDS), sweep:
            raise KeyError
    assert not sweep.begun.is_set()
