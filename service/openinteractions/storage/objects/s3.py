"""Objects in an S3-compatible bucket: the store of many machines.

An object that is appended to is an upload in parts (S3's multipart upload), which is
invisible until it is completed. What the parts are is known to the caller alone, who
keeps it: so any process goes on where another ended, and what nobody noted counts for
nothing. Pieces that are too small for a part lie below `.parts`, where no key can
point.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable
from dataclasses import replace
from typing import Any, Self

from openinteractions.core.errors import (
    DomainError,
    NotFoundError,
    PreconditionError,
    UnavailableError,
)
from openinteractions.engine.file_ports import Partial, Stored
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.objects.bucket import Bucket, Place
from openinteractions.storage.objects.progress import Progress
from openinteractions.storage.objects.refusal import Refusal

PART_BYTES = 8 * 1024 * 1024
"""Of this size are parts, and so much of an upload is in memory."""

MOST_PIECES = 16
"""So many pieces are made into one rather than joined by another."""

PARTS = ".parts"

AT_ONCE = 8
"""How many objects are removed at the same time."""

_KEY = re.compile(r"[\w-]+(/[\w-]+)*", re.ASCII)

log = logging.getLogger(__name__)


class S3Objects:
    """`Objects` in a bucket. Made by `open`.

    Of two writers of one object the older does no damage by what it appends; that it
    does not complete the object at the wrong time is up to its caller.
    """

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    @classmethod
    async def open(cls, place: Place) -> Self:
        """Open a bucket. One that cannot be reached just now may be so later.

        Raises:
            UnusableStoreError: it cannot be used; the text names it and the reason.
        """
        try:
            bucket = await Bucket.connect(place)
        except ValueError as error:
            raise UnusableStoreError(
                f"the bucket {place} cannot be used: {error}"
            ) from None
        objects = cls(bucket, place.prefix)
        try:
            await objects._try()
        except Refusal as refusal:
            if refusal.status < 500:  # noqa: PLR2004 - from there on it is the server's fault
                await bucket.close()
                raise UnusableStoreError(
                    f"the bucket {place} cannot be used: {refusal}"
                ) from None
            log.warning("The bucket %s cannot be used yet: %s", place, refusal)
        except UnavailableError:
            log.warning("The bucket %s cannot be used yet", place)
        return objects

    async def _try(self) -> None:
        """See whether there is a bucket that can be written."""
        name = f"{self._prefix}{PARTS}/try-{secrets.token_hex(8)}"
        await self._bucket.ask("list_objects_v2", Prefix=self._prefix, MaxKeys=1)
        await self._bucket.ask("put_object", Key=name, Body=b"")
        await self._bucket.ask("delete_object", Key=name)

    async def close(self) -> None:
        """Close all connections."""
        await self._bucket.close()

    async def put(self, key: str, data: bytes) -> None:
        """Store a whole object; see `Objects.put`."""
        await self._bucket.put(self._name(key), data)

    async def append(
        self, key: str, partial: Partial, blocks: AsyncIterator[bytes], *, epoch: int
    ) -> Partial:
        """Add bytes; see `Objects.append`."""
        name, progress = self._name(key), Progress.of(partial)
        await self._remove(progress.stale)
        progress = replace(progress, stale=())
        waiting = bytearray()
        async for block in blocks:
            waiting += block
            while progress.held + len(waiting) >= PART_BYTES:
                taken = PART_BYTES - progress.held
                progress = await self._send(
                    name, progress, bytes(memoryview(waiting)[:taken]), epoch
                )
                del waiting[:taken]
        if waiting:
            progress = await self._hold(key, progress, bytes(waiting), epoch)
        return progress.kept()

    async def _send(
        self, name: str, progress: Progress, data: bytes, epoch: int
    ) -> Progress:
        """Make a part of the pieces and what comes after them."""
        if progress.pieces:
            data = await self._held(progress) + data
        if not progress.upload:
            progress = replace(progress, upload=await self._bucket.begin(name))
        number = progress.number(epoch)
        try:
            tag = await self._bucket.upload(name, progress.upload, number, data)
        except NotFoundError:
            raise _missing() from None
        return progress.with_part(number, tag, len(data))

    async def _hold(
        self, key: str, progress: Progress, data: bytes, epoch: int
    ) -> Progress:
        """Keep what is not enough for a part."""
        if len(progress.pieces) >= MOST_PIECES:
            data = await self._held(progress) + data
            progress = progress.without_pieces()
        piece = f"{self._pieces(key)}{epoch}-{secrets.token_hex(8)}"
        await self._bucket.put(piece, data)
        return progress.with_piece(piece, len(data))

    async def _held(self, progress: Progress) -> bytes:
        """Return what the pieces have."""
        blocks = []
        try:
            for piece, _ in progress.pieces:
                blocks += [b async for b in self._bucket.read(piece, 0, None)]
        except NotFoundError:
            raise _missing() from None
        data = b"".join(blocks)
        if len(data) != progress.held:
            raise _missing()
        return data

    async def complete(self, key: str, partial: Partial, *, epoch: int) -> None:
        """Make the object of what was appended; see `Objects.complete`."""
        name = self._name(key)
        if await self._bucket.size(name) != partial.size:
            progress = Progress.of(partial)
            if progress.parts:
                await self._join(name, progress, epoch)
            else:
                await self._bucket.put(name, await self._held(progress))
        try:
            await self._clear(key)
        except DomainError as error:
            log.warning("What is left of an upload stays for now: %s", error.message)

    async def _join(self, name: str, progress: Progress, epoch: int) -> None:
        if progress.pieces:
            progress = await self._send(name, progress, b"", epoch)
        try:
            await self._bucket.join(name, progress.upload, progress.parts)
        except NotFoundError:
            # It may have been joined already, and the reply was lost.
            if await self._bucket.size(name) != progress.size:
                raise _missing() from None

    async def read(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of an object; see `Objects.read`."""
        name = self._name(key)
        if length == 0:
            if await self._bucket.size(name) is None:
                raise NotFoundError("The bytes are not there any more.")
            return
        async for block in self._bucket.read(name, start, length):
            yield block

    async def delete(self, keys: Collection[str]) -> None:
        """Remove objects; see `Objects.delete`."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def erase(key: str, name: str) -> None:
            async with gate:
                await self._bucket.delete(name)
                await self._clear(key)

        names = {key: self._name(key) for key in keys}
        await _all(erase(key, name) for key, name in names.items())

    async def _clear(self, key: str) -> None:
        """Remove what belongs to uploads of an object."""
        name = self._name(key)
        pieces = self._pieces(key)
        await self._remove([item.name async for item in self._bucket.list(pieces)])
        async for item in self._bucket.uploads(name):
            if item.name == name:
                await self._bucket.abort(name, item.upload)

    async def _remove(self, names: Iterable[str]) -> None:
        await _all(self._bucket.delete(name) for name in names)

    async def list(self, prefix: str) -> AsyncIterator[Stored]:
        """Yield the objects below a prefix; see `Objects.list`."""
        whole = f"{self._prefix}{prefix}"
        async for item in self._bucket.list(whole):
            yield Stored(item.name.removeprefix(self._prefix), item.modified)
        async for item in self._bucket.uploads(whole):
            yield Stored(item.name.removeprefix(self._prefix), item.modified)
        pieces = f"{self._prefix}{PARTS}/"
        async for item in self._bucket.list(f"{pieces}{prefix}"):
            key, _, _ = item.name.removeprefix(pieces).rpartition("/")
            yield Stored(key, item.modified)

    def _name(self, key: str) -> str:
        """Return what an object is called in the bucket.

        Raises:
            ValueError: it is no key.
        """
        if _KEY.fullmatch(key) is None:
            raise ValueError(f"{key!r} is no key")
        return f"{self._prefix}{key}"

    def _pieces(self, key: str) -> str:
        return f"{self._prefix}{PARTS}/{key}/"


async def _all(tasks: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; when some fail, raise what the first of them did."""
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _missing() -> PreconditionError:
    return PreconditionError("The bytes before these are not there.")
