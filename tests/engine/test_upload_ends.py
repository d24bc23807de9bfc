"""Uploads that end otherwise: expired, cancelled, taken over, left, deleted."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from openinteractions.core import ids
from openinteractions.core.errors import DomainError, NotFoundError, PreconditionError
from openinteractions.engine.file_ports import FileRecord, Partial
from openinteractions.engine.files import turns
from openinteractions.v1 import file_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.shelf import LIMITS, MIB, Client, Shelf, State, Write


async def failure(call: asyncio.Task[object]) -> DomainError:
    await asyncio.wait([call], timeout=WAIT_SECONDS)
    error = call.exception()
    assert isinstance(error, DomainError)
    return error


async def test_an_upload_expires(made: Shelf) -> None:
    upload_id = await made.begin()
    await made.write(upload_id, b"abc")
    made.clock.seconds += LIMITS.upload_ttl_seconds
    for call in (made.write(upload_id, b"d"), made.query(upload_id)):
        with pytest.raises(NotFoundError, match="expired"):
            await call
    assert await made.kept() != set()
    await made.expiry.turn()

    assert await made.kept() == set()
    with pytest.raises(NotFoundError):
        await made.query(upload_id)


async def test_an_upload_that_expires_under_its_writer_makes_no_file(
    made: Shelf,
) -> None:
    upload_id = await made.begin()
    client = Client(made, upload_id)
    client.send(Write(data=b"abc"))
    await client.taken()
    made.clock.seconds += LIMITS.upload_ttl_seconds
    await made.expiry.turn()
    client.send(Write(finish=True))
    client.send(None)

    assert isinstance(await failure(client.call), PreconditionError)
    assert await made.listed() == []


async def test_cancelling_ends_the_call_that_writes(made: Shelf) -> None:
    upload_id = await made.begin()
    client = Client(made, upload_id)
    client.send(Write(data=b"x" * MIB))
    client.send(Write(data=b"x" * MIB))
    await client.taken()
    await made.cancel(upload_id)

    assert "cancelled" in (await failure(client.call)).message
    assert await made.kept() == set()


async def test_cancelling_elsewhere_ends_the_upload_all_the_same(made: Shelf) -> None:
    upload_id = await made.begin()
    client = Client(made, upload_id)
    client.send(Write(data=b"x" * MIB))
    await client.taken()
    await made.other().cancel(upload_id)
    client.send(Write(finish=True))
    client.send(None)

    assert isinstance(await failure(client.call), PreconditionError)
    assert await made.listed() == []


async def test_a_later_call_takes_over_from_one_that_hangs(made: Shelf) -> None:
    upload_id = await made.begin(6)
    hanging = Client(made, upload_id)
    hanging.send(Write(data=b"ab"))
    await hanging.taken()
    status = await made.write(upload_id, b"abcdef", offset=0, finish=True)

    assert "taken over" in (await failure(hanging.call)).message
    assert await made.bytes(status.file) == b"abcdef"


async def test_of_calls_at_the_same_time_one_makes_the_file(made: Shelf) -> None:
    other = made.other()
    data = [bytes([letter]) * (2 * MIB) for letter in b"abcdef"]
    upload_id = await made.begin(2 * MIB)
    calls = [
        asyncio.create_task(place.write(upload_id, piece, offset=0, finish=True))
        for piece, place in zip(data, [made, other] * 3, strict=True)
    ]
    await asyncio.wait(calls, timeout=WAIT_SECONDS)

    for call in calls:
        assert call.exception() is None or isinstance(call.exception(), DomainError)
    if (status := await made.query(upload_id)).state == State.UPLOAD_STATE_ACTIVE:
        # They have ended each other; whoever comes back gets on.
        received = status.received_bytes
        status = await made.write(
            upload_id, data[0][received:], offset=received, finish=True
        )
    stored = await made.bytes(status.file)
    assert stored in data
    assert status.file.sha256_hash == hashlib.sha256(stored).digest()


async def test_a_call_that_sends_nothing_is_ended(
    made: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await made.begin()
    await made.write(upload_id, b"abc")
    monkeypatch.setattr(turns, "IDLE_SECONDS", 0.01)
    client = Client(made, upload_id)

    assert "can be resumed" in (await failure(client.call)).message
    assert await made.received(upload_id) == 3


async def test_a_client_that_leaves_loses_the_call_and_nothing_else(
    made: Shelf,
) -> None:
    upload_id = await made.begin()
    await made.write(upload_id, b"abc")
    client = Client(made, upload_id)
    client.send(Write(data=b"x" * MIB))
    await client.taken()
    client.call.cancel()
    await asyncio.wait([client.call], timeout=WAIT_SECONDS)

    assert await made.received(upload_id) == 3
    status = await made.write(upload_id, b"def", offset=3, finish=True)
    assert await made.bytes(status.file) == b"abcdef"


async def test_a_file_that_is_deleted_is_gone_from_its_upload_too(made: Shelf) -> None:
    upload_id = await made.begin()
    final = await made.write(upload_id, b"abc", finish=True)
    await made.store.delete(final.file.name.removeprefix("files/"), "")
    with pytest.raises(NotFoundError):
        await made.query(upload_id)


async def test_a_file_that_has_expired_is_gone_from_its_upload_too(
    made: Shelf,
) -> None:
    upload_id = await made.begin()
    claimed = await made.store.claim(ids.upload_key(upload_id) or "")
    assert claimed is not None
    await made.store.advance(claimed.key, claimed.epoch, Partial(3))
    gone = file_pb2.File(name=claimed.file.name)
    gone.expiration_time.FromSeconds(int(made.clock.now()) - 1)
    await made.store.finish(claimed.key, claimed.epoch, FileRecord("", gone))

    status = await made.query(upload_id)
    assert status.state == State.UPLOAD_STATE_FINAL
    assert not status.HasField("file")
