"""Objects in a directory."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.file_ports import Objects, Partial
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.objects import directory
from openinteractions.storage.objects.directory import DirectoryObjects
from openinteractions.storage.objects.part import Part
from tests.storage.object_acceptance import (
    KEY,
    ObjectAcceptance,
    Uploader,
    breaking,
    each,
    names,
    whole,
)


@pytest.fixture
async def objects(tmp_path: Path) -> AsyncIterator[Objects]:
    store = await DirectoryObjects.open(tmp_path / "objects")
    yield store
    await store.close()


def fail(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def folders(folder: Path) -> set[str]:
    found = (folder / "objects").rglob("[!.]*")
    return {path.name for path in found if path.is_dir()}


class TestDirectoryObjects(ObjectAcceptance):
    async def test_a_full_disk_is_said_and_what_was_certain_stays(
        self, objects: Objects, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        for step in ("write", "sync"):
            with monkeypatch.context() as patch:
                patch.setattr(Part, step, fail)
                with pytest.raises(UnavailableError, match="full"):
                    await uploader.append(b"def")
        with monkeypatch.context() as patch:
            patch.setattr(Part, "publish", fail)
            with pytest.raises(UnavailableError, match="full"):
                await uploader.complete()
        with pytest.raises(Exception, match="not there"):
            await whole(objects)
        await uploader.complete()

        assert await whole(objects) == b"abc"

    async def test_a_put_that_fails_leaves_what_was_there(
        self, objects: Objects, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await objects.put(KEY, b"old")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(UnavailableError, match="full"):
                await objects.put(KEY, b"new")
            with pytest.raises(UnavailableError, match="full"):
                await objects.put("files/b", b"new")

        assert await whole(objects) == b"old"
        with pytest.raises(Exception, match="not there"):
            await whole(objects, "files/b")

    async def test_a_writer_that_does_not_let_go_is_waited_for_no_longer_than_agreed(
        self, objects: Objects, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(directory, "LOCK_PAUSE_SECONDS", 0)
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        holding = asyncio.Event()

        async def stuck() -> AsyncIterator[bytes]:
            holding.set()
            await asyncio.Event().wait()
            yield b""

        task = asyncio.create_task(
            objects.append(KEY, uploader.partial, stuck(), epoch=5)
        )
        await holding.wait()
        with pytest.raises(UnavailableError, match="still writing") as caught:
            await objects.append(KEY, uploader.partial, each([b"d"]), epoch=6)
        assert caught.value.retry_after is not None
        task.cancel()
        await asyncio.wait([task])
        uploader.epoch = 6
        await uploader.append(b"d")
        await uploader.complete()

        assert await whole(objects) == b"abcd"

    async def test_a_writer_that_begins_late_leaves_its_successor_alone(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        folder = tmp_path / "objects" / ".parts" / KEY
        new, late = Part(folder, 0, 2), Part(folder, 0, 1)
        new.open()
        # It had looked before the other one came.
        late._create()
        for part, data in ((new, b"abc"), (late, b"BAD")):
            part.write(data)
            part.sync()
            part.close()
        await objects.complete(KEY, Partial(3, "2"), epoch=3)

        assert await whole(objects) == b"abc"

    async def test_what_was_broken_off_is_on_the_disk_but_not_in_the_way(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        with pytest.raises(ConnectionResetError):
            await objects.append(KEY, Partial(), breaking(b"abc"), epoch=1)

        assert await names(objects) == {KEY}
        await objects.delete([KEY])
        assert await names(objects) == set()
        assert kept(tmp_path) == set()

    async def test_nothing_is_left_beside_the_objects(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        await uploader.append(b"def")
        await uploader.complete()
        await objects.put("files/b", b"xyz")

        assert kept(tmp_path) == {"a", "b"}

    async def test_a_folder_goes_with_the_last_object_in_it(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        await objects.put("interactions/x/0", b"1")
        await objects.put("interactions/x/1", b"1")
        await objects.delete(["interactions/x/0"])
        assert folders(tmp_path) == {"interactions", "x"}
        await objects.delete(["interactions/x/1"])
        assert folders(tmp_path) == {"interactions"}

    async def test_what_a_dead_process_was_putting_is_removed_at_the_next_start(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        left = tmp_path / "objects" / ".parts" / "put old"
        young = tmp_path / "objects" / ".parts" / "put young"
        left.touch()
        young.touch()
        os.utime(left, (0, 0))
        await (await DirectoryObjects.open(tmp_path / "objects")).close()

        assert kept(tmp_path) == {"put young"}

    async def test_objects_are_nobody_elses_business(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        await objects.put(KEY, b"abc")
        await Uploader(objects, "files/b").append(b"abc")

        for path in (tmp_path / "objects", *(tmp_path / "objects").rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0

    async def test_no_link_leads_out_of_the_directory(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(b"untouched")
        parts = tmp_path / "objects" / ".parts" / KEY
        parts.mkdir(parents=True)
        (parts / "1").symlink_to(secret)

        with pytest.raises(UnavailableError):
            await objects.append(KEY, Partial(), each([b"abc"]), epoch=1)
        assert secret.read_bytes() == b"untouched"

    async def test_objects_outlive_the_process(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        await objects.put("files/b", b"xyz")
        again = await DirectoryObjects.open(tmp_path / "objects")
        uploader.objects = again
        await uploader.append(b"def")
        await uploader.complete()

        assert await whole(again) == b"abcdef"
        assert await whole(again, "files/b") == b"xyz"
        await again.close()


async def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "missing" / "objects"):
        with pytest.raises(UnusableStoreError, match=str(path)):
            await DirectoryObjects.open(path)
