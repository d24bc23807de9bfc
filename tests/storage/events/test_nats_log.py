"""The log in a JetStream stream: the suite, and servers that fail."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.signal_ports import Batch, EventLog, LogGapError
from openinteractions.storage.events.nats import feed
from openinteractions.storage.events.nats import log as module
from openinteractions.storage.events.nats.client import Access
from openinteractions.storage.events.nats.connection import Connection
from openinteractions.storage.events.nats.log import NatsLog
from openinteractions.storage.events.nats.stream import Keeping, Stream
from tests.clock import WAIT_SECONDS
from tests.nats import Nats, nats_cluster, nats_server
from tests.storage.events.log_acceptance import (
    KIB,
    Follower,
    LogAcceptance,
    Logs,
    append,
    batch,
    check_order,
    first,
    following,
)
from tests.storage.events.signal_acceptance import eventually

_numbers = itertools.count()


class Machines(Logs):
    """Three processes, each with its own connection."""

    def __init__(self, servers: Sequence[Nats], keeping: Keeping | None = None) -> None:
        self.servers = servers
        self.keeping = keeping or Keeping(
            name=f"log{next(_numbers)}", max_bytes=256 * KIB * KIB
        )
        self.connections: list[Connection] = []
        self.streams: list[Stream] = []
        self.stack = AsyncExitStack()

    async def open(self) -> None:
        self.writer = await self.join()
        self.other = await self.join()
        self.reader = await self.join()

    async def join(self) -> NatsLog:
        access = Access(urls=[server.url for server in self.servers])
        connection = await Connection.open(access, "test")
        self.stack.push_async_callback(connection.close)
        self.connections.append(connection)
        stream = Stream(connection, self.keeping)
        self.stack.push_async_callback(stream.close)
        self.streams.append(stream)
        await stream.settle()
        return NatsLog(stream)

    async def begin(self, *ids: str) -> None:
        """Any interaction can be logged."""


@asynccontextmanager
async def machines(
    *servers: Nats, keeping: Keeping | None = None
) -> AsyncIterator[Machines]:
    found = Machines(servers, keeping)
    try:
        await found.open()
        yield found
    finally:
        await found.stack.aclose()


async def appended(log: EventLog, id: str, one: Batch) -> None:  # noqa: A002
    """Append a batch as a writer does that does not give up."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            try:
                await log.append(id, one)
            except UnavailableError:
                await asyncio.sleep(0.05)
            else:
                return


@pytest.fixture
async def logs(nats: Nats, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Machines]:
    # What is missing for good is known sooner.
    monkeypatch.setattr(module, "MISSING", (0.01, 0.02))
    async with machines(nats) as found:
        yield found
        await found.connections[0].request(
            f"$JS.API.STREAM.DELETE.{found.keeping.name}", b"", seconds=10
        )


