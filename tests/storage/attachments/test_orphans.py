"""Media that no row knows are swept."""

from __future__ import annotations

import asyncio

import pytest

from tests.storage.attachments.parts import LARGE, Parts, with_media
from tests.storage.object_acceptance import content


async def test_media_of_a_process_that_died_before_its_row_are_swept(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(parts.rows, "add", die)
        with pytest.raises(asyncio.CancelledError):
            await parts.store.add(with_media("gone", [content(LARGE)]), [])
    await parts.store.add(with_media("kept", [content(LARGE)]), [])
    await parts.objects.put("files/f", b"not an interaction's")
    assert len(await parts.keys()) == 2
    await parts.sweep(later=3500)
    assert len(await parts.keys()) == 2
    await parts.sweep(later=3700)

    assert [key.split("/")[1] for key in await parts.keys()] == ["kept"]
    files = [stored.key async for stored in parts.objects.list("files/")]
    assert files == ["files/f"]


async def test_a_sweep_that_fails_is_said_and_goes_on_later(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    parts.objects.failing = {"list"}
    await parts.sweep(later=3700)

    assert "are not removed" in caplog.text
