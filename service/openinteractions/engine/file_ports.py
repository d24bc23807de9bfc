"""What the engine needs for files: a store of their rows, and one of their bytes.

Beside `ports`, under the same rules. Rows are the only truth: bytes without a row are
nobody's and go away, a row without its bytes is never made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from openinteractions.v1 import file_pb2, file_service_pb2


@dataclass(frozen=True, slots=True)
class Partial:
    """How much of an object is there for certain, before it is complete."""

    size: int = 0
    """How many bytes, from its start."""
    progress: str = ""
    """What the adapter of `Objects` wants to know at the next `append`. Nobody else
    reads it. Empty for nothing."""


class Stored(NamedTuple):
    """An object, complete or not."""

    key: str
    modified: float
    """When it was last written to, seconds since 1970."""


class Objects(Protocol):
    """Keeps bytes under keys.

    A key has segments of ASCII letters, digits, `-` and `_` with `/` between them; no
    key is the beginning of another up to a `/`. A
    method returns only when its effect is durable. Several processes may share the
    objects. Raises `UnavailableError` when they cannot be reached or are full.

    A large object is appended to until it is `complete`; it cannot be read before.
    Any process may make any of the calls; who calls keeps the `Partial` in between,
    and numbers the writers with `epoch`: a call with an epoch below the highest that
    the key has seen fails, or has no effect on what those after it do. So a writer
    that was given up cannot damage what its successor writes, as long as the
    successor starts from a `Partial` that was kept.
    """

    async def put(self, key: str, data: bytes) -> None:
        """Store a whole object, in place of what was there."""

    async def append(
        self, key: str, partial: Partial, blocks: AsyncIterator[bytes], *, epoch: int
    ) -> Partial:
        """Add bytes after the first `partial.size`, and return what is there now.

        What an earlier call has written after those is dropped. When `blocks` raises,
        so does this; `partial` is then still right.

        Raises:
            PreconditionError: a writer with a higher epoch has been here.
            UnavailableError: also when another writer does not let go.
        """

    async def complete(self, key: str, partial: Partial, *, epoch: int) -> None:
        """Make the object of what was appended. Can be repeated.

        Raises:
            PreconditionError: it is not there as `partial` says.
        """

    def read(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of an object, from `start` on, at most `length` of them.

        They come in blocks of at most `BLOCK_BYTES`. An object that is deleted
        meanwhile may be read to its end.

        Raises:
            NotFoundError: there is no such object; comes before the first block.
        """

    async def delete(self, keys: Collection[str]) -> None:
        """Remove objects, complete or not; keys that have none are left out."""

    def list(self, prefix: str) -> AsyncIterator[Stored]:
        """Yield the objects, complete or not, whose keys begin with `prefix`.

        In no order; `prefix` ends with `/`. One that has both forms may come twice.
        """


BLOCK_BYTES = 1024 * 1024
"""In what pieces bytes go to objects and come from them."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One stored file."""

    owner: str
    """Hash of the key that uploaded it; empty without authentication."""
    file: file_pb2.File
    """The file without its addresses, which depend on who asks."""

    @property
    def id(self) -> str:
        """The file's id: its name without `files/`."""
        return self.file.name.removeprefix("files/")


@dataclass(frozen=True, slots=True)
class Upload:
    """One session of an upload."""

    key: str
    """A digest of its id; the id itself is a secret and not stored."""
    owner: str
    file: file_pb2.File
    """What is known of the file; `name` is there from the start, `size_bytes` when
    it was announced."""
    expires: float
    """Until when the session lasts, seconds since 1970."""
    state: file_service_pb2.UploadState = (
        file_service_pb2.UploadState.UPLOAD_STATE_ACTIVE
    )
    partial: Partial = Partial()
    epoch: int = 0
    """How many writers it has had."""

    @property
    def file_id(self) -> str:
        """The id of the file that it will be."""
        return self.file.name.removeprefix("files/")


class FileStore(Protocol):
    """Keeps the rows of files and of their uploads.

    A method returns only when its effect is durable, and either happens whole or not
    at all. Raises `UnavailableError` as `InteractionStore` does. What has expired is
    there until `expire` removes it.
    """

    async def begin(self, upload: Upload) -> None:
        """Store a new upload."""

    async def find(self, key: str) -> Upload | None:
        """Return an upload, or None when it is not there."""

    async def claim(self, key: str) -> Upload | None:
        """Make the caller the only writer of an upload, and return it.

        An active one gets the next epoch, so that nothing more comes of what its
        earlier writers do; one that has ended is returned as it is. None when it is
        not there.
        """

    async def advance(self, key: str, epoch: int, partial: Partial) -> bool:
        """Say how far an upload is. False when it has another writer, or none."""

    async def finish(self, key: str, epoch: int, record: FileRecord) -> bool:
        """Store the file of an upload and end the upload as final, both at once.

        False, and nothing is changed, when it has another writer, or none.
        """

    async def cancel(self, key: str) -> Upload | None:
        """End an active upload as cancelled, and return it as it is then.

        One that has ended is returned as it is; None when it is not there.
        """

    async def add(self, record: FileRecord) -> None:
        """Store a file that was not uploaded."""

    async def get(self, id: str, owner: str) -> FileRecord | None:  # noqa: A002 - the resource's own word
        """Return a file, or None when it is not there or another owner's."""

    async def list(
        self, owner: str, *, limit: int, before: str | None, now: float
    ) -> Sequence[FileRecord]:
        """Return up to `limit` of the owner's files, newest first.

        Leaves out those that have expired at `now`. `before` is the id of the last
        one of the page before; it may have been deleted since. The order is by id.
        """

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove a file and its upload; False when it is not there."""

    async def expire(self, now: float) -> Sequence[str]:
        """Remove files and uploads that have expired at `now`, some at a time.

        Returns the ids of the files whose bytes belong to nobody any more; when it
        returns none, nothing is left that has expired.
        """

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return those ids that a file has, or an active upload for its file."""
