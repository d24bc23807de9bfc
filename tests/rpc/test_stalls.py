"""Clients that take nothing of a stream are dropped, and come back for the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.api import httpbody_pb2

from openinteractions.core.fold import fold
from openinteractions.core.model_events import Finish, FinishReason, Text
from openinteractions.rpc import stalls
from openinteractions.rpc.stalls import Patience, Taking
from openinteractions.v1 import (
    error_reason_pb2,
    file_service_pb2,
    file_service_pb2_grpc,
    interaction_service_pb2,
    interaction_service_pb2_grpc,
)
from tests.clock import WAIT_SECONDS
from tests.engine.rig import ask
from tests.engine.shelf import MIB, shelf
from tests.rpc.face import Face, events, serving, taken_apart
from tests.rpc.test_files import KEY, upload
from tests.rpc.test_files import serving as serving_files
from tests.storage.object_acceptance import content

Stream = interaction_service_pb2.StreamInteractionRequest
Reason = error_reason_pb2.ErrorReason

SHORT = Patience(0.2, 0.2)

PIECES = 200
PIECE = "x" * 32 * 1024
WHOLE = "Begun." + PIECE * PIECES

SMALL_WINDOW = [
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 64 * 1024),
    ("grpc.max_receive_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),
]
"""What a client holds that does not read."""


class Noted(logging.Handler):
    """Tells when a call has failed."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        """Take what the log says."""
        self._calls.put_nowait(record.getMessage())

    async def failed(self) -> str:
        """Wait until a call has failed; return what the log says of it."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self._calls.get()


@pytest.fixture
def log() -> Iterator[Noted]:
    noted, logger = Noted(), logging.getLogger("openinteractions.rpc.transport")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(noted)
    yield noted
    logger.removeHandler(noted)
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _size_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stalls, "SLOWEST_BYTES", 2**60)


@pytest.fixture
async def face() -> AsyncIterator[Face]:
    async with serving(patience=SHORT) as face:
        yield face


@asynccontextmanager
async def lazy(face: Face) -> AsyncIterator[Any]:
    """Give a stub whose calls hold little of what is not read."""
    async with grpc.aio.insecure_channel(face.target, options=SMALL_WINDOW) as channel:
        yield interaction_service_pb2_grpc.InteractionServiceStub(channel)


async def begin(face: Face, stub: Any, **members: Any) -> tuple[Any, list[Any]]:
    """Create an interaction, and take nothing after its first two events."""
    face.say([Text("Begun.")])
    call = stub.StreamCreateInteraction(ask(**members))
    return call, await events(call, 2)


def say_much(face: Face) -> None:
    for _ in range(PIECES):
        face.say([Text(PIECE)])
    face.say([Finish(FinishReason.STOP)], None)


async def left(call: Any) -> tuple[list[Any], grpc.aio.AioRpcError]:
    """Read what is left of a call that was dropped; return that and how it ended."""
    seen: list[Any] = []
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                seen.append(await call.read())
                assert seen[-1] is not grpc.aio.EOF  # type: ignore[attr-defined]
    except grpc.aio.AioRpcError as error:
        return seen, error


@pytest.mark.parametrize("follows", [False, True], ids=["create", "get"])
async def test_who_takes_nothing_is_dropped_and_comes_back_for_the_rest(
    face: Face, log: Noted, *, follows: bool
) -> None:
    async with lazy(face) as stub:
        call, received = await begin(face, stub)
        identifier = received[0].created.interaction.id
        if follows:
            call.cancel()
            call = stub.StreamInteraction(Stream(id=identifier))
            received = await events(call, 2)
        say_much(face)
        method = "StreamInteraction" if follows else "StreamCreateInteraction"
        assert (await log.failed()).startswith(f"{method} ")
        more, error = await left(call)

    failure = taken_apart(error)
    assert failure.code is grpc.StatusCode.ABORTED
    assert "last_event_id" in failure.message
    assert failure.info.reason == Reason.Name(Reason.ERROR_REASON_NOT_READ)
    received += more
    token = received[-1].event_id
    resumed = face.stub.StreamInteraction(Stream(id=identifier, last_event_id=token))
    rest = await events(resumed)
    told = [*received, *rest]
    assert rest[-1].HasField("completed")
    assert len(received) < PIECES
    assert len({event.event_id for event in told}) == len(told)
    stored = await face.rig.get(identifier)
    assert list(fold(told).steps) == list(stored.steps[1:])
    assert stored.steps[1].model_output.content[0].text.text == WHOLE


