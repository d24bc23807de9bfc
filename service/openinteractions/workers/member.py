"""A worker's side: what its parent tells it, and what it tells its parent.

A worker serves what comes through its door until its parent says that it is to stop,
or is gone: nobody is left then who would hand it anything.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import socket
import threading
import time
from typing import Self

from openinteractions.config import Config
from openinteractions.workers.messages import (
    Failed,
    Leaving,
    Lent,
    Line,
    Ready,
    Start,
    Stop,
    Up,
    Wanted,
)

SLACK_SECONDS = 5.0
"""How much longer than its grace a worker may take to end without its parent."""

CLOSING = "The server is shutting down."

log = logging.getLogger(__name__)


class OrphanError(Exception):
    """The parent is gone."""


class Member:
    """What a worker knows of the server that it belongs to. Made by `join`."""

    def __init__(self, line: Line, door: socket.socket, start: Start) -> None:
        self.number = start.number
        self.config: Config = start.config
        self.door = door
        """Through which connections come."""
        self.ready = False
        """Whether the server as a whole is ready."""
        self.stop = asyncio.Event()
        """Set when the worker is to end."""
        self._line = line
        self._borrowing: dict[str, list[asyncio.Future[Lent]]] = {}
        self._task = asyncio.create_task(self._listen())

    @classmethod
    async def join(cls, line: int, door: int) -> Self:
        """Take over what the parent has given this process, and hear who it is.

        Raises:
            OrphanError: the parent is gone.
        """
        ends = [socket.socket(fileno=file) for file in (line, door)]
        for end in ends:
            end.set_inheritable(False)
        watched = os.dup(line)
        talk = await Line.open(ends[0])
        start = await talk.hear()
        if not isinstance(start, Start):
            raise OrphanError
        self = cls(talk, ends[1], start)
        self._watch(watched)
        return self

    def heed_signals(self) -> None:
        """End on SIGTERM; leave SIGINT, which a terminal sends to all, to the parent.

        A second SIGTERM does not wait.
        """
        loop = asyncio.get_running_loop()

        def leave() -> None:
            loop.remove_signal_handler(signal.SIGTERM)
            self._line.say(Leaving())
            self.stop.set()

        loop.add_signal_handler(signal.SIGTERM, leave)
        loop.add_signal_handler(signal.SIGINT, lambda: None)

    def up(self) -> None:
        """Say that connections can come."""
        self._line.say(Up())

    def fail(self, problem: str) -> None:
        """Say why this worker, and surely every other, cannot serve."""
        self._line.say(Failed(problem))

    async def borrow(self, endpoint: str) -> Lent:
        """Return where the embedded model of an endpoint is, or why nowhere."""
        if self._task.done():
            return Lent(endpoint, problem=CLOSING, missing=True)
        future = asyncio.get_running_loop().create_future()
        waiting = self._borrowing.setdefault(endpoint, [])
        waiting.append(future)
        if len(waiting) == 1:
            self._line.say(Wanted(endpoint))
        return await future  # type: ignore[no-any-return] # what `Lent` resolves

    async def close(self) -> None:
        """Say what is left to say, and leave."""
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._line.close()
        self.door.close()

    async def _listen(self) -> None:
        """Do what the parent says, and end when it is gone."""
        try:
            while (message := await self._line.hear()) is not None:
                match message:
                    case Ready():
                        self.ready = True
                    case Stop():
                        self.ready = False
                        self.stop.set()
                    case Lent():
                        self._hand_out(message)
            log.warning("the parent is gone")
            if self.stop.is_set():
                # It was told twice to end, or killed: nothing is waited for.
                os._exit(1)
            self.stop.set()
        finally:
            for endpoint in list(self._borrowing):
                self._hand_out(Lent(endpoint, problem=CLOSING, missing=True))

    def _hand_out(self, lent: Lent) -> None:
        for future in self._borrowing.pop(lent.endpoint, []):
            if not future.done():
                future.set_result(lent)

    def _watch(self, line: int) -> None:
        """End this process some time after its parent, even if the loop is stuck."""
        grace = self.config.server.shutdown_grace_seconds + SLACK_SECONDS

        def watch() -> None:
            poll = select.poll()
            poll.register(line, 0)
            poll.poll()
            time.sleep(grace)
            os._exit(1)

        threading.Thread(target=watch, name="watch", daemon=True).start()
