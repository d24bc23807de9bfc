"""Accepts connections and hands each to the worker that has the fewest.

Those with equally few take turns. While no worker can take one, none is accepted: it
waits where the system keeps it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence

from openinteractions.workers.ports import listen
from openinteractions.workers.process import Worker

AT_ONCE = 64
"""How many connections are accepted before something else has its turn."""

PAUSE_SECONDS = 0.02
"""How long to wait when no worker, or the system, has room for another."""

log = logging.getLogger(__name__)


class Acceptor:
    """The HTTP port. Belongs to the event loop in which it is made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sockets: Sequence[socket.socket] = ()
        self._workers: list[Worker] = []
        self._turn = 0
        self._waiting: socket.socket | None = None
        """A connection that nobody had room for."""
        self._pause: asyncio.TimerHandle | None = None

    def start(self, sockets: Sequence[socket.socket]) -> None:
        """Listen from now on."""
        self._sockets = sockets
        listen(sockets)
        self._resume()

    def add(self, worker: Worker) -> None:
        """Hand connections to a worker, too."""
        self._workers.append(worker)

    def remove(self, worker: Worker) -> None:
        """Hand no more connections to a worker, if it has got any."""
        if worker in self._workers:
            self._workers.remove(worker)

    def close(self) -> None:
        """Hand over what has come so far, and listen no more."""
        for end in self._sockets:
            self._accept(end)
        if self._pause is not None:
            self._pause.cancel()
        for end in self._sockets:
            self._loop.remove_reader(end)
            end.close()
        if self._waiting is not None:
            self._waiting.close()
        self._sockets, self._waiting = (), None

    def _accept(self, end: socket.socket) -> None:
        for _ in range(AT_ONCE):
            if self._waiting is None:
                try:
                    self._waiting, _ = end.accept()
                except BlockingIOError:
                    return
                except OSError as error:
                    # The client has gone already, or there are too many files open.
                    log.warning("a connection could not be accepted: %s", error)
                    self._rest()
                    return
            if not self._hand_over(self._waiting):
                self._rest()
                return
            self._waiting.close()
            self._waiting = None

    def _hand_over(self, connection: socket.socket) -> bool:
        self._turn += 1
        for worker in sorted(self._workers, key=lambda one: (one.door.open, one.turn)):
            if worker.door.pass_on(connection):
                worker.turn = self._turn
                return True
        return False

    def _rest(self) -> None:
        for end in self._sockets:
            self._loop.remove_reader(end)
        self._pause = self._loop.call_later(PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        for end in self._sockets:
            self._loop.add_reader(end, self._accept, end)
