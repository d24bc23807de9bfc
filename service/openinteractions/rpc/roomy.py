"""Handlers that let large requests wait until there is room for them.

What a request is made into takes several times its bytes; the bytes themselves are here
already when a handler is called, for gRPC reads them ahead. Both faces share one room.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import aclosing
from typing import Protocol

from google.protobuf.message import Message

from openinteractions.core.errors import UnavailableError
from openinteractions.rpc.call import Call, Handlers, Stream, Unary

SMALL_BYTES = 1024 * 1024
"""Up to how many bytes a request takes no room."""

RETRY_SECONDS = 5


class Room(Protocol):
    """Room for large requests."""

    async def enter(self, request: object, size: int) -> None:
        """Have room for a request, until it leaves.

        Raises:
            TimeoutError: there was none in time.
        """
        ...

    def leave(self, request: object) -> None:
        """Give back what a request has, if it has something."""
        ...


def roomy(handlers: Handlers, room: Room) -> Handlers:
    """Return the handlers for serialized requests, the large ones of which wait.

    Those that take many messages take them one after the other, and need no room.
    """
    return Handlers(
        handlers.service,
        {name: _unary(unary, room) for name, unary in handlers.unary.items()},
        {name: _stream(stream, room) for name, stream in handlers.stream.items()},
        handlers.feed,
        handlers.keyless,
    )


def _unary(handler: Unary, room: Room) -> Unary:
    async def wait(call: Call, request: bytes) -> Message:
        try:
            await _enter(room, request)
            return await handler(call, request)
        finally:
            room.leave(request)

    def take(call: Call, request: bytes) -> Awaitable[Message]:
        few = len(request) <= SMALL_BYTES
        return handler(call, request) if few else wait(call, request)

    return take


def _stream(handler: Stream, room: Room) -> Stream:
    async def wait(call: Call, request: bytes) -> AsyncIterator[Sequence[Message]]:
        try:
            await _enter(room, request)
            async with aclosing(handler(call, request)) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    yield batch
        finally:
            room.leave(request)

    def take(call: Call, request: bytes) -> AsyncIterator[Sequence[Message]]:
        few = len(request) <= SMALL_BYTES
        return handler(call, request) if few else wait(call, request)

    return take


async def _enter(room: Room, request: bytes) -> None:
    try:
        await room.enter(request, len(request))
    except TimeoutError:
        raise UnavailableError(
            "The server is busy with other large requests; try again later.",
            retry_after=RETRY_SECONDS,
        ) from None