class TestNatsLog(LogAcceptance):
    """The suite, and what only this log does."""

    async def test_a_slow_follower_holds_little(self, logs: Machines) -> None:
        piece = 64 * KIB
        async with following(logs.reader, "a") as slow:
            await append(logs.writer, "a", first())
            assert await anext(slow) == first()
            held = []
            for number in range(2, 102):
                one = Batch(1, number, False, [bytes(piece)])
                await append(logs.writer, "a", one)
                held.append(self.held(logs))
            given = [await anext(slow) for _ in range(100)]

        assert [one.number for one in given] == list(range(2, 102))
        assert 0 < max(held) <= feed.INBOX_BYTES

    def held(self, logs: Machines) -> int:
        assert isinstance(logs.reader, NatsLog)
        (found,) = logs.reader._feeds._feeds.values()
        (inbox,) = found.inboxes
        return sum(size for _, size in inbox._batches)

    async def test_followers_of_one_process_share_a_subscription(
        self, logs: Machines
    ) -> None:
        async with AsyncExitStack() as stack:
            followers = [
                await stack.enter_async_context(Follower(logs.reader, "a"))
                for _ in range(20)
            ]
            await append(logs.writer, "a", first())
            for follower in followers:
                assert await follower.until(first()) == [first()]
            assert len(logs.connections[2]._subscriptions) == 1
        await eventually(lambda: not logs.connections[2]._subscriptions)

    async def test_what_was_never_heard_is_found_after_some_silence(
        self, logs: Machines
    ) -> None:
        assert isinstance(logs.reader, NatsLog)
        async with Follower(logs.reader, "a") as follower:
            await append(logs.writer, "a", first())
            await follower.until(first())
            (found,) = logs.reader._feeds._feeds.values()
            (inbox,) = found.inboxes
            found.inboxes.clear()
            await append(logs.writer, "a", batch(1, 2))

            assert await follower.until(batch(1, 2)) == [first(), batch(1, 2)]
            found.inboxes.add(inbox)

    async def test_what_is_missing_for_a_moment_is_waited_for(
        self, logs: Machines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "MISSING", (0.01,) * 1_000)
        async with Follower(logs.reader, "a") as follower:
            await append(logs.writer, "a", first(), batch(1, 2))
            await follower.until(batch(1, 2))
            # As a server sees it that gets one message later than the next.
            await append(logs.writer, "a", batch(1, 4))
            await append(logs.writer, "a", batch(1, 5, whole=True), batch(1, 6))

            given = await follower.until(batch(1, 6))
        assert given == [first(), batch(1, 2), batch(1, 5, whole=True), batch(1, 6)]

    async def test_a_stream_that_was_removed_is_made_again(
        self, logs: Machines
    ) -> None:
        await append(logs.writer, "a", first())
        await logs.connections[0].request(
            f"$JS.API.STREAM.DELETE.{logs.keeping.name}", b"", seconds=10
        )
        with pytest.raises(UnavailableError):
            await logs.writer.append("a", batch(1, 2))
        await appended(logs.writer, "a", first(number=3))
        async with Follower(logs.reader, "a") as follower:
            assert await follower.until(first(number=3)) == [first(number=3)]

    async def test_a_log_that_was_cut_by_its_limits_is_a_gap(self, nats: Nats) -> None:
        keeping = Keeping(name=f"log{next(_numbers)}", max_bytes=512 * KIB)
        async with machines(nats, keeping=keeping) as logs:
            for number in range(1, 21):
                one = Batch(1, number, number == 1, [bytes(64 * KIB)])
                await append(logs.writer, "a", one)
            async with Follower(logs.reader, "a") as follower:
                assert isinstance(await follower.failure(), LogGapError)

    @pytest.mark.parametrize("name", ["", "*", ">", "a.b", "a b", "ä", "a" * 129])
    async def test_no_id_reaches_another_log(self, logs: Machines, name: str) -> None:
        with pytest.raises(ValueError, match="not an id"):
            await logs.writer.append(name, first())
        with pytest.raises(ValueError, match="not an id"):
            await logs.writer.trim(name)
        with pytest.raises(ValueError, match="not an id"):
            await anext(logs.reader.follow(name))

    async def test_a_stream_that_cannot_be_made_is_told_once(
        self, nats: Nats, caplog: pytest.LogCaptureFixture
    ) -> None:
        keeping = Keeping(name=f"log{next(_numbers)}", replicas=3)
        async with machines(nats, keeping=keeping) as logs:
            for _ in range(3):
                with pytest.raises(UnavailableError):
                    await logs.writer.append("a", first())
        # Each of the three has said it.
        assert caplog.text.count(f"the stream {keeping.name}: ") == 3

    async def test_a_changed_configuration_is_taken_over(self, nats: Nats) -> None:
        keeping = Keeping(name=f"log{next(_numbers)}", max_age_seconds=100)
        async with machines(nats, keeping=keeping) as logs:
            await append(logs.writer, "a", first())
            changed = replace(keeping, max_age_seconds=200, max_bytes=10**7)
            async with machines(nats, keeping=changed) as others:
                answer = await others.streams[0]._ask(
                    f"$JS.API.STREAM.INFO.{keeping.name}", b""
                )
                async with Follower(others.reader, "a") as follower:
                    assert await follower.until(first()) == [first()]

        assert answer["config"]["max_age"] == 200 * 10**9
        assert answer["config"]["max_bytes"] == 10**7


