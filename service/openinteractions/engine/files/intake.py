"""The bytes of one call, in blocks of a good size, measured and digested on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from openinteractions.core.errors import RequestError, TooLargeError
from openinteractions.engine.file_ports import BLOCK_BYTES
from openinteractions.engine.files.limits import Limits
from openinteractions.engine.files.turns import Turn
from openinteractions.v1 import file_pb2, file_service_pb2

SEGMENT_BLOCKS = 16
"""After how many blocks of a call it is noted how far the upload is. More than
clients send in one call, so that such a call is received whole or not at all."""


class Digest(Protocol):
    """A SHA-256 that is being computed."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""

    def digest(self) -> bytes:
        """Return what comes of all bytes so far."""


class Intake:
    """What one call sends.

    `first` is the message that has been read already; `finish` is known when all
    blocks are taken.
    """

    def __init__(
        self,
        first: file_service_pb2.WriteUploadRequest,
        rest: AsyncIterator[file_service_pb2.WriteUploadRequest],
        turn: Turn,
    ) -> None:
        self.finish = first.finish
        self._rest = rest
        self._turn = turn
        self._waiting = memoryview(first.data)
        self._next: bytes | None = None

    async def ends(self) -> bool:
        """Say whether there is nothing more, after waiting for what comes."""
        if self._next is None:
            self._next = await self._gather()
        return not self._next

    async def segment(
        self, size: int, file: file_pb2.File, limits: Limits, digest: Digest | None
    ) -> AsyncIterator[bytes]:
        """Yield some of the blocks.

        Args:
            size: how many bytes the upload has before them.
            file: what was announced of the file.
            limits: how large files may be.
            digest: takes them in as well.

        Raises:
            RequestError: it gets more than was announced.
            TooLargeError: it gets more than files may have.
        """
        for _ in range(SEGMENT_BLOCKS):
            if await self.ends():
                return
            block, self._next = self._next or b"", None
            size += len(block)
            if file.HasField("size_bytes") and size > file.size_bytes:
                raise RequestError(
                    f"The upload has more than its {file.size_bytes} bytes."
                )
            if size > limits.max_bytes:
                raise TooLargeError(f"At most {limits.max_bytes} bytes are taken.")
            if digest is None:
                yield block
                continue
            # While it is written.
            digesting = asyncio.create_task(asyncio.to_thread(digest.update, block))
            yield block
            await digesting

    async def _gather(self) -> bytes:
        """Return the next block; it is empty at the end."""
        parts: list[memoryview] = []
        missing = BLOCK_BYTES
        while missing:
            if not self._waiting:
                message = await anext(self._rest, None)
                if message is None:
                    break
                self._take(message)
            part = self._waiting[:missing]
            self._waiting = self._waiting[missing:]
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def _take(self, message: file_service_pb2.WriteUploadRequest) -> None:
        for name in ("upload_id", "offset"):
            if message.HasField(name):
                raise RequestError(
                    f"{name} belongs into the first message only.", field=name
                )
        self._turn.progress()
        self.finish = self.finish or message.finish
        self._waiting = memoryview(message.data)
