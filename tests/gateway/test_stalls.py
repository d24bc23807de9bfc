"""Clients that keep their connections waiting are left, the others are not."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from openinteractions.gateway import stalls
from openinteractions.gateway.connection import Connection
from openinteractions.gateway.stalls import HEAD_SECONDS, READING_SECONDS
from openinteractions.v1.interaction_pb2 import Interaction
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import Face, delta, face

BODY = b'{"model":"m","input":"Hi"}'
POST = b"POST /v1/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\n" + BODY
GET = b"GET /v1/interactions/a HTTP/1.1\r\nHost: x\r\n\r\n"
STREAM = b"GET /v1/interactions/a?stream=true HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 "
LARGE = "x" * (1 << 20)


@pytest.fixture
async def gateway() -> AsyncIterator[Face]:
    async with asyncio.timeout(WAIT_SECONDS), face() as made:
        made.service.answer = Interaction(id="v1_a")
        yield made


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that does happen."""
    while not true():  # noqa: ASYNC110 - there is nothing that tells of it
        await asyncio.sleep(0.001)


def connection(gateway: Face) -> Connection:
    (found,) = gateway.server.connections
    assert isinstance(found, Connection)
    return found


def sweep(gateway: Face, seconds: float) -> None:
    """Sweep now, and after some seconds more."""
    now = asyncio.get_running_loop().time()
    gateway.server.sweep(now)
    gateway.server.sweep(now + seconds)


async def connected(gateway: Face, data: bytes) -> asyncio.StreamReader:
    reader, writer = await gateway.raw(data)
    await writer.drain()
    await until(lambda: len(gateway.server.connections) == 1)
    return reader


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Read what is left; whether the server has closed the connection."""
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("begun", [b"", GET[:20]], ids=["nothing", "half a head"])
async def test_who_sends_no_whole_head_is_left(gateway: Face, begun: bytes) -> None:
    reader = await connected(gateway, begun)
    await until(lambda: connection(gateway)._head == begun)
    sweep(gateway, HEAD_SECONDS - 1)
    assert not connection(gateway).transport.is_closing()  # type: ignore[union-attr]
    sweep(gateway, HEAD_SECONDS + 1)
    assert await is_closed(reader)


async def test_the_head_of_a_later_request_has_its_own_time(gateway: Face) -> None:
    reader = await connected(gateway, POST + GET[:20])
    assert (await reader.readuntil(b"}")).startswith(OK)
    await until(lambda: not connection(gateway)._request_in_progress)
    sweep(gateway, HEAD_SECONDS + 1)
    assert await is_closed(reader)
    await until(lambda: not gateway.server.connections)


async def test_an_idle_connection_is_kept(gateway: Face) -> None:
    reader = await connected(gateway, POST)
    assert (await reader.readuntil(b"}")).startswith(OK)
    await until(lambda: not connection(gateway)._request_in_progress)
    sweep(gateway, 3000)
    assert not connection(gateway).transport.is_closing()  # type: ignore[union-attr]


async def test_each_request_begins_the_time_anew(gateway: Face) -> None:
    half = GET[:20]
    reader, writer = await gateway.raw(half)
    now = asyncio.get_running_loop().time()
    for count in itertools.count():
        await until(
            lambda: any(one._head for one in gateway.server.connections)  # type: ignore[attr-defined]
        )
        gateway.server.sweep(now + count * (HEAD_SECONDS - 1))
        if count == 3:
            break
        writer.write(GET[20:])
        assert (await reader.readuntil(b"}")).startswith(OK)
        await until(lambda: not connection(gateway)._head)
        writer.write(half)
    assert not connection(gateway).transport.is_closing()  # type: ignore[union-attr]


async def test_a_request_that_takes_long_is_not_a_stall(gateway: Face) -> None:
    go_on = asyncio.Event()
    gateway.service.answer, gateway.service.after = go_on, Interaction(id="v1_a")
    reader = await connected(gateway, POST)
    await gateway.service.started.wait()
    sweep(gateway, 3000)
    go_on.set()
    assert (await reader.readuntil(b"}")).startswith(OK)


async def test_who_does_not_read_a_stream_is_left(gateway: Face) -> None:
    gateway.service.batches = [[delta(LARGE)]] * 100
    reader = await connected(gateway, STREAM)
    await until(lambda: connection(gateway)._paused)
    await settled(gateway)
    sweep(gateway, READING_SECONDS - 1)
    assert not gateway.service.left.is_set()
    sweep(gateway, READING_SECONDS + 1)
    await gateway.service.left.wait()
    assert gateway.service.taken < 100
    reader.feed_eof()


async def test_who_does_not_read_an_answer_is_left(gateway: Face) -> None:
    answer = Interaction(id="v1_a")
    answer.steps.add().model_output.content.add().text.text = LARGE * 30
    gateway.service.answer = answer
    reader = await connected(gateway, GET)
    await until(lambda: unsent(gateway) > 0)
    await settled(gateway)
    sweep(gateway, READING_SECONDS + 1)
    await until(lambda: not gateway.server.connections)
    reader.feed_eof()


async def test_who_reads_slowly_is_not_left(gateway: Face) -> None:
    gateway.service.batches = [[delta(LARGE)]] * 30
    closing = STREAM.replace(b"Host", b"Connection: close\r\nHost")
    reader = await connected(gateway, closing)
    now = asyncio.get_running_loop().time()
    for round_ in range(10):
        await settled(gateway)
        gateway.server.sweep(now + round_ * (READING_SECONDS - 1))
        for _ in range(30):
            await reader.readexactly(100_000)
    assert (await reader.read()).endswith(b"[DONE]\n\n\r\n0\r\n\r\n")


async def test_connections_are_looked_at_often(
    gateway: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "openinteractions.gateway.connection.SWEEP_SECONDS"
    monkeypatch.setattr(module, 0.001)
    monkeypatch.setitem(stalls._PATIENCE, stalls.Wait.HEAD, 0.001)
    for _ in range(2):  # also after there was none
        assert await is_closed(await connected(gateway, GET[:20]))
        await until(lambda: not gateway.server.connections)


def unsent(gateway: Face) -> int:
    """How many bytes the server has; none when it has closed behind the last."""
    if not gateway.server.connections:
        return 0
    transport = connection(gateway).transport
    return 0 if transport is None else transport.get_write_buffer_size()


async def settled(gateway: Face) -> None:
    """Wait until nothing moves any more."""
    last = -1
    while (now := unsent(gateway)) != last:
        last = now
        await asyncio.sleep(0.01)
