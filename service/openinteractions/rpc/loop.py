"""The event loop: uvloop's, with fewer turns for what gRPC has completed.

A thread of grpc.aio writes a byte to a socket for each operation that it completes,
and the loop's reader takes one byte, but all operations, at a time: under load nearly
every turn of the loop is for a byte whose operation is done already. Here such bytes
are taken together. A grpcio that wakes the loop in another way is left alone.
"""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable
from typing import Any, TypeVarTuple, Unpack

import uvloop

GRPC_QUEUE = "PollerCompletionQueue"
"""The class in grpcio whose method reads the bytes."""

MANY = 4096
"""More bytes than wait at a time."""

Ts = TypeVarTuple("Ts")


class EventLoop(uvloop.Loop):
    """Can be had wherever `uvloop.Loop` can."""

    def add_reader(
        self, fd: Any, callback: Callable[[Unpack[Ts]], Any], *args: *Ts
    ) -> None:
        """Watch a file for reading; see `asyncio.loop.add_reader`."""
        if isinstance(fd, socket.socket) and _is_grpc(callback):
            callback = _with_fewer_bytes(fd, callback)
        super().add_reader(fd, callback, *args)


def _is_grpc(callback: Callable[..., Any]) -> bool:
    function = callback.func if isinstance(callback, functools.partial) else callback
    return type(getattr(function, "__self__", None)).__name__ == GRPC_QUEUE


def _with_fewer_bytes(
    wakeups: socket.socket, callback: Callable[[Unpack[Ts]], Any]
) -> Callable[[Unpack[Ts]], Any]:
    peek = socket.MSG_PEEK | socket.MSG_DONTWAIT
    scratch = bytearray(MANY)

    def read(*args: *Ts) -> None:
        # The last byte is the callback's, which would wait for it. Bytes go before
        # the operations do, or one that comes in between would have no byte.
        if (waiting := wakeups.recv_into(scratch, MANY, peek)) > 1:
            wakeups.recv_into(scratch, waiting - 1)
        callback(*args)

    return read
