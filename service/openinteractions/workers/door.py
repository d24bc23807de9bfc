"""How accepted connections come from the parent to a worker.

A pair of stream sockets. One byte from the parent has one connection with it; one byte
from the worker says that one of its connections has ended. So the parent knows how
many each worker has, and the next goes to that with the fewest.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable

MANY = 65536
"""More ends than are told at a time."""

AT_ONCE = 64
"""How many connections are taken before something else has its turn."""

# Where there is no such flag, what this process starts closes its files itself.
_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)

log = logging.getLogger(__name__)


class Outside:
    """The parent's end."""

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(0)
        self._end = end
        self.open = 0
        """How many connections the worker has."""

    def start(self) -> None:
        """Listen to the worker; from within the event loop."""
        asyncio.get_running_loop().add_reader(self._end, self._count)

    def pass_on(self, connection: socket.socket) -> bool:
        """Give the worker a connection; False when it cannot take one now."""
        try:
            socket.send_fds(self._end, [b"."], [connection.fileno()])
        except OSError:
            return False
        self.open += 1
        return True

    def close(self) -> None:
        """Forget the worker."""
        asyncio.get_running_loop().remove_reader(self._end)
        self._end.close()

    def _count(self) -> None:
        try:
            ended = len(self._end.recv(MANY))
        except BlockingIOError:
            return
        except OSError:
            ended = 0
        if not ended:
            asyncio.get_running_loop().remove_reader(self._end)
        self.open -= ended


class Inside:
    """The worker's end.

    Args:
        end: the socket.
        serve: begins to serve a connection.
    """

    def __init__(
        self, end: socket.socket, serve: Callable[[socket.socket], Awaitable[object]]
    ) -> None:
        end.settimeout(0)
        self._end = end
        self._serve = serve
        self._ended = 0
        self._beginning: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Take connections from now on."""
        self._loop.add_reader(self._end, self._take)

    def ended(self) -> None:
        """Say that a connection has ended."""
        if not self._ended:
            self._loop.call_soon(self._tell)
        self._ended += 1

    def close(self) -> None:
        """Take those that are there, and no more."""
        self._take()
        self._loop.remove_reader(self._end)

    def _take(self) -> None:
        for _ in range(AT_ONCE):
            try:
                _, files, _, _ = socket.recv_fds(self._end, 1, 1, _CLOEXEC)
            except OSError:
                return
            if not files:
                # The parent is gone, which is noticed elsewhere.
                self._loop.remove_reader(self._end)
                return
            connection = socket.socket(fileno=files[0])
            connection.settimeout(0)
            task = self._loop.create_task(self._begin(connection))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await self._serve(connection)
        except OSError as error:
            log.info("a connection broke before it began: %s", error)
            connection.close()
            self.ended()

    def _tell(self) -> None:
        ended, self._ended = self._ended, 0
        # A parent that is gone need not know.
        with contextlib.suppress(OSError):
            self._end.send(b"." * ended)
