"""The event loop takes the wake-ups of gRPC together, and nobody else's."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Callable, Iterator

import grpc
import grpc.aio
import pytest

from openinteractions.rpc import loop as subject
from openinteractions.rpc.loop import EventLoop
from tests.clock import WAIT_SECONDS

WAKEUPS = 5
CALLS = 50


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    reading, writing = socket.socketpair()
    with reading, writing:
        yield reading, writing


class PollerCompletionQueue:
    """Reads as grpcio's class of this name does: one byte, without looking."""

    def __init__(self, wakeups: socket.socket) -> None:
        self._wakeups = wakeups
        self.taken: asyncio.Queue[bytes] = asyncio.Queue()

    def handle(self, loop: object) -> None:
        """Take a byte."""
        self.taken.put_nowait(self._wakeups.recv(1))


class Other(PollerCompletionQueue):
    """Reads alike, but is not gRPC's."""


@pytest.mark.parametrize(
    ("kind", "reads"), [(PollerCompletionQueue, 1), (Other, WAKEUPS)]
)
def test_bytes_that_wait_are_one_wakeup_for_grpc_alone(
    pair: tuple[socket.socket, socket.socket],
    kind: Callable[[socket.socket], PollerCompletionQueue],
    reads: int,
) -> None:
    reading, writing = pair
    queue = kind(reading)

    async def read_all() -> None:
        loop = asyncio.get_running_loop()
        writing.send(b"1" * WAKEUPS)
        loop.add_reader(reading, functools.partial(queue.handle, loop))
        for _ in range(reads):
            await queue.taken.get()
        # A byte that comes later is a wake-up as before.
        writing.send(b"1")
        await queue.taken.get()
        loop.remove_reader(reading)

    with asyncio.Runner(loop_factory=EventLoop) as runner:
        runner.run(asyncio.wait_for(read_all(), WAIT_SECONDS))

    assert queue.taken.empty()
    with pytest.raises(BlockingIOError):
        reading.recv(1, socket.MSG_DONTWAIT)


async def _echo(request: bytes, context: object) -> bytes:
    return request


async def _ask_all() -> list[bytes]:
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(_echo)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("Service", {"Echo": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        echo = channel.unary_unary("/Service/Echo", bytes, bytes)
        answers = await asyncio.gather(*(echo(b"%d" % i) for i in range(CALLS)))
    await server.stop(None)
    return answers


def test_the_reader_of_the_installed_grpc_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = []
    replaced = subject._with_fewer_bytes

    def note(wakeups: socket.socket, callback: Callable[..., None]) -> object:
        known.append(callback)
        return replaced(wakeups, callback)

    monkeypatch.setattr(subject, "_with_fewer_bytes", note)
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        answers = runner.run(asyncio.wait_for(_ask_all(), WAIT_SECONDS))

    assert answers == [b"%d" % i for i in range(CALLS)]
    assert len(known) == 1
