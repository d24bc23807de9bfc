"""The body of an answer of a bucket, in blocks of a good size."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from openinteractions.engine.file_ports import BLOCK_BYTES


class Body:
    """A body that is being read; an async context manager that ends it.

    `error` has what broke it, after the blocks that came before.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.error: Exception | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection, unless all was read."""
        self._stream.close()

    async def block(self) -> bytes:
        """Return the next `BLOCK_BYTES`, fewer at the end; none when it has ended."""
        parts: list[bytes] = []
        missing = BLOCK_BYTES
        while missing and self.error is None:
            part = await self._next(missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    async def _next(self, most: int) -> bytes:
        try:
            part: bytes = await self._stream.read(most)
        except Exception as error:  # noqa: BLE001 - the client below has errors of its own
            self.error = error
            return b""
        return part
