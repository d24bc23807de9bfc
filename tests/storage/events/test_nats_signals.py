"""Signals through NATS: the suite, and servers that are not there."""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.signal_ports import Signal, Signals
from openinteractions.storage.events.nats.client import Access
from openinteractions.storage.events.nats.connection import PING_SECONDS, Connection
from openinteractions.storage.events.nats.signals import NatsSignals
from tests.clock import pass_by
from tests.nats import Nats, nats_server
from tests.storage.events.signal_acceptance import (
    END,
    Company,
    SignalAcceptance,
    all_heard,
    eventually,
)

_numbers = itertools.count()


def has_gone_out(signals: NatsSignals) -> bool:
    listens = signals._works is not None
    return not signals._waiting and listens == signals._accepts_work


class Machines(Company):
    """A connection for each process."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.prefix = f"test{next(_numbers)}"
        self.members: dict[str, tuple[Connection, NatsSignals]] = {}

    async def join(self, process: str) -> Signals:
        connection = await Connection.open(self.access, process)
        signals = await NatsSignals.open(connection, process, self.prefix)
        self.members[process] = connection, signals
        await self.settle(signals)
        return signals

    async def leave(self, process: str) -> None:
        connection, signals = self.members.pop(process)
        await signals.close()
        await connection.close()

    async def settle(self, *signals: Signals) -> None:
        for connection, known in self.members.values():
            client = connection._client
            if client is not None:
                await eventually(partial(has_gone_out, known))
                await client.flush()


@pytest.fixture
async def company(nats: Nats) -> AsyncIterator[Machines]:
    machines = Machines(Access(urls=[nats.url]))
    yield machines
    for process in list(machines.members):
        await machines.leave(process)


class TestNatsSignals(SignalAcceptance):
    """The suite, with a connection for each process."""


async def test_a_server_that_comes_later_is_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = Nats(tmp_path)
    server.start()
    server.stop()
    machines = Machines(Access(urls=[server.url]))
    a, b = await machines.ears("a", "b")
    a.signals.accept_work()
    a.signals.send(Signal.CANCEL, "one", to="b")
    a.signals.send(Signal.WORK)
    a.signals.send(*END)

    assert sorted((await all_heard(a))[0]) == sorted([END, (Signal.WORK, "")])
    assert b.heard == []

    server.start()
    try:
        await eventually(lambda: a.missed > 0 and b.missed > 0)
        await machines.settle()
        b.signals.send(Signal.CANCEL, "two", to="a")
        await a.until(lambda heard: (Signal.CANCEL, "two") in heard)
        assert (Signal.CANCEL, "one") not in b.heard
    finally:
        for process in "ab":
            await machines.leave(process)
        server.stop()
    assert caplog.text.count("NATS is out of reach") == 2
    assert caplog.text.count("NATS is there again") == 2


async def test_after_a_restart_of_the_server_signals_come_again(
    tmp_path: Path,
) -> None:
    with nats_server(tmp_path) as server:
        machines = Machines(Access(urls=[server.url]))
        a, b = await machines.ears("a", "b")
        b.signals.accept_work()
        await machines.settle()
        before = a.missed, b.missed
        server.stop()
        await eventually(
            lambda: not any(c.is_there for c, _ in machines.members.values())
        )
        a.signals.send(Signal.CANCEL, "lost", to="b")
        server.start()
        await eventually(lambda: a.missed > before[0] and b.missed > before[1])
        await machines.settle()
        a.signals.send(Signal.WORK)
        a.signals.send(*END)

        assert sorted((await all_heard(b))[0]) == sorted([(Signal.WORK, ""), END])
        for process in "ab":
            await machines.leave(process)


@pytest.mark.parametrize(
    ("options", "right", "wrong"),
    [
        (
            ["--user", "ann", "--pass", "of-the-tests"],
            {"user": "ann", "password": "of-the-tests"},
            {"user": "ann", "password": "another"},
        ),
        (["--auth", "of-the-tests"], {"token": "of-the-tests"}, {"token": "another"}),
    ],
)
async def test_a_server_wants_to_know_who_comes(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    options: list[str],
    right: dict[str, str],
    wrong: dict[str, str],
) -> None:
    with nats_server(tmp_path, *options) as server:
        friend = await Connection.open(Access(urls=[server.url], **right), "a")  # type: ignore[arg-type]
        stranger = await Connection.open(Access(urls=[server.url], **wrong), "b")  # type: ignore[arg-type]

        assert friend.is_there
        assert not stranger.is_there
        with pytest.raises(UnavailableError):
            await stranger.publish("subject", b"")
        assert "Authorization Violation" in caplog.text
        assert "another" not in caplog.text
        await stranger.close()
        await friend.close()


async def test_where_tls_is_wanted_nothing_is_said_in_the_clear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def pretend() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(20)
                peer.sendall(b'INFO {"server_id":"x","max_payload":1000}\r\n')
                while data := peer.recv(1000):
                    said.extend(data)

        thread = threading.Thread(target=pretend)
        thread.start()
        access = Access(
            urls=[f"tls://127.0.0.1:{listener.getsockname()[1]}"],
            user="ann",
            password="of-the-tests",
            tls=ssl.create_default_context(),
        )
        connection = await Connection.open(access, "a")
        thread.join()
        await connection.close()

    assert not connection.is_there
    assert bytes(said) == b""


async def test_a_server_that_falls_silent_is_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with nats_server(tmp_path) as server:
        connection = await Connection.open(Access(urls=[server.url]), "a")
        with server.paused():
            # It is time for a look, and then the server had its time to answer.
            # In less than the two minutes after which the library would see it.
            for _ in range(20):
                if connection.is_there:
                    pass_by(PING_SECONDS)
                    await asyncio.sleep(0.01)
            assert not connection.is_there
        await eventually(lambda: connection.is_there)
        await connection.close()
    assert caplog.text.count("NATS is out of reach") == 1
