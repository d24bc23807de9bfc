"""A transport of memory: what is written to it is handed to a function at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any


class Wire(asyncio.Transport):
    """A connection whose other end is a function.

    Args:
        written: takes what is written.
    """

    def __init__(self, written: Callable[[bytes], None]) -> None:
        super().__init__()
        self._written = written
        self._protocol: Any = None
        self._closing = False

    def connect(self, protocol: Any) -> None:
        """Begin the connection with the protocol at this end."""
        self._protocol = protocol
        protocol.connection_made(self)

    def receive(self, data: bytes) -> None:
        """Hand data to the protocol, as if it had come."""
        if not self._closing:
            self._protocol.data_received(data)

    def get_protocol(self) -> Any:
        """Return the protocol."""
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        """Put another protocol in place."""
        self._protocol = protocol

    def write(self, data: Any) -> None:
        """Take data."""
        self._written(bytes(data))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Take several pieces of data as one."""
        self._written(b"".join(list_of_data))

    def is_closing(self) -> bool:
        """Say whether it is closed."""
        return self._closing

    def close(self) -> None:
        """End the connection; the protocol hears of it later, as it should."""
        if not self._closing:
            self._closing = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """End the connection."""
        self.close()

    def is_reading(self) -> bool:
        """Say that data may come."""
        return not self._closing

    def pause_reading(self) -> None:
        """Ignore it: what comes is little."""

    def resume_reading(self) -> None:
        """Ignore it."""

    def get_write_buffer_size(self) -> int:
        """Say that everything has been sent."""
        return 0

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        """Ignore it: nothing is ever held back."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known: the addresses."""
        addresses = {"peername": ("127.0.0.1", 40000), "sockname": ("127.0.0.1", 8080)}
        return addresses.get(name, default)
