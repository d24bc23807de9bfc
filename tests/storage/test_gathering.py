"""When the thread that writes is called, and for how much at a time."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.storage import gathering
from openinteractions.storage.gathering import Gathering
from tests.clock import WAIT_SECONDS

NEVER = 3600.0


@pytest.fixture(autouse=True)
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no time end a gathering, where a test does not say so."""
    monkeypatch.setattr(gathering, "GATHERING_SECONDS", NEVER)


async def called(gathered: Gathering[str]) -> list[str]:
    """Return what the thread is called for."""
    assert await asyncio.wait_for(asyncio.to_thread(gathered.wait), WAIT_SECONDS)
    return gathered.take()


async def turns_of_the_loop() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def is_called(gathered: Gathering[str]) -> bool:
    return not gathered._calls.empty()


async def test_what_comes_at_the_same_time_is_one_call() -> None:
    gathered = Gathering[str]()
    for thing in "abc":
        gathered.add(thing)
    assert not is_called(gathered)

    assert await called(gathered) == ["a", "b", "c"]
    assert gathered.is_empty()
    assert not is_called(gathered)


async def test_alone_nothing_is_waited_for() -> None:
    gathered = Gathering[str]()
    gathered.done(10, rivals=False)
    gathered.add("a")
    assert await called(gathered) == ["a"]
    # The thread writes now, and is called for what comes meanwhile.
    gathered.add("b")
    await turns_of_the_loop()
    assert is_called(gathered)


async def test_beside_others_as_many_are_waited_for_as_there_were() -> None:
    gathered = Gathering[str]()
    gathered.done(3, rivals=True)
    for thing in "ab":
        gathered.add(thing)
        await turns_of_the_loop()
        assert not is_called(gathered)
    gathered.add("c")

    assert await called(gathered) == ["a", "b", "c"]


async def test_beside_others_what_comes_meanwhile_is_kept_for_the_next() -> None:
    gathered = Gathering[str]()
    gathered.done(1, rivals=True)
    gathered.add("a")
    assert await called(gathered) == ["a"]
    gathered.add("b")
    await turns_of_the_loop()
    assert not is_called(gathered)
    gathered.done(1, rivals=True)
    # Who had "a" is on the way with another.
    await turns_of_the_loop()
    assert not is_called(gathered)
    gathered.add("c")

    assert await called(gathered) == ["b", "c"]


async def test_nobody_is_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "GATHERING_SECONDS", 0.001)
    gathered = Gathering[str]()
    gathered.done(100, rivals=True)
    gathered.add("a")

    assert await called(gathered) == ["a"]


async def test_who_is_left_alone_waits_no_more() -> None:
    gathered = Gathering[str]()
    gathered.done(2, rivals=True)
    gathered.add("a")
    gathered.add("b")
    assert await called(gathered) == ["a", "b"]
    gathered.add("c")
    gathered.done(2, rivals=False)

    assert await called(gathered) == ["c"]


async def test_at_the_end_all_is_written() -> None:
    gathered = Gathering[str]()
    gathered.done(9, rivals=True)
    gathered.add("a")
    await turns_of_the_loop()
    gathered.close()

    assert not await asyncio.wait_for(asyncio.to_thread(gathered.wait), WAIT_SECONDS)
    assert gathered.take() == ["a"]
