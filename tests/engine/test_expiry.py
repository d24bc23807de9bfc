"""What has expired goes, and bytes that belong to nobody; nothing else."""

from __future__ import annotations

import asyncio
import time

import pytest

from openinteractions.core import ids
from openinteractions.core.errors import UnavailableError
from openinteractions.engine.files import expiry
from openinteractions.engine.files.expiry import GRACE_SECONDS
from tests.clock import WAIT_SECONDS
from tests.engine.shelf import LIMITS, Shelf


def file_id(number: int) -> str:
    return ids.file_id(1_780_000_000_000, number.to_bytes(9))


async def test_expired_files_go_with_their_bytes_and_others_stay(made: Shelf) -> None:
    await made.upload(b"old")
    made.clock.seconds += LIMITS.ttl_seconds - 1
    young = await made.upload(b"young")
    await made.expiry.turn()
    assert len(await made.kept()) == 2
    made.clock.seconds += 1
    await made.expiry.turn()

    assert await made.kept() == {young.name.removeprefix("files/")}
    assert await made.listed() == [young.name]


async def test_what_could_not_be_removed_is_removed_later(
    made: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made.upload(b"old")
    made.clock.seconds += LIMITS.ttl_seconds

    async def fail(_: object) -> None:
        raise UnavailableError("The objects cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(made.objects, "delete", fail)
        await made.expiry.turn()
    assert await made.kept() != set()
    made.clock.seconds = time.time() + GRACE_SECONDS + 1
    await made.expiry.search()
    assert await made.kept() == set()


async def test_old_bytes_without_a_row_go_and_young_ones_and_others_stay(
    made: Shelf,
) -> None:
    await made.objects.put(f"files/{file_id(1)}", b"nobody's")
    await made.objects.put("interactions/x/0", b"of another kind")
    made.clock.seconds = time.time() + GRACE_SECONDS - 60
    await made.expiry.search()
    assert await made.kept() == {file_id(1)}

    file = await made.upload(b"mine")
    upload_id = await made.begin()
    await made.write(upload_id, b"half")
    cancelled = await made.begin()
    await made.write(cancelled, b"half")
    # Cancelled by a process that ended before it removed the bytes.
    await made.store.cancel(ids.upload_key(cancelled) or "")
    assert len(await made.kept()) == 4
    made.clock.seconds += 120
    await made.expiry.search()

    upload = await made.store.find(ids.upload_key(upload_id) or "")
    assert upload is not None
    assert await made.kept() == {file.name.removeprefix("files/"), upload.file_id}
    others = [stored.key async for stored in made.objects.list("interactions/")]
    assert others == ["interactions/x/0"]


async def test_many_bytes_without_a_row_all_go(
    made: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "KNOWN_AT_ONCE", 3)
    for number in range(10):
        await made.objects.put(f"files/{file_id(number)}", b"")
    made.clock.seconds = time.time() + GRACE_SECONDS + 1
    await made.expiry.search()
    assert await made.kept() == set()


async def test_it_goes_on_in_the_background_and_survives_failures(
    made: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "TURN_SECONDS", 0)
    await made.upload(b"old")
    made.clock.seconds += LIMITS.ttl_seconds
    removed, failures = asyncio.Event(), 3
    delete = made.objects.delete

    async def watched(keys: list[str]) -> None:
        await delete(keys)
        removed.set()

    expire = made.store.expire

    async def at_last(now: float) -> object:
        nonlocal failures
        failures -= 1
        if failures > 0:
            raise UnavailableError("The store is locked.")
        return await expire(now)

    monkeypatch.setattr(made.objects, "delete", watched)
    monkeypatch.setattr(made.store, "expire", at_last)
    async with made.expiry:
        await asyncio.wait_for(removed.wait(), WAIT_SECONDS)
    assert await made.kept() == set()
