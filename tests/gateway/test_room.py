"""Room for large requests: who waits for it, for how long, and who goes first."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from openinteractions.gateway.app import Gateway
from openinteractions.gateway.room import SMALL_BYTES, Room, Share, keep
from openinteractions.v1.interaction_pb2 import Interaction
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import Face, face

MIB = 1024 * 1024
CREATE = "/v1/interactions"
START = b"POST /v1/interactions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
LARGE = b'{"model":"m","input":"%s"}' % (b"x" * 3 * MIB)
SMALL = {"model": "m", "input": "Hi"}

Waiting = Callable[[Share, int], asyncio.Task[None]]


@pytest.fixture
async def waiting() -> AsyncIterator[Waiting]:
    """Let shares grow in tasks, which are at their places when this returns."""
    tasks: list[asyncio.Task[None]] = []

    def start(share: Share, size: int) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(share.grow(size)))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_small_takes_no_room() -> None:
    room = Room(0)
    await Share(room).grow(2 * MIB)
    async with asyncio.timeout(WAIT_SECONDS):
        await Share(room).grow(SMALL_BYTES)
    assert room.used == 2 * MIB


async def test_who_is_alone_may_have_any_size() -> None:
    room = Room(4 * MIB)
    share = Share(room)
    async with asyncio.timeout(WAIT_SECONDS):
        await share.grow(9 * MIB)
        await share.grow(99 * MIB)
    assert room.used == 99 * MIB
    share.close()
    assert room.used == 0


async def test_the_first_come_go_first(waiting: Waiting) -> None:
    room = Room(4 * MIB)
    first = Share(room)
    await first.grow(3 * MIB)
    tasks = [waiting(Share(room), size * MIB) for size in (9, 2)]
    await turn()  # the second would fit behind the first, were it its turn
    tasks.append(waiting(Share(room), MIB + 1))
    await turn()
    assert [task.done() for task in tasks] == [False, False, False]
    first.close()
    await turn()
    assert [task.done() for task in tasks] == [True, False, False]


async def test_who_has_some_room_goes_before_who_has_none(waiting: Waiting) -> None:
    room = Room(4 * MIB)
    growing, other = Share(room), Share(room)
    await growing.grow(2 * MIB)
    await other.grow(2 * MIB)
    newcomer = waiting(Share(room), 2 * MIB)
    await turn()
    more = waiting(growing, 3 * MIB)
    await turn()
    other.close()
    await turn()
    assert (more.done(), newcomer.done()) == (True, False)
    growing.close()
    await turn()
    assert newcomer.done()


async def test_who_waits_in_vain_is_told() -> None:
    room = Room(4 * MIB, wait_seconds=0.01)
    await Share(room).grow(4 * MIB)
    with pytest.raises(TimeoutError):
        await Share(room).grow(2 * MIB)
    assert room.used == 4 * MIB


@pytest.mark.parametrize("granted", [False, True])
async def test_who_leaves_takes_no_room_away(waiting: Waiting, granted: bool) -> None:
    room = Room(4 * MIB)
    first, leaving, last = Share(room), Share(room), Share(room)
    await first.grow(4 * MIB)
    left = waiting(leaving, 3 * MIB)
    await turn()
    task = waiting(last, 4 * MIB)
    await turn()
    if granted:
        first.close()
        left.cancel()
    else:
        left.cancel()
        first.close()
    await turn()
    assert left.cancelled()
    assert task.done()
    assert (room.used, leaving.held) == (4 * MIB, 0)


def make_with(room: Room) -> Callable[..., Gateway]:
    return lambda *args, **settings: Gateway(*args, room=room, **settings)


async def send(gateway: Face, *, chunked: bool = False) -> asyncio.StreamReader:
    if chunked:
        lines = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(LARGE)
        reader, _ = await gateway.raw(START + lines + LARGE + b"\r\n0\r\n\r\n")
    else:
        lines = b"Content-Length: %d\r\n\r\n" % len(LARGE)
        reader, _ = await gateway.raw(START + lines + LARGE)
    return reader


@pytest.mark.parametrize("chunked", [False, True])
async def test_large_requests_wait_for_each_other_but_not_for_ever(
    *, chunked: bool
) -> None:
    room = Room(4 * MIB, wait_seconds=0.05)
    async with asyncio.timeout(WAIT_SECONDS), face(make_with(room)) as gateway:
        go_on = asyncio.Event()
        gateway.service.answer = go_on
        gateway.service.after = Interaction(id="v1_a")
        one = await send(gateway)
        await gateway.service.started.wait()
        answer = await (await send(gateway, chunked=chunked)).read()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 5\r\n" in answer
        assert b'"code":"unavailable"' in answer
        assert len(gateway.service.calls) == 1
        go_on.set()
        assert (await one.read()).startswith(b"HTTP/1.1 200 ")
        assert room.used == 0
        assert (await (await send(gateway)).read()).startswith(b"HTTP/1.1 200 ")


async def test_room_is_free_when_the_request_before_has_ended() -> None:
    room = Room(4 * MIB)
    async with asyncio.timeout(WAIT_SECONDS), face(make_with(room)) as gateway:
        go_on = asyncio.Event()
        gateway.service.answer = go_on
        gateway.service.after = Interaction(id="v1_a")
        one = await send(gateway)
        await gateway.service.started.wait()
        two = await send(gateway)
        go_on.set()
        for reader in (one, two):
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        assert room.used == 0


async def test_work_that_goes_on_keeps_the_room_of_its_request() -> None:
    room = Room(4 * MIB)
    kept: list[Callable[[], None]] = []

    def begin() -> None:
        give_back = keep()
        assert give_back is not None
        kept.append(give_back)

    async with asyncio.timeout(WAIT_SECONDS), face(make_with(room)) as gateway:
        gateway.service.batches = [begin]
        streamed = LARGE.replace(b"{", b'{"stream":true,', 1)
        lines = b"Content-Length: %d\r\n\r\n" % len(streamed)
        reader, _ = await gateway.raw(START + lines + streamed)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        assert room.used == len(streamed)
        kept[0]()
        assert room.used == 0
        assert room.shares == {}


async def test_nothing_is_kept_for_what_is_small_or_over() -> None:
    assert keep() is None
    room, request = Room(4 * MIB), object()
    await room.enter(request, 10)
    assert keep() is None
    await room.enter(request, 2 * MIB)
    room.leave(request)
    assert keep() is None
    assert room.used == 0


async def test_small_requests_do_not_wait_for_room() -> None:
    room = Room(0, wait_seconds=0.01)
    await Share(room).grow(2 * MIB)
    async with face(make_with(room)) as gateway:
        gateway.service.answer = Interaction(id="v1_a")
        status, _ = await gateway.ask("POST", CREATE, SMALL)
        assert status == 200


async def test_what_a_body_inflates_to_takes_room() -> None:
    room = Room(0, wait_seconds=0.01)
    await Share(room).grow(2 * MIB)
    packed = gzip.compress(LARGE)
    assert len(packed) < SMALL_BYTES
    async with face(make_with(room)) as gateway:
        headers: dict[str, Any] = {"Content-Encoding": "gzip"}
        async with gateway.http.post(CREATE, data=packed, headers=headers) as answer:
            assert answer.status == 503
    assert gateway.service.calls == []
