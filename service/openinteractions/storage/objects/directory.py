"""Objects as files in a directory: the store of one machine.

An object appears under its name whole or not at all, by a rename, after its bytes are
on the disk. What is being written lies below `.parts`, where no key can point.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

from openinteractions.core.errors import NotFoundError, UnavailableError
from openinteractions.engine.file_ports import BLOCK_BYTES, Partial, Stored
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.objects.part import (
    PRIVATE_FOLDER,
    Part,
    make_folder,
    move,
    sync_folder,
)
from openinteractions.storage.objects.threads import RETRY_AFTER_SECONDS, Threads

PARTS = ".parts"

PUT = "put "
"""How the names of what is put begin, until it is there; no key has a space."""

LEFT_BEHIND_SECONDS = 3600.0
"""How old such a file is when no process is at it any more."""

_KEY = re.compile(r"[\w-]+(/[\w-]+)*", re.ASCII)

LOCK_TRIES = 40
LOCK_PAUSE_SECONDS = 0.05


class DirectoryObjects:
    """`Objects` in a directory. Made by `open`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._parts = root / PARTS
        self._threads = Threads()

    @classmethod
    async def open(cls, root: Path) -> Self:
        """Open a directory; it is made where it is missing, but not those above it.

        Raises:
            UnusableStoreError: it cannot be used; the text names it and the reason.
        """
        return cls(await asyncio.to_thread(_prepare, root))

    async def put(self, key: str, data: bytes) -> None:
        """Store a whole object; see `Objects.put`."""
        target, _ = self._places(key)
        await self._threads.run(self._put, target, data)

    def _put(self, target: Path, data: bytes) -> None:
        descriptor, name = tempfile.mkstemp(prefix=PUT, dir=self._parts)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            move(Path(name), target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    async def append(
        self, key: str, partial: Partial, blocks: AsyncIterator[bytes], *, epoch: int
    ) -> Partial:
        """Add bytes; see `Objects.append`."""
        _, folder = self._places(key)
        part = Part(folder, partial.size, epoch)
        try:
            await self._open(part)
            async for block in blocks:
                await self._threads.run(part.write, block)
            await self._threads.run(part.sync)
        finally:
            part.close()
        return Partial(part.size, str(epoch))

    async def complete(self, key: str, partial: Partial, *, epoch: int) -> None:
        """Make the object of what was appended; see `Objects.complete`."""
        target, folder = self._places(key)
        if await self._threads.run(_is_there, target, partial.size):
            return
        part = Part(folder, partial.size, epoch)
        try:
            await self._open(part)
            await self._threads.run(part.sync)
            await self._threads.run(part.publish, target)
        finally:
            part.close()

    async def _open(self, part: Part) -> None:
        for _ in range(LOCK_TRIES):
            if await self._threads.run(part.open):
                return
            await asyncio.sleep(LOCK_PAUSE_SECONDS)
        raise UnavailableError(
            "Another request is still writing to the object.",
            retry_after=RETRY_AFTER_SECONDS,
        )

    async def read(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of an object; see `Objects.read`."""
        target, _ = self._places(key)
        file = await self._threads.run(_open_to_read, target)
        try:
            await self._threads.run(file.seek, start)
            left = length
            while left is None or left > 0:
                size = BLOCK_BYTES if left is None else min(BLOCK_BYTES, left)
                block = await self._threads.run(file.read, size)
                if not block:
                    return
                if left is not None:
                    left -= len(block)
                yield block
        finally:
            file.close()

    async def delete(self, keys: Collection[str]) -> None:
        """Remove objects; see `Objects.delete`."""
        places = [self._places(key) for key in keys]
        await self._threads.run(_delete, self._root, places)

    async def list(self, prefix: str) -> AsyncIterator[Stored]:
        """Yield the objects below a prefix; see `Objects.list`."""
        target, folder = self._places(prefix.removesuffix("/"))
        for walk, place in ((_objects, target), (_unfinished, folder)):
            for name, modified in await self._threads.run(_all, walk, place):
                yield Stored(f"{prefix}{name}", modified)

    async def close(self) -> None:
        """Finish what was begun."""
        await self._threads.close()

    def _places(self, key: str) -> tuple[Path, Path]:
        """Return where an object lies, and where its parts do.

        Raises:
            ValueError: it is no key.
        """
        if _KEY.fullmatch(key) is None:
            raise ValueError(f"{key!r} is no key")
        return self._root / key, self._parts / key


def _prepare(root: Path) -> Path:
    # The working directory may change.
    root = root.absolute()
    try:
        if not root.exists():
            # Another process may make it at this moment.
            root.mkdir(PRIVATE_FOLDER, exist_ok=True)
            sync_folder(root.parent)
        make_folder(root / PARTS)
        _clear(root / PARTS)
        with tempfile.TemporaryFile(dir=root / PARTS):
            pass
    except OSError as error:
        raise UnusableStoreError(
            f"the directory {root} cannot be used: {error.strerror}"
        ) from None
    return root


def _clear(parts: Path) -> None:
    """Remove what processes that ended while they put something have left."""
    before = time.time() - LEFT_BEHIND_SECONDS
    for path in parts.glob(f"{PUT}*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def _is_there(target: Path, size: int) -> bool:
    try:
        return target.stat().st_size == size
    except FileNotFoundError:
        return False


def _open_to_read(target: Path) -> BinaryIO:
    try:
        return target.open("rb", buffering=0)
    except FileNotFoundError:
        raise NotFoundError("The bytes are not there any more.") from None


def _delete(root: Path, places: Collection[tuple[Path, Path]]) -> None:
    for target, folder in places:
        target.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    for parent in {target.parent for target, _ in places}:
        with suppress(FileNotFoundError):
            sync_folder(parent)
        # Folders of many objects stay, those of one thing go with what is in them.
        if root not in (parent, parent.parent):
            with suppress(OSError):
                parent.rmdir()


Found = Iterator[tuple[str, float]]
"""Names below a folder, and when they were last written to."""


def _all(walk: Callable[[Path], Found], folder: Path) -> list[tuple[str, float]]:
    return list(walk(folder))


def _objects(folder: Path) -> Found:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            # It may have been removed meanwhile.
            with suppress(FileNotFoundError):
                yield path.relative_to(folder).as_posix(), path.stat().st_mtime


def _unfinished(folder: Path) -> Found:
    for parent, inner, names in os.walk(folder):
        if inner or not names:
            continue
        path = Path(parent)
        with suppress(FileNotFoundError):
            times = [path.stat(), *((path / name).stat() for name in names)]
            newest = max(time.st_mtime for time in times)
            yield path.relative_to(folder).as_posix(), newest
