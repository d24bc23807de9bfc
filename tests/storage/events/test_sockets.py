"""Signals over Unix datagrams: the suite, and what a folder can show."""

from __future__ import annotations

import asyncio
import shutil
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openinteractions.engine.signal_ports import Signal, Signals
from openinteractions.storage.events.sockets import SocketSignals
from tests.clock import WAIT_SECONDS
from tests.storage.events.signal_acceptance import (
    END,
    Company,
    Ears,
    SignalAcceptance,
    all_heard,
    eventually,
)

CHECK_SECONDS = 0.02


class Machine(Company):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.members: dict[str, SocketSignals] = {}

    async def join(self, process: str, **options: int) -> Signals:
        signals = await SocketSignals.open(
            self.folder, process, check_seconds=CHECK_SECONDS, **options
        )
        self.members[process] = signals
        return signals

    async def leave(self, process: str) -> None:
        await self.members.pop(process).close()

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    async def settle(self, *signals: Signals) -> None:
        """Everybody sees the folder."""


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path / "signals")
    yield machine
    for process in list(machine.members):
        await machine.leave(process)


def dead(folder: Path, process: str) -> None:
    """Leave what a process leaves that was killed."""
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    holder.bind(str(folder / f"{process}.socket"))
    holder.close()
    (folder / f"{process}.work").touch()


class TestSocketSignals(SignalAcceptance):
    """The suite, with one socket for each process."""

    async def test_nobody_else_may_send_or_listen(self, company: Machine) -> None:
        await company.join("a")

        assert stat.S_IMODE(company.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((company.folder / "a.socket").stat().st_mode) == 0o600

    async def test_a_process_leaves_nothing_behind(self, company: Machine) -> None:
        a = await company.join("a")
        a.accept_work()
        assert company.names() == {"a.socket", "a.work"}
        await company.leave("a")

        assert company.names() == set()

    async def test_what_a_killed_process_left_is_removed_at_the_start(
        self, company: Machine
    ) -> None:
        await company.join("a")
        dead(company.folder, "b")
        (company.folder / "c.work").touch()
        await company.join("d")

        assert company.names() == {"a.socket", "d.socket"}

    async def test_work_for_a_killed_process_goes_to_another(
        self, company: Machine
    ) -> None:
        a, b = await company.ears("a", "b")
        b.signals.accept_work()
        for number in range(20):
            dead(company.folder, f"dead{number}")
        a.signals.send(Signal.WORK)
        a.signals.send(*END)

        assert (await all_heard(b))[0].count((Signal.WORK, "")) == 1
        assert company.names() == {"a.socket", "b.socket", "b.work"}

    async def test_a_deleted_folder_is_made_again(self, company: Machine) -> None:
        a, b = await company.ears("a", "b")
        b.signals.accept_work()
        shutil.rmtree(company.folder)
        a.signals.send(Signal.CANCEL, "lost")
        await eventually(lambda: a.missed > 0 and b.missed > 0)
        a.signals.send(Signal.WORK)
        a.signals.send(*END)
        heard = await all_heard(a, b)

        assert sorted(heard[1]) == sorted([(Signal.WORK, ""), END])
        assert company.names() == {"a.socket", "b.socket", "b.work"}

    async def test_a_folder_that_cannot_be_made_harms_only_the_signals_to_others(
        self, company: Machine, caplog: pytest.LogCaptureFixture
    ) -> None:
        company.folder.parent.joinpath("signals").write_text("a file")
        a = Ears(await company.join("a"))
        a.signals.accept_work()
        a.signals.send(*END)

        a.signals.send(Signal.WORK)

        assert await a.until(lambda heard: len(heard) == 2) == [END, (Signal.WORK, "")]
        assert "cannot be woken" in caplog.text

        company.folder.unlink()
        b = Ears(await company.join("b"))
        await eventually(lambda: "a.socket" in company.names())
        b.signals.send(Signal.CANCEL, "now", to="a")
        await a.until(lambda heard: (Signal.CANCEL, "now") in heard)

    async def test_a_folder_may_have_a_long_name(self, tmp_path: Path) -> None:
        machine = Machine(tmp_path / ("long" * 50))
        a, b = await machine.ears("a", "b")
        a.signals.send(*END)

        assert await all_heard(a, b) == [[END]] * 2
        for process in "ab":
            await machine.leave(process)

    async def test_who_hears_nothing_is_told_that_it_missed_something(
        self, company: Machine
    ) -> None:
        a = await company.join("a", most_waiting=50)
        deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        deaf.bind(str(company.folder / "deaf.socket"))
        deaf.setblocking(False)
        # More turns than its buffer has places, and more signals than may wait.
        for turn in range(2_000):
            a.send(Signal.CANCEL, f"v1_{turn}", to="deaf")
            await asyncio.sleep(0)
        lines: list[str] = []
        async with asyncio.timeout(WAIT_SECONDS):
            while "v1_1999" not in "".join(lines):
                try:
                    lines += deaf.recv(65536).decode().splitlines()
                except BlockingIOError:
                    await asyncio.sleep(CHECK_SECONDS)
        deaf.close()

        assert "missed " in lines
        assert len(lines) < 2_000
        assert lines[-1] == "cancel v1_1999"

    async def test_words_that_are_not_known_are_left_alone(
        self, company: Machine
    ) -> None:
        (a,) = await company.ears("a")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            for datagram in (b"", b"\xff\xfe", b"dance v1_1\n", b"ended the-last\n"):
                other.sendto(datagram, str(company.folder / "a.socket"))

        assert await all_heard(a) == [[END]]