async def test_others_go_on_beside_one_that_is_dropped(face: Face, log: Noted) -> None:
    async with lazy(face) as stub:
        stuck, (created, _) = await begin(face, stub)
        request = Stream(id=created.created.interaction.id)
        calls = [face.stub.StreamInteraction(request), stub.StreamInteraction(request)]
        readers = [asyncio.create_task(events(call)) for call in calls]
        say_much(face)
        assert (await log.failed()).startswith("StreamCreateInteraction ")
        told = await asyncio.gather(*readers)
        await left(stuck)

    for one in told:
        assert one[-1].HasField("completed")
        text = fold(one).steps[0].model_output.content[0].text.text
        assert text == WHOLE


async def test_what_is_not_stored_ends_with_its_reader(face: Face, log: Noted) -> None:
    async with lazy(face) as stub:
        call, _ = await begin(face, stub, store=False)
        for _ in range(PIECES):
            face.say([Text(PIECE)])
        await log.failed()
        async with asyncio.timeout(WAIT_SECONDS):
            await face.rig.puppet.closed.wait()
        call.cancel()


async def test_who_leaves_while_being_dropped_leaves_nothing_behind(
    face: Face, log: Noted, caplog: pytest.LogCaptureFixture
) -> None:
    async with lazy(face) as stub:
        call, _ = await begin(face, stub)
        say_much(face)
        await log.failed()
        before = _calls()
        call.cancel()
        async with asyncio.timeout(WAIT_SECONDS):
            await asyncio.wait(before)
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def _calls() -> set[asyncio.Task[Any]]:
    """Return what serves calls of streams."""
    return {
        task
        for task in asyncio.all_tasks()
        if getattr(task.get_coro(), "__name__", "") in {"_handle_exceptions", "_drop"}
    }


async def test_a_download_is_dropped(tmp_path: Path, log: Noted) -> None:
    data = content(8 * MIB)
    async with (
        shelf(tmp_path) as made,
        serving_files(made, SHORT, SMALL_WINDOW) as channel,
    ):
        stub: Any = file_service_pb2_grpc.FileServiceStub(channel)
        file = await upload(stub, data)
        request = file_service_pb2.DownloadFileRequest(id=file.name)
        call = stub.DownloadFile(request, metadata=KEY)
        first = await call.read()
        assert (await log.failed()).startswith("DownloadFile ")
        more, error = await left(call)
        received = b"".join(body.data for body in [first, *more])
        assert error.code() is grpc.StatusCode.ABORTED
        assert data.startswith(received)
        assert len(received) < len(data)
        again = [body async for body in stub.DownloadFile(request, metadata=KEY)]
        assert b"".join(body.data for body in again) == data


BATCH = [httpbody_pb2.HttpBody(data=bytes(size)) for size in (10, 10_000, 10)]


class Dropped:
    """Something to write, and whether it was dropped."""

    def __init__(self, *, seconds: float) -> None:
        self.dropped = False
        self.taking = Taking(seconds, 1, self._drop)

    async def _drop(self) -> None:
        self.dropped = True

    async def look(self, times: int) -> bool:
        """Look so often, a second after the other; say whether it was dropped."""
        for _ in range(times):
            self.taking.look()
        await asyncio.sleep(0)
        return self.dropped


async def test_what_has_nothing_to_write_is_left_alone() -> None:
    call = Dropped(seconds=5)
    assert not await call.look(100)


async def test_whoever_takes_something_now_and_then_is_left_alone() -> None:
    call = Dropped(seconds=5)
    for _ in range(10):
        call.taking.batch, call.taking.left = BATCH, iter(BATCH)
        for _ in call.taking.left:
            assert not await call.look(5)
    assert await call.look(1)


@pytest.mark.parametrize(("index", "looks"), [(0, 6), (1, 16), (2, 6)])
async def test_a_large_message_has_longer(
    index: int, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stalls, "SLOWEST_BYTES", 1000)
    call = Dropped(seconds=4.9)
    call.taking.batch, call.taking.left = BATCH, iter(BATCH)
    for _ in range(index + 1):
        next(call.taking.left)
    assert not await call.look(looks - 1)
    assert await call.look(1)
    assert list(call.taking.left) == []
