"""Sends the messages of an RPC that takes many, over a gRPC channel.

A service may answer or refuse before it has read all of them. Then a message that is
just being sent fails in gRPC's core, and grpc.aio ends the call as internal at once,
though the status of the service arrives in the same moment. Here the call waits for
that status. `ChannelUpstream.feed` uses this; it knows nothing of what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
from google.protobuf.message import Message
from grpc.aio import AioRpcError


def patient(call: Any) -> Any:
    """Let a new call end with the status of the service, whatever a write meets."""
    # grpc.aio has no public place for it; `test_a_refusal_is_a_status` holds this.
    call._cython_call = _Patient(call._cython_call)  # noqa: SLF001
    return call


class _Patient:
    """What grpc.aio asks of its core, without its haste after a failed write."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def set_internal_error(self, reason: str) -> None:
        """Wait: a write fails only when the call has ended, and an end has a status."""


async def send(
    call: grpc.aio.StreamUnaryCall[Any, Any], requests: AsyncIterator[Message]
) -> None:
    """Send messages, each when the last one is on its way.

    Raises:
        Exception: what reading them raised; the call is cancelled.
    """
    try:
        async for message in requests:
            await call.write(message)
        await call.done_writing()
    except (asyncio.InvalidStateError, AioRpcError):
        return  # the service has its answer and takes no more
    except BaseException:
        call.cancel()
        raise
