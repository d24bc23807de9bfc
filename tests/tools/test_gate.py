"""Gates: who gets a free place, who waits, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.tools.gate import Gate
from tests.clock import WAIT_SECONDS


class Visits:
    """Visitors of a gate, who stay until they are told to go."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def come(self, gate: Gate, name: str) -> None:
        """Have a visitor; the first letter is the owner."""
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(gate, name))

    def go(self, name: str) -> None:
        self._leave[name].set()

    async def _visit(self, gate: Gate, name: str) -> None:
        async with gate.place(name[0]):
            self.entered.append(name)
            await self._leave[name].wait()


@pytest.fixture
async def visits() -> AsyncIterator[Visits]:
    made = Visits()
    async with asyncio.timeout(WAIT_SECONDS):
        yield made
        for task in made.tasks.values():
            task.cancel()
        await asyncio.gather(*made.tasks.values(), return_exceptions=True)


async def turn() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def gate(places: int = 2, *, waiting: int = 9, seconds: float = 60) -> Gate:
    return Gate(places, waiting=waiting, seconds=seconds, busy="other work")


async def test_a_free_place_goes_to_whoever_has_the_fewest(visits: Visits) -> None:
    one = gate()
    for name in ("a1", "a2", "a3", "a4", "b1", "b2"):
        visits.come(one, name)
    await turn()
    for name in ("a1", "a2", "b1", "a3"):
        visits.go(name)
        await turn()
    assert visits.entered == ["a1", "a2", "b1", "a3", "b2", "a4"]


async def test_only_so_many_of_one_owner_wait(visits: Visits) -> None:
    one = gate(1, waiting=1)
    for name in ("a1", "a2", "a3", "b1"):
        visits.come(one, name)
    with pytest.raises(UnavailableError, match="busy with other work") as refused:
        await visits.tasks["a3"]
    assert refused.value.retry_after
    for name in ("a1", "b1", "a2"):
        visits.go(name)
    await asyncio.gather(*(visits.tasks[name] for name in ("a1", "b1", "a2")))
    assert sorted(visits.entered) == ["a1", "a2", "b1"]


async def test_nobody_waits_for_ever(visits: Visits) -> None:
    one = gate(1, seconds=0.01)
    visits.come(one, "a1")
    visits.come(one, "b1")
    with pytest.raises(UnavailableError):
        await visits.tasks["b1"]
    visits.go("a1")
    await visits.tasks["a1"]
    visits.come(one, "c1")
    await turn()
    assert visits.entered == ["a1", "c1"]


@pytest.mark.parametrize(
    "order",
    [
        [Visits.go, lambda visits, _: visits.tasks["b1"].cancel()],
        [lambda visits, _: visits.tasks["b1"].cancel(), Visits.go],
    ],
    ids=["granted", "waiting"],
)
async def test_who_leaves_the_queue_takes_no_place(
    visits: Visits, order: list[Callable[[Visits, str], object]]
) -> None:
    one = gate(1)
    for name in ("a1", "b1", "c1"):
        visits.come(one, name)
    await turn()
    for step in order:
        step(visits, "a1")
    await turn()
    await turn()
    assert visits.tasks["b1"].cancelled()
    assert visits.entered == ["a1", "c1"]
