"""Objects in a bucket of a real S3 server."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit

import pytest

from openinteractions.core.errors import PreconditionError, UnavailableError
from openinteractions.engine.file_ports import Objects, Partial
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.objects import bucket as bucket_module
from openinteractions.storage.objects.bucket import Bucket, Place
from openinteractions.storage.objects.progress import Progress
from openinteractions.storage.objects.s3 import MOST_PIECES, S3Objects
from tests.bucket import READER, S3
from tests.clock import WAIT_SECONDS
from tests.ports import free_ports
from tests.storage.object_acceptance import (
    KEY,
    MIB,
    ObjectAcceptance,
    Uploader,
    breaking,
    content,
    each,
    names,
    whole,
)

_numbers = itertools.count()


@pytest.fixture
def place(s3: S3) -> Place:
    return s3.place(f"test{next(_numbers)}/in/")


@pytest.fixture
async def objects(place: Place) -> AsyncIterator[S3Objects]:
    store = await S3Objects.open(place)
    yield store
    await store.close()


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[S3Objects]:
    """The same, without a look at whether it works."""
    store = S3Objects(await Bucket.connect(place), place.prefix)
    try:
        yield store
    finally:
        await store.close()
        await connections_end()


async def connections_end() -> None:
    """Wait until what was closed with bytes in its buffer has sent them, or lost them.

    The loop of a test may not end before: such a connection would never be closed.
    """
    async with asyncio.timeout(WAIT_SECONDS):
        while any(map(lingers, gc.get_objects())):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


def lingers(thing: object) -> bool:
    if not issubclass(type(thing), asyncio.Transport):
        return False
    transport = cast("asyncio.Transport", thing)
    socket = transport.get_extra_info("socket")
    return transport.is_closing() and socket is not None and socket.fileno() != -1


async def left(place: Place) -> list[str]:
    """The names of everything in a bucket below a prefix."""
    bucket = await Bucket.connect(place)
    found = [item.name async for item in bucket.list(place.prefix)]
    found += [item.name async for item in bucket.uploads(place.prefix)]
    await bucket.close()
    return [name.removeprefix(place.prefix) for name in found]


class TestS3Objects(ObjectAcceptance):
    async def test_another_process_goes_on_with_an_upload(
        self, objects: Objects, place: Place
    ) -> None:
        data = content(21 * MIB)
        here = Uploader(objects)
        await here.append(data[: 9 * MIB])
        with pytest.raises(ConnectionResetError):
            await objects.append(
                KEY, here.partial, breaking(*[b"x" * MIB] * 9), epoch=2
            )
        async with opened(place) as elsewhere:
            there = Uploader(elsewhere)
            there.partial, there.epoch = here.partial, 2
            await there.append(data[9 * MIB : 20 * MIB])
            here.partial, here.epoch = there.partial, there.epoch
        await here.append(data[20 * MIB :])
        await here.complete()

        assert await whole(objects) == data
        assert await left(place) == [KEY]

    async def test_small_pieces_are_few_and_go_away(
        self, objects: Objects, place: Place
    ) -> None:
        uploader = Uploader(objects)
        sent = b""
        for number in range(3 * MOST_PIECES):
            sent += f"{number},".encode()
            await uploader.append(f"{number},".encode())
            pieces = [name for name in await left(place) if name.startswith(".parts/")]
            assert len(pieces) <= 2 * MOST_PIECES + 1
        await uploader.complete()

        assert await whole(objects) == sent
        assert await left(place) == [KEY]

    async def test_an_upload_that_was_given_up_is_found_and_removed(
        self, objects: Objects, place: Place
    ) -> None:
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                await objects.append(
                    KEY, Partial(), breaking(*[b"x" * MIB] * 9), epoch=1
                )
        await Uploader(objects, "files/other").append(content(9 * MIB))
        assert await names(objects) == {KEY, "files/other"}
        await objects.delete([KEY])

        assert await names(objects) == {"files/other"}
        await objects.delete(["files/other"])
        assert await left(place) == []

    async def test_keys_that_begin_alike_are_apart(
        self, objects: Objects, place: Place
    ) -> None:
        longer = Uploader(objects, f"{KEY}b")
        await longer.append(content(9 * MIB))
        shorter = Uploader(objects)
        await shorter.append(content(9 * MIB, seed=2))
        await shorter.complete()
        await objects.delete([KEY])
        await longer.complete()

        assert await whole(objects, f"{KEY}b") == content(9 * MIB)

    async def test_completing_again_after_the_reply_was_lost_is_no_error(
        self, objects: S3Objects, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = content(9 * MIB)
        uploader = Uploader(objects)
        await uploader.append(data)
        await uploader.complete()
        sizes = iter([None, len(data)])

        async def size(_: str) -> int | None:
            return next(sizes)

        with monkeypatch.context() as patch:
            patch.setattr(objects._bucket, "size", size)
            # The last piece was removed with the rest, so that it cannot be sent again.
            parts = Progress.of(uploader.partial)
            pieceless = replace(parts, pieces=())
            uploader.partial = pieceless.kept()
            sizes = iter([None, pieceless.size])
            await uploader.complete()

        assert await whole(objects) == data

    async def test_bytes_that_are_gone_are_not_gone_on_with(
        self, objects: Objects
    ) -> None:
        uploader = Uploader(objects)
        await uploader.append(content(9 * MIB))
        await objects.delete([KEY])

        with pytest.raises(PreconditionError):
            await uploader.append(content(8 * MIB))
        with pytest.raises(PreconditionError):
            await uploader.complete()

    async def test_a_read_that_breaks_is_taken_up_again(
        self, objects: Objects, place: Place, caplog: pytest.LogCaptureFixture
    ) -> None:
        data = content(5 * MIB)
        await objects.put(KEY, data)
        async with cutting(place, after=2 * MIB) as cut, opened(cut) as store:
            assert await whole(store) == data
            blocks = store.read(KEY, start=3, length=4 * MIB)
            assert b"".join([b async for b in blocks]) == data[3 : 4 * MIB + 3]

        assert "Reading from the bucket broke" in caplog.text

    async def test_a_read_that_gets_nowhere_fails(
        self, objects: Objects, place: Place
    ) -> None:
        await objects.put(KEY, content(5 * MIB))
        async with cutting(place, after=2000) as cut, opened(cut) as store:
            with pytest.raises(UnavailableError):
                await whole(store)


async def test_a_bucket_out_of_reach_is_said_and_loses_nothing(
    objects: Objects, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    uploader = Uploader(objects)
    await uploader.append(b"abc")
    nowhere = replace(place, endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    store = await S3Objects.open(nowhere)
    assert "cannot be used yet" in caplog.text
    for attempt in (
        store.put(KEY, b"x"),
        store.append(KEY, uploader.partial, each([b"def"]), epoch=2),
        store.complete(KEY, uploader.partial, epoch=2),
        whole(store),
        store.delete([KEY]),
        names(store),
    ):
        with pytest.raises(UnavailableError, match="cannot be reached") as caught:
            await attempt
        assert caught.value.retry_after is not None
    await store.close()
    assert "Could not connect" in caplog.text
    await uploader.append(b"def")
    await uploader.complete()

    assert await whole(objects) == b"abcdef"


async def test_a_bucket_that_does_not_answer_is_not_waited_for_for_ever(
    s3: S3, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(place) as store:
        await store.put(KEY, b"abc")

    with monkeypatch.context() as patch:
        patch.setattr(bucket_module, "SILENCE_SECONDS", 0.2)
        async with opened(place) as store:
            with s3.stopped():
                for attempt in (store.put(KEY, b"x"), whole(store)):
                    with pytest.raises(UnavailableError):
                        await attempt

    async with opened(place) as store:
        assert await whole(store) in {b"abc", b"x"}


async def test_a_bucket_that_takes_no_more_is_not_waited_for_for_ever(
    s3: S3, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_module, "OPERATION_SECONDS", 0.5)
    async with opened(place) as store:
        with s3.stopped(), pytest.raises(UnavailableError):
            await store.put(KEY, content(20 * MIB))


async def test_what_the_key_may_not_do_is_said_in_the_log(
    s3: S3, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(s3.place(place.prefix, key=READER)) as store:
        for attempt in (store.put(KEY, b"x"), store.delete([KEY])):
            caplog.clear()
            with pytest.raises(UnavailableError, match="has failed"):
                await attempt
            assert "AccessDenied" in caplog.text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"credentials": (READER, "of-the-tests")}, "AccessDenied"),
        ({"credentials": ("writer", "wrong")}, "SignatureDoesNotMatch"),
        ({"credentials": ("nobody", "wrong")}, "InvalidAccessKeyId"),
        ({"bucket": "none", "credentials": (READER, "of-the-tests")}, "NoSuchBucket"),
        ({"endpoint_url": "nonsense"}, "Invalid endpoint"),
    ],
)
async def test_a_bucket_that_cannot_be_used_is_named(
    place: Place, change: dict[str, object], reason: str
) -> None:
    wrong = replace(place, **change)  # type: ignore[arg-type]
    with pytest.raises(UnusableStoreError, match=reason) as caught:
        await S3Objects.open(wrong)
    assert f"s3://{wrong.bucket}/" in str(caught.value)
    assert "of-the-tests" not in str(caught.value)


@asynccontextmanager
async def cutting(place: Place, *, after: int) -> AsyncIterator[Place]:
    """A way to the bucket whose every connection breaks after so many bytes."""
    there = urlsplit(place.endpoint_url or "")

    async def pass_on(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        source, sink = await asyncio.open_connection(there.hostname, there.port)
        try:
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(copy(reader, sink))
                await copy(source, writer, after)
                asking.cancel()
        finally:
            writer.transport.abort()
            sink.transport.abort()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield replace(place, endpoint_url=f"http://127.0.0.1:{port}")


async def copy(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int = 1 << 40
) -> None:
    while most and (data := await source.read(min(most, 65536))):
        sink.write(data)
        await sink.drain()
        most -= len(data)
