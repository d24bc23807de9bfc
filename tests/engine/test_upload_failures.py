"""Uploads whose call breaks off, whose process dies, whose disk or store fails."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.memory_files import MemoryFiles
from openinteractions.storage.objects.part import Part
from tests.clock import WAIT_SECONDS
from tests.engine.shelf import MIB, Client, Shelf, State, Write, content

SEGMENT = 16 * MIB


async def test_of_a_long_call_that_breaks_off_whole_segments_stay(made: Shelf) -> None:
    data = content(40 * MIB)
    upload_id = await made.begin(len(data))
    client = Client(made, upload_id)
    for start in range(0, 39 * MIB, MIB):
        client.send(Write(data=data[start : start + MIB]))
    await client.taken()
    client.call.cancel()
    await asyncio.wait([client.call], timeout=WAIT_SECONDS)

    received = await made.received(upload_id)
    assert received == 2 * SEGMENT
    status = await made.write(upload_id, data[received:], offset=received, finish=True)
    assert status.file.sha256_hash == hashlib.sha256(data).digest()
    assert await made.bytes(status.file) == data


class Killed(BaseException):
    """The process has ended here."""


@pytest.mark.parametrize("step", ["advance", "finish"])
@pytest.mark.parametrize("done", [False, True])
async def test_a_process_killed_around_a_write_of_the_row_leaves_it_resumable(
    made: Shelf, monkeypatch: pytest.MonkeyPatch, step: str, done: bool
) -> None:
    data = content(3 * MIB)
    upload_id = await made.begin(len(data))
    await made.write(upload_id, data[:MIB], offset=0)
    write = getattr(MemoryFiles, step)

    async def killed(*arguments: object) -> bool:
        if done:
            await write(*arguments)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFiles, step, killed)
        with pytest.raises(Killed):
            await made.write(upload_id, data[MIB:], offset=MIB, finish=True)

    # Another process, which has nothing but what is stored.
    other = made.other()
    status = await other.query(upload_id)
    assert bool(await made.listed()) == (status.state == State.UPLOAD_STATE_FINAL)
    received = status.received_bytes
    status = await other.write(upload_id, data[received:], offset=received, finish=True)
    assert status.state == State.UPLOAD_STATE_FINAL
    assert status.file.sha256_hash == hashlib.sha256(data).digest()
    assert await other.bytes(status.file) == data
    assert len(await made.listed()) == 1


@pytest.mark.parametrize("step", ["write", "sync", "publish"])
async def test_a_full_disk_is_said_and_loses_nothing(
    made: Shelf, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    data = content(3 * MIB)
    upload_id = await made.begin(len(data))
    await made.write(upload_id, data[:MIB], offset=0)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Part, step, full)
        with pytest.raises(UnavailableError) as caught:
            await made.write(upload_id, data[MIB:], offset=MIB, finish=True)
    assert caught.value.retry_after is not None
    assert await made.listed() == []

    received = await made.received(upload_id)
    assert received >= MIB
    status = await made.write(upload_id, data[received:], offset=received, finish=True)
    assert await made.bytes(status.file) == data


@pytest.mark.parametrize("step", ["begin", "claim", "advance", "finish"])
async def test_a_store_that_is_out_of_reach_is_said_and_loses_nothing(
    made: Shelf, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    upload_id = await made.begin(6)
    await made.write(upload_id, b"abc", offset=0)

    async def fail(*_: object) -> None:
        raise UnavailableError("The store is locked.", retry_after=1)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFiles, step, fail)
        with pytest.raises(UnavailableError):
            await (
                made.begin()
                if step == "begin"
                else made.write(upload_id, b"def", offset=3, finish=True)
            )
    assert await made.listed() == []
    received = await made.received(upload_id)
    status = await made.write(
        upload_id, b"abcdef"[received:], offset=received, finish=True
    )
    assert await made.bytes(status.file) == b"abcdef"
