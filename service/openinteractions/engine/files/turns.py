"""Who of several writers of one upload may write, within this process.

A client whose connection was lost comes back while the server still waits for more of
the lost one: the later call wins, and the earlier one ends. Between processes the
epochs of `engine.file_ports` do the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from openinteractions.core.errors import PreconditionError

IDLE_SECONDS = 120.0
"""How long a writer may send nothing. Its client can come back to the upload."""


class Turn:
    """The time in which a call writes to an upload."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self._timeout = timeout
        self.reason = "The upload got nothing for too long; it can be resumed."

    def progress(self) -> None:
        """Say that something has come in."""
        if not self._timeout.expired():
            deadline = asyncio.get_running_loop().time() + IDLE_SECONDS
            self._timeout.reschedule(deadline)

    def work(self) -> None:
        """Say that everything has come in, and that what follows may take its time."""
        if not self._timeout.expired():
            self._timeout.reschedule(None)

    def end(self, reason: str) -> None:
        """End it as soon as it waits for anything."""
        if not self._timeout.expired():
            self.reason = reason
            self._timeout.reschedule(asyncio.get_running_loop().time())


class _Line:
    """The writers of one upload: one that writes, and maybe some that wait."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.turns: list[Turn] = []


class Turns:
    """The uploads that are written to."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def take(
        self, key: str, reason: str = "Another request has taken over the upload."
    ) -> AsyncIterator[Turn]:
        """End the calls that write to an upload, and be the only one.

        They fail with the reason.

        Raises:
            PreconditionError: the turn was ended by another.
        """
        for earlier in self._lines[key].turns if key in self._lines else ():
            earlier.end(reason)
        line = self._lines.setdefault(key, _Line())
        scope = asyncio.timeout(IDLE_SECONDS)
        turn = Turn(scope)
        line.turns.append(turn)
        try:
            async with scope, line.lock:
                yield turn
        except TimeoutError:
            if scope.expired():
                raise PreconditionError(turn.reason) from None
            raise
        finally:
            line.turns.remove(turn)
            if not line.turns:
                del self._lines[key]