@pytest.mark.parametrize("storage", ["file", "memory"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_after_a_restart_of_the_server_followers_have_everything(
    tmp_path: Path, storage: str, number: int
) -> None:
    keeping = Keeping(storage=storage)  # type: ignore[arg-type]
    with nats_server(tmp_path) as server:
        async with machines(server, keeping=keeping) as logs:
            async with Follower(logs.reader, "a") as follower:
                await append(logs.writer, "a", first(), batch(1, 2))
                await follower.until(batch(1, 2))
                server.stop(number=number)
                await eventually(lambda: not logs.connections[0].is_there)
                with pytest.raises(UnavailableError):
                    await logs.writer.append("a", batch(1, 3))
                with pytest.raises(UnavailableError):
                    await logs.writer.trim("a")
                server.start()
                # As a writer does that does not know what its readers have.
                await appended(logs.writer, "a", batch(1, 4, whole=True))
                await appended(logs.writer, "a", batch(1, 5))
                given = await follower.until(batch(1, 5))
            async with Follower(logs.reader, "a") as late:
                assert (await late.until(batch(1, 5)))[-2:] == given[-2:]

    assert given == [first(), batch(1, 2), batch(1, 4, whole=True), batch(1, 5)]


async def test_a_server_that_comes_later_is_used(tmp_path: Path) -> None:
    server = Nats(tmp_path)
    server.start()
    server.stop()
    async with machines(server) as logs:
        with pytest.raises(UnavailableError):
            await logs.writer.append("a", first())
        async with Follower(logs.reader, "a") as follower:
            server.start()
            try:
                await appended(logs.writer, "a", first())
                await appended(logs.writer, "a", batch(1, 2))

                assert await follower.until(batch(1, 2)) == [first(), batch(1, 2)]
            finally:
                server.stop()


async def test_a_cluster_goes_on_without_one_of_its_servers(tmp_path: Path) -> None:
    with nats_cluster(tmp_path, 3) as servers:
        keeping = Keeping(replicas=3)
        async with (
            machines(*servers, keeping=keeping) as logs,
            Follower(logs.reader, "a") as follower,
        ):
            for number in range(1, 31):
                one = batch(1, number, whole=number % 10 == 1)
                await appended(logs.writer, "a", one)
                if number == 15:
                    servers[0].stop(number=signal.SIGKILL)
            given = await follower.until(batch(1, 30))
    check_order(given)


class Telling:
    """A writer as the engine has one: what fails is made good by a whole batch."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._number = 0
        self._whole = True
        self.said: list[bytes] = []

    async def say(self, event: bytes) -> None:
        """Append an event, or what it takes for readers to have it."""
        self.said.append(event)
        while True:
            self._number += 1
            events = self.said if self._whole else [event]
            one = Batch(1, self._number, self._whole, list(events))
            try:
                await self._log.append("a", one)
            except UnavailableError:
                self._whole = True
                await asyncio.sleep(0.01)
            else:
                self._whole = False
                return

    def ask(self) -> None:
        """Make the next batch whole, as a reader asks for it."""
        self._whole = True


async def heard(log: EventLog, writer: Telling, last: bytes) -> list[bytes]:
    """What a reader has in the end that follows again whenever it has to."""
    events: list[bytes] = []
    while last not in events:
        try:
            async with following(log, "a") as batches:
                async for one in batches:
                    check = [*one.events] if one.whole else [*events, *one.events]
                    # Nothing that a reader has is taken back.
                    assert check[: len(events)] == events[: len(check)]
                    events = max(events, check, key=len)
                    if last in events:
                        break
        except LogGapError:
            writer.ask()
    return events


@pytest.mark.parametrize("storage", ["file", "memory"])
async def test_readers_have_everything_however_often_the_server_dies(
    tmp_path: Path, storage: str
) -> None:
    keeping = Keeping(storage=storage)  # type: ignore[arg-type]
    events = [f"event {number}".encode() for number in range(300)]
    with nats_server(tmp_path) as server:
        async with machines(server, keeping=keeping) as logs:
            writer = Telling(logs.writer)
            readers = [
                asyncio.create_task(heard(log, writer, b"the end"))
                for log in (logs.reader, logs.reader, logs.other)
            ]
            for number, event in enumerate(events):
                await writer.say(event)
                if number % 60 == 30:
                    server.stop(number=signal.SIGKILL)
                    server.start()
            told = 0
            while not all(reader.done() for reader in readers):
                # A run goes on, or ends with its row; here it says its end again.
                writer.ask()
                await writer.say(b"the end" if not told else b"after the end")
                told += 1
                await asyncio.wait(readers, timeout=0.2)
            for reader in readers:
                given = await reader
                assert given[: len(events) + 1] == [*events, b"the end"]
