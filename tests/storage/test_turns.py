"""Turns at writing: one at a time, none missed, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from openinteractions.storage.sqlite import SqliteStore
from openinteractions.storage.turns import Turns
from tests.clock import WAIT_SECONDS
from tests.storage.records import record


@pytest.fixture
def log(tmp_path: Path) -> Path:
    log = tmp_path / "store.db-wal"
    log.touch()
    return log


@contextmanager
def turn(turns: Turns) -> Iterator[None]:
    taken = turns.take()
    try:
        yield
    finally:
        if taken:
            turns.give_back()


def free(log: Path) -> bool:
    """Whether somebody could have a turn now."""
    with log.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def test_turns_are_one_at_a_time(log: Path) -> None:
    having: list[int] = []
    most: list[int] = []

    def write(number: int) -> None:
        turns = Turns(log, WAIT_SECONDS)
        for _ in range(200):
            with turn(turns):
                having.append(number)
                most.append(len(having))
                having.remove(number)
        turns.leave()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    assert most == [1] * 800
    assert free(log)


def test_who_waits_too_long_goes_on_and_takes_no_turn_from_others(log: Path) -> None:
    one, two = Turns(log, WAIT_SECONDS), Turns(log, 0.01)
    with turn(one):
        with turn(two):
            assert not free(log)
        with turn(two):
            assert not free(log)
    # What it had waited for comes, is not wanted any more, and is given back.
    for _ in range(2):
        with turn(one):
            assert not free(log)
    two.leave()
    one.leave()
    with turn(Turns(log, WAIT_SECONDS)):
        assert not free(log)


def test_who_leaves_gives_back_the_turn(log: Path) -> None:
    turns = Turns(log, WAIT_SECONDS)
    with turn(turns):
        assert not free(log)
        turns.leave()
        assert free(log)
    with turn(turns):
        assert free(log)


def test_without_a_log_there_are_no_turns(tmp_path: Path) -> None:
    with turn(Turns(tmp_path / "none", WAIT_SECONDS)):
        assert not list(tmp_path.iterdir())


def test_a_turn_that_never_ends_is_waited_for_once(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    one, two = Turns(log, WAIT_SECONDS), Turns(log, 0.01)
    assert one.take()
    assert not two.take()
    monkeypatch.setattr("time.sleep", looks.append)
    for _ in range(3):
        assert not two.take()
    assert looks == []
    one.leave()
    assert two.take()
    two.give_back()
    three = Turns(log, 0.01)
    with turn(three):
        monkeypatch.setattr("time.sleep", lambda _: three.give_back())
        assert two.take()
    two.leave()
    three.leave()


class Flaky:
    """A lock that fails from some call on."""

    def __init__(self, *answers: type[OSError] | None) -> None:
        self.answers = list(answers)

    def __call__(self, *_: object) -> None:
        error = self.answers.pop(0) if self.answers else OSError
        if error is not None:
            raise error


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([], id="to be asked for"),
        pytest.param([BlockingIOError, BlockingIOError], id="to be waited for"),
        pytest.param([None], id="to be given back"),
    ],
)
def test_a_lock_that_begins_to_fail_is_done_without(
    log: Path, monkeypatch: pytest.MonkeyPatch, answers: list[type[OSError] | None]
) -> None:
    flaky, pauses = Flaky(*answers), list[float]()
    turns = Turns(log, WAIT_SECONDS)
    with monkeypatch.context() as patched:
        patched.setattr("fcntl.flock", flaky)
        patched.setattr("time.sleep", pauses.append)
        with turn(turns):
            pass
        assert len(pauses) == answers.count(BlockingIOError)
        assert not turns.take()
    assert turns.rivals == 0
    assert free(log)


async def test_what_gathers_while_others_have_their_turn_is_written_in_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    store = await SqliteStore.open(path)
    await store.add(record("first"), [])
    other = Turns(path.with_name("store.db-wal"), WAIT_SECONDS)
    with turn(other):
        adding = [
            asyncio.create_task(store.add(record(f"a{number}"), []))
            for number in range(20)
        ]
        done, _ = await asyncio.wait(adding, timeout=0.1)
        assert not done
    await asyncio.wait_for(asyncio.gather(*adding), WAIT_SECONDS)
    other.leave()
    await store.close()
    assert names(tmp_path) == ["store.db"]
