"""One worker process, as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import time
from typing import Self

from openinteractions.workers.door import Outside
from openinteractions.workers.messages import Failed, Line, Message, Start

COMMAND = "member"
"""The command of `openinteractions` that is not for people."""


class Worker:
    """A process that was started. Made by `start`."""

    def __init__(
        self, process: asyncio.subprocess.Process, line: Line, door: Outside
    ) -> None:
        self.line = line
        self.door = door
        self.problem = ""
        """What it said about why it cannot serve."""
        self.turn = 0
        """When it was last given a connection."""
        self._process = process
        self._up_since: float | None = None

    @classmethod
    async def start(cls, start: Start) -> Self:
        """Start a process with what it is to know."""
        lines, doors = socket.socketpair(), socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                # The folder from which the server was started has no modules for it.
                "-P",
                "-m",
                "openinteractions",
                COMMAND,
                str(lines[1].fileno()),
                str(doors[1].fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(lines[1].fileno(), doors[1].fileno()),
            )
        except BaseException:
            lines[0].close()
            doors[0].close()
            raise
        finally:
            lines[1].close()
            doors[1].close()
        worker = cls(process, await Line.open(lines[0]), Outside(doors[0]))
        worker.door.start()
        worker.line.say(start)
        return worker

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def is_up(self) -> bool:
        """Whether it could ever take connections."""
        return self._up_since is not None

    @property
    def served_seconds(self) -> float:
        """For how long it has been up."""
        return 0 if self._up_since is None else time.monotonic() - self._up_since

    def mark_up(self) -> None:
        """Note that it can take connections from now on."""
        self._up_since = time.monotonic()

    async def hear(self) -> Message | None:
        """Return what it says next, None when it will say nothing any more."""
        message = await self.line.hear()
        if isinstance(message, Failed):
            self.problem = message.problem
        return message

    async def end(self) -> str:
        """Wait until it has ended, and return how, in words."""
        status = await self._process.wait()
        self.door.close()
        await self.line.close()
        if self.problem:
            return self.problem
        if status < 0:
            with contextlib.suppress(ValueError):
                return f"killed by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
