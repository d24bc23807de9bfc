"""What a model says, call after call, until it is broken off.

The first batch of a call can be waited for without being taken, so that a stream that
fails at once can fail before it has begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.interrupt import Interrupt

Batch = Sequence[ModelEvent]


class ModelSource:
    """The stream of one call to a model at a time."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt
        self._stream: AsyncIterator[Batch] | None = None
        self._first: asyncio.Task[Batch | None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a call has begun and not ended."""
        return self._stream is not None

    def open(self, stream: AsyncIterator[Batch]) -> None:
        """Begin a call; the one before has to be closed."""
        self._stream = stream

    async def wait(self, seconds: float) -> None:
        """Wait for the first batch; raises what the stream raises before it."""
        first = self._first = asyncio.ensure_future(self._next())
        done, _ = await asyncio.wait({first}, timeout=seconds)
        if done:
            error = first.exception()
            if error is not None:
                raise error

    def __aiter__(self) -> ModelSource:
        return self

    async def __anext__(self) -> Batch:
        if self._first is not None:
            first, self._first = self._first, None
            batch = await first
        else:
            batch = await self._next()
        if batch is None:
            raise StopAsyncIteration
        return batch

    async def aclose(self) -> None:
        """Close the stream, and with it the connection to the endpoint."""
        stream, self._stream = self._stream, None
        if self._first is not None:
            self._first.cancel()
            await asyncio.gather(self._first, return_exceptions=True)
            self._first = None
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()

    async def _next(self) -> Batch | None:
        assert self._stream is not None  # noqa: S101 - who reads has opened it
        return await self._interrupt.guard(anext(self._stream, None))
