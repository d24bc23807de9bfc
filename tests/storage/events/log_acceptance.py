"""What every `EventLog` does. Adapters' tests derive from this class."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from typing import Self

import pytest

from openinteractions.engine.signal_ports import Batch, EventLog, LogGapError
from tests.clock import WAIT_SECONDS

KIB = 1024


class Logs(ABC):
    """One log as several processes see it."""

    writer: EventLog
    """That of the process that runs the interactions."""
    other: EventLog
    """That of the process that ran them before, or will."""
    reader: EventLog
    """That of a process whose callers follow them."""

    @abstractmethod
    async def begin(self, *ids: str) -> None:
        """Have interactions that can be logged."""


def batch(epoch: int, number: int, *, whole: bool = False, says: str = "") -> Batch:
    """A batch of a few events, which say what it is."""
    events = [f"{says}{epoch}.{number}.{place}".encode() for place in range(3)]
    return Batch(epoch, number, whole, events)


def first(epoch: int = 1, number: int = 1) -> Batch:
    return batch(epoch, number, whole=True)


class Follower:
    """Follows a log in the background and keeps what it is given."""

    def __init__(self, log: EventLog, id: str) -> None:  # noqa: A002 - the resource's own word
        self.batches: list[Batch] = []
        self._log = log
        self._id = id
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._follow())
        self._task.add_done_callback(lambda _: self._news.set())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def until(self, last: Batch) -> list[Batch]:
        """Wait until it has a batch, and return all that it has."""
        return await self._wait(lambda: last in self.batches)

    async def failure(self) -> BaseException | None:
        """Wait until following fails."""
        await self._wait(self._task.done)
        return self._task.exception()

    async def _wait(self, condition: Callable[[], bool]) -> list[Batch]:
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():
                if self._task.done():
                    self._task.result()
                self._news.clear()
                await self._news.wait()
        return list(self.batches)

    async def _follow(self) -> None:
        async with aclosing(self._log.follow(self._id)) as batches:  # type: ignore[type-var]
            async for one in batches:
                self.batches.append(one)
                self._news.set()


async def append(log: EventLog, id: str, *batches: Batch) -> None:  # noqa: A002
    for one in batches:
        async with asyncio.timeout(WAIT_SECONDS):
            await log.append(id, one)


@asynccontextmanager
async def following(log: EventLog, id: str) -> AsyncIterator[AsyncIterator[Batch]]:  # noqa: A002
    """Follow a log batch by batch, each waited for so long and no longer."""

    async def bounded() -> AsyncIterator[Batch]:
        async with aclosing(log.follow(id)) as batches:  # type: ignore[type-var]
            while True:
                async with asyncio.timeout(WAIT_SECONDS):
                    one = await anext(batches)
                yield one

    async with aclosing(bounded()) as batches:  # type: ignore[type-var]
        yield batches


def check_order(batches: Sequence[Batch]) -> None:
    """Check what a follower may rely on."""
    assert batches[0].whole
    for before, after in pairwise(batches):
        assert (after.epoch, after.number) > (before.epoch, before.number)
        if not after.whole:
            assert (after.epoch, after.number) == (before.epoch, before.number + 1)


class LogAcceptance:
    """The suite; `logs` is a fixture of the adapter's module."""

    async def test_a_follower_is_given_what_was_and_what_comes(
        self, logs: Logs
    ) -> None:
        await logs.begin("a")
        before = [first(), batch(1, 2), batch(1, 3)]
        after = [batch(1, 4), batch(1, 5)]
        await append(logs.writer, "a", *before)
        async with Follower(logs.reader, "a") as follower:
            assert await follower.until(before[-1]) == before
            await append(logs.writer, "a", *after)

            assert await follower.until(after[-1]) == before + after

    async def test_a_follower_may_be_there_before_the_log(self, logs: Logs) -> None:
        await logs.begin("a")
        async with Follower(logs.reader, "a") as follower:
            await asyncio.sleep(0)
            await append(logs.writer, "a", first(), batch(1, 2))

            assert await follower.until(batch(1, 2)) == [first(), batch(1, 2)]

    async def test_every_follower_is_given_everything_whenever_it_comes(
        self, logs: Logs
    ) -> None:
        await logs.begin("a")
        all_batches = [first(), *(batch(1, number) for number in range(2, 121))]
        followers: list[Follower] = []
        for number, one in enumerate(all_batches):
            if number % 10 == 0:
                log = (logs.reader, logs.writer, logs.other)[number % 3]
                followers.append(Follower(log, "a"))
            await append(logs.writer, "a", one)
        for follower in followers:
            async with follower:
                assert await follower.until(all_batches[-1]) == all_batches

    async def test_logs_are_apart(self, logs: Logs) -> None:
        await logs.begin("a", "b")
        ones = [first(), batch(1, 2), batch(1, 3)]
        others = [batch(4, 7, whole=True, says="b"), batch(4, 8, says="b")]
        async with Follower(logs.reader, "a") as a, Follower(logs.reader, "b") as b:
            await append(logs.writer, "a", *ones[:2])
            await append(logs.other, "b", *others)
            await append(logs.writer, "a", *ones[2:])

            assert await a.until(ones[-1]) == ones
            assert await b.until(others[-1]) == others

    async def test_events_of_any_kind_and_size_are_kept(self, logs: Logs) -> None:
        await logs.begin("a")
        small = Batch(1, 1, True, [b"", bytes(range(256)), b"\r\n", b""])
        large = Batch(1, 2, False, [b"x" * (3 * KIB * KIB), b"y" * (700 * KIB)])
        many = Batch(1, 3, False, [b"z"] * 10_000)
        async with Follower(logs.reader, "a") as early:
            await append(logs.writer, "a", small, large, many)

            assert await early.until(many) == [small, large, many]
        async with Follower(logs.reader, "a") as late:
            assert await late.until(many) == [small, large, many]

    async def test_a_large_whole_batch_is_one(self, logs: Logs) -> None:
        await logs.begin("a")
        large = Batch(1, 2, True, [b"x" * (3 * KIB * KIB), b"y" * (700 * KIB)])
        await append(logs.writer, "a", first())
        async with Follower(logs.reader, "a") as early:
            await early.until(first())
            await append(logs.writer, "a", large, batch(1, 3))

            assert await early.until(batch(1, 3)) == [first(), large, batch(1, 3)]
        async with Follower(logs.reader, "a") as late:
            assert await late.until(batch(1, 3)) == [large, batch(1, 3)]

    async def test_a_whole_batch_takes_the_place_of_those_before_it(
        self, logs: Logs
    ) -> None:
        await logs.begin("a")
        whole = batch(1, 9, whole=True)
        await append(logs.writer, "a", first(), batch(1, 2), whole, batch(1, 10))
        async with Follower(logs.reader, "a") as follower:
            assert await follower.until(batch(1, 10)) == [whole, batch(1, 10)]

    async def test_a_batch_that_is_appended_again_is_given_once(
        self, logs: Logs
    ) -> None:
        await logs.begin("a")
        async with Follower(logs.reader, "a") as follower:
            again = [first(), first(), batch(1, 2), batch(1, 2), batch(1, 3)]
            await append(logs.writer, "a", *again)
            once = [first(), batch(1, 2), batch(1, 3)]

            assert await follower.until(batch(1, 3)) == once

    async def test_a_new_epoch_begins_anew(self, logs: Logs) -> None:
        await logs.begin("a")
        async with Follower(logs.reader, "a") as follower:
            await append(logs.writer, "a", first(), batch(1, 2))
            await follower.until(batch(1, 2))
            await append(logs.other, "a", first(epoch=2), batch(2, 2))

            assert await follower.until(batch(2, 2)) == [
                first(),
                batch(1, 2),
                first(epoch=2),
                batch(2, 2),
            ]

    async def test_who_has_lost_its_claim_gets_nothing_in(self, logs: Logs) -> None:
        await logs.begin("a")
        async with Follower(logs.reader, "a") as early:
            await append(logs.writer, "a", first(), batch(1, 2))
            await early.until(batch(1, 2))
            await append(logs.other, "a", first(epoch=3))
            await append(logs.writer, "a", batch(1, 3), batch(1, 4, whole=True))
            await append(logs.writer, "a", batch(2, 1, whole=True), batch(2, 2))
            await append(logs.other, "a", batch(3, 2))

            assert await early.until(batch(3, 2)) == [
                first(),
                batch(1, 2),
                first(epoch=3),
                batch(3, 2),
            ]
        async with Follower(logs.writer, "a") as late:
            given = await late.until(batch(3, 2))
            assert given[-2:] == [first(epoch=3), batch(3, 2)]
            check_order(given)

    async def test_writers_who_do_not_know_of_each_other_do_no_harm(
        self, logs: Logs
    ) -> None:
        await logs.begin("a")

        async def write(log: EventLog, epoch: int) -> None:
            await append(log, "a", first(epoch))
            for number in range(2, 60):
                await append(log, "a", batch(epoch, number, whole=number % 20 == 0))

        last = batch(9, 59)
        async with Follower(logs.reader, "a") as one, Follower(logs.other, "a") as two:
            await asyncio.gather(
                write(logs.writer, 7), write(logs.other, 8), write(logs.reader, 9)
            )
            for follower in (one, two):
                given = await follower.until(last)
                check_order(given)

    @pytest.mark.parametrize("there", [True, False], ids=["early", "late"])
    @pytest.mark.parametrize(
        "cut", [batch(1, 4), batch(2, 1), batch(2, 2)], ids=["number", "epoch", "both"]
    )
    async def test_a_gap_is_told(self, logs: Logs, cut: Batch, *, there: bool) -> None:
        await logs.begin("a")
        await append(logs.writer, "a", first(), batch(1, 2))
        if there:
            async with Follower(logs.reader, "a") as follower:
                await follower.until(batch(1, 2))
                await append(logs.writer, "a", cut)

                assert isinstance(await follower.failure(), LogGapError)
        else:
            await append(logs.writer, "a", cut)
            async with Follower(logs.reader, "a") as follower:
                assert isinstance(await follower.failure(), LogGapError)

    async def test_a_whole_batch_heals_a_gap(self, logs: Logs) -> None:
        await logs.begin("a")
        whole = batch(1, 4, whole=True)
        await append(logs.writer, "a", first())
        async with Follower(logs.reader, "a") as follower:
            await follower.until(first())
            await append(logs.writer, "a", whole, batch(1, 5))

            assert await follower.until(batch(1, 5)) == [first(), whole, batch(1, 5)]

    async def test_a_trimmed_log_is_gone(self, logs: Logs) -> None:
        await logs.begin("a", "b")
        await append(logs.writer, "a", first(), batch(1, 2))
        await append(logs.writer, "b", first(), batch(1, 2))
        async with Follower(logs.reader, "a") as early:
            await early.until(batch(1, 2))
            await logs.writer.trim("a")
            await logs.writer.trim("a")
            await logs.writer.trim("never-there")
            async with Follower(logs.reader, "a") as late:
                await append(logs.other, "a", first(epoch=2))

                assert await late.until(first(epoch=2)) == [first(epoch=2)]
                assert (await early.until(first(epoch=2)))[-1] == first(epoch=2)
        async with Follower(logs.reader, "b") as follower:
            assert await follower.until(batch(1, 2)) == [first(), batch(1, 2)]

    async def test_a_slow_follower_delays_nobody_and_has_everything_in_the_end(
        self, logs: Logs
    ) -> None:
        await logs.begin("a")
        large = [
            Batch(1, number, number == 1, [bytes([number]) * (64 * KIB)])
            for number in range(1, 101)
        ]
        async with following(logs.reader, "a") as slow:
            async with Follower(logs.reader, "a") as quick:
                await append(logs.writer, "a", large[0])
                given = [await anext(slow)]
                await append(logs.writer, "a", *large[1:])
                assert await quick.until(large[-1]) == large
            given += [await anext(slow) for _ in large[1:]]

        assert given == large

    async def test_a_slow_follower_may_be_given_the_newest_whole_batch_instead(
        self, logs: Logs
    ) -> None:
        await logs.begin("a")
        batches = [
            Batch(1, number, number % 50 == 1, [bytes([number]) * (64 * KIB)])
            for number in range(1, 101)
        ]
        async with following(logs.reader, "a") as slow:
            await append(logs.writer, "a", batches[0])
            given = [await anext(slow)]
            await append(logs.writer, "a", *batches[1:])
            while given[-1] != batches[-1]:
                given.append(await anext(slow))

        check_order(given)

    async def test_a_follower_that_waits_can_be_ended(self, logs: Logs) -> None:
        await logs.begin("a")
        async with Follower(logs.reader, "a") as follower:
            await append(logs.writer, "a", first())
            await follower.until(first())
        async with following(logs.reader, "a") as batches:
            assert await anext(batches) == first()
        await append(logs.writer, "a", batch(1, 2))
        async with Follower(logs.reader, "a") as follower:
            assert await follower.until(batch(1, 2)) == [first(), batch(1, 2)]
