"""The file of an object that is being appended to. Blocking; used on threads.

It is named by the epoch of its writer. Who takes it over locks it, so that no writer is
still at it, and gives it the new name, so that none with an older epoch finds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from openinteractions.core.errors import PreconditionError

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


class Part:
    """The part with which a writer goes on: the first `size` bytes of an object."""

    def __init__(self, folder: Path, size: int, epoch: int) -> None:
        self.size = size
        self._folder = folder
        self._path = folder / str(epoch)
        self._epoch = epoch
        self._descriptor: int | None = None

    def open(self) -> bool:
        """Take the part over; False when another writer is still at it.

        Raises:
            PreconditionError: a writer with a higher epoch has been here, or the bytes
                are not there.
        """
        make_folder(self._folder)
        while True:
            found = self._newest()
            if found is not None and found > self._epoch:
                raise PreconditionError("Another writer has taken the object over.")
            if not self.size and found != self._epoch:
                self._create()
                return True
            if found is None:
                raise _missing()
            taken = self._take(self._folder / str(found))
            if taken is not None:
                return taken

    def _newest(self) -> int | None:
        return max(self._epochs(), default=None)

    def _epochs(self) -> list[int]:
        return [int(path.name) for path in self._folder.iterdir()]

    def _create(self) -> None:
        # What an earlier writer may still have open belongs to nobody any more; but a
        # later one may have come meanwhile.
        for epoch in self._epochs():
            if epoch < self._epoch:
                (self._folder / str(epoch)).unlink(missing_ok=True)
        self._descriptor = _open(self._path, os.O_CREAT)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        sync_folder(self._folder)

    def _take(self, path: Path) -> bool | None:
        """Lock and rename the part; None when it has just been renamed."""
        try:
            self._descriptor = _open(path)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(self._descriptor), path.stat()):
                self._go_on(self._descriptor, path)
                return True
        except BlockingIOError:
            self.close()
            return False
        except FileNotFoundError:
            pass
        self.close()
        return None

    def _go_on(self, descriptor: int, path: Path) -> None:
        if os.fstat(descriptor).st_size < self.size:
            raise _missing()
        path.rename(self._path)
        sync_folder(self._folder)
        os.ftruncate(descriptor, self.size)
        os.lseek(descriptor, self.size, os.SEEK_SET)

    def write(self, block: bytes) -> None:
        """Append bytes."""
        assert self._descriptor is not None  # noqa: S101 - opened by whoever writes
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(block)

    def sync(self) -> None:
        """Make everything durable."""
        assert self._descriptor is not None  # noqa: S101
        os.fsync(self._descriptor)

    def publish(self, target: Path) -> None:
        """Make it the object itself."""
        move(self._path, target)
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the part. Can be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _missing() -> PreconditionError:
    return PreconditionError("The bytes before these are not there.")


def _open(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | flags, PRIVATE_FILE)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(PRIVATE_FOLDER)
    sync_folder(folder.parent)


def move(source: Path, target: Path) -> None:
    """Give a file another name, durably; what had that name is gone."""
    moved = False
    while not moved:
        make_folder(target.parent)
        try:
            source.rename(target)
            moved = True
        except FileNotFoundError:
            # The folder may have been removed with the last object in it.
            if not source.exists():
                raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
