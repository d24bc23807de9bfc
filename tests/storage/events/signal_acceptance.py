"""What every adapter of `Signals` does. Adapters' tests derive from this class."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial

from openinteractions.engine.signal_ports import Signal, Signals
from tests.clock import WAIT_SECONDS

LOOK_SECONDS = 0.002

Note = tuple[Signal, str]


class Ears:
    """What the listeners of one process have heard."""

    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        self.heard: list[Note] = []
        self.missed = 0
        """How often it was told that it may have missed something."""
        self._news = asyncio.Event()
        signals.listen(self._hear)

    def _hear(self, signal: Signal, id: str) -> None:  # noqa: A002 - the resource's own word
        # That can be said at any time.
        if signal is Signal.MISSED:
            self.missed += 1
        else:
            self.heard.append((signal, id))
        self._news.set()

    async def until(self, condition: Callable[[list[Note]], bool]) -> list[Note]:
        """Wait until what was heard fulfils a condition, and return it."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition(self.heard):
                self._news.clear()
                await self._news.wait()
        return self.heard


class Company(ABC):
    """Processes that can tell each other something."""

    @abstractmethod
    async def join(self, process: str) -> Signals:
        """Return the signals of a new process, once it can be reached."""

    @abstractmethod
    async def leave(self, process: str) -> None:
        """Close the signals of a process."""

    @abstractmethod
    async def settle(self, *signals: Signals) -> None:
        """Wait until others know who accepts work."""

    async def ears(self, *processes: str) -> list[Ears]:
        """Have new processes listen."""
        return [Ears(await self.join(process)) for process in processes]


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is true that nobody tells."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            if condition():
                return
            await asyncio.sleep(LOOK_SECONDS)


END = (Signal.ENDED, "the-last")
"""What is sent to show that nothing comes before it any more."""


async def all_heard(*ears: Ears) -> list[list[Note]]:
    """What each has heard up to the end, and the end is one of it."""
    return [list(await one.until(lambda heard: END in heard)) for one in ears]


def heard_in_all(ears: Sequence[Ears], count: int) -> bool:
    return sum(len(one.heard) for one in ears) == count


class SignalAcceptance:
    """The suite; `company` is a fixture of the adapter's module."""

    async def test_a_signal_to_all_reaches_all_and_the_sender(
        self, company: Company
    ) -> None:
        a, b, c = await company.ears("a", "b", "c")
        a.signals.send(*END)

        assert await all_heard(a, b, c) == [[END]] * 3

    async def test_sending_returns_before_anybody_hears(self, company: Company) -> None:
        a, b = await company.ears("a", "b")
        a.signals.send(*END)
        a.signals.send(*END, to="a")

        assert (a.heard, b.heard) == ([], [])
        await all_heard(a, b)

    async def test_a_signal_to_one_reaches_nobody_else(self, company: Company) -> None:
        a, b, c = await company.ears("a", "b", "c")
        a.signals.send(Signal.CANCEL, "one", to="b")
        a.signals.send(Signal.FOLLOW, "two", to="a")
        a.signals.send(*END)
        heard = await all_heard(a, b, c)

        assert sorted(heard[0]) == sorted([(Signal.FOLLOW, "two"), END])
        assert sorted(heard[1]) == sorted([(Signal.CANCEL, "one"), END])
        assert heard[2] == [END]

    async def test_signals_of_one_sender_come_in_order(self, company: Company) -> None:
        a, b = await company.ears("a", "b")
        sent = [(Signal.CANCEL, f"v1_{number:032x}") for number in range(2_000)]
        for signal, name in sent:
            a.signals.send(signal, name, to="b")
        a.signals.send(*END, to="b")

        assert await all_heard(b) == [[*sent, END]]

    async def test_several_senders_are_heard(self, company: Company) -> None:
        a, b, c = await company.ears("a", "b", "c")
        b.signals.send(Signal.CANCEL, "one", to="a")
        c.signals.send(Signal.CANCEL, "two", to="a")
        heard = await a.until(lambda heard: len(heard) == 2)

        assert sorted(heard) == [(Signal.CANCEL, "one"), (Signal.CANCEL, "two")]

    async def test_every_listener_is_told(self, company: Company) -> None:
        (a,) = await company.ears("a")
        again = Ears(a.signals)
        a.signals.send(*END)

        assert await all_heard(a, again) == [[END]] * 2

    async def test_work_goes_to_one_of_those_that_accept_it(
        self, company: Company
    ) -> None:
        ears = await company.ears("a", "b", "c")
        ears[1].signals.accept_work()
        ears[2].signals.accept_work()
        ears[2].signals.accept_work()
        await company.settle(*(one.signals for one in ears))
        count = 0
        chosen: set[int] = set()
        while chosen != {1, 2}:
            ears[0].signals.send(Signal.WORK)
            count += 1
            await eventually(partial(heard_in_all, ears, count))
            chosen = {number for number, one in enumerate(ears) if one.heard}
        ears[0].signals.send(*END)
        heard = await all_heard(*ears)

        assert heard[0] == [END]
        assert sum(one.count((Signal.WORK, "")) for one in heard) == count

    async def test_work_that_nobody_accepts_is_lost(self, company: Company) -> None:
        a, b = await company.ears("a", "b")
        b.signals.accept_work()
        await company.settle(a.signals, b.signals)
        b.signals.refuse_work()
        await company.settle(a.signals, b.signals)
        a.signals.send(Signal.WORK)
        a.signals.send(*END)

        assert await all_heard(a, b) == [[END]] * 2

    async def test_work_can_be_sent_to_a_process_by_name(
        self, company: Company
    ) -> None:
        a, b = await company.ears("a", "b")
        a.signals.send(Signal.WORK, to="b")
        a.signals.send(*END)

        assert [sorted(one) for one in await all_heard(a, b)] == [
            [END],
            sorted([(Signal.WORK, ""), END]),
        ]

    async def test_a_process_that_is_not_there_harms_nobody(
        self, company: Company
    ) -> None:
        a, b, c = await company.ears("a", "b", "c")
        c.signals.accept_work()
        await company.settle(a.signals, b.signals, c.signals)
        await company.leave("c")
        a.signals.send(Signal.CANCEL, "one", to="c")
        a.signals.send(Signal.CANCEL, "one", to="never-there")
        a.signals.send(Signal.WORK)
        a.signals.send(*END)

        assert await all_heard(a, b) == [[END]] * 2
        assert c.heard == []
