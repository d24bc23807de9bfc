"""Calls of one kind, several of which become one statement when they queue up.

What a statement costs this process and the server, above all its flush to the disk,
is then shared by all its rows. A call that comes alone runs at once and alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.postgres.failures import blames_one

Row = TypeVar("Row")
Value = TypeVar("Value")

LANES = 2
"""How many statements run at a time: the second is on its way while the first is
being flushed, and more would be smaller."""

MOST_ROWS = 128
MOST_BYTES = 4 * 1024 * 1024
"""What one statement takes at most; a larger row goes alone."""

LOOK_AHEAD = 4 * MOST_ROWS
"""How many waiting calls are looked at for those that may run now."""


class Call(NamedTuple):
    """A row, and who waits for what comes of it."""

    row: object
    id: str
    """What it is about: calls about the same thing run in their order, one by one."""
    after: str | None
    """What else it depends on: it runs after earlier calls about that."""
    size: int
    waiting: asyncio.Future[object]


class Group(Generic[Row, Value]):
    """Gathers rows for `run`, which returns their values in the rows' order.

    Belongs to the event loop in which it is made.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Row]], Awaitable[Sequence[Value]]],
        *,
        lanes: int = LANES,
    ) -> None:
        self._run = run
        self._most_lanes = lanes
        self._loop = asyncio.get_running_loop()
        self._queue: list[Call] = []
        self._busy: set[str] = set()
        self._lanes: set[asyncio.Task[None]] = set()
        self._closed = False

    async def call(
        self,
        row: Row,
        id: str,  # noqa: A002 - the resource's own word
        size: int,
        *,
        after: str | None = None,
    ) -> Value:
        """Run a row, maybe with others, and return its value.

        A caller that is cancelled before the row's turn takes it back.
        """
        if self._closed:
            raise UnavailableError("The store is closing.")
        call = Call(row, id, after, size, self._loop.create_future())
        if not self._queue:
            # Whatever else is asked for in this turn of the loop comes along.
            self._loop.call_soon(self._start)
        self._queue.append(call)
        return await call.waiting  # type: ignore[return-value] # what `run` returned

    async def close(self) -> None:
        """Finish what was asked for. Can be called again."""
        self._closed = True
        self._start()
        while self._lanes:
            await asyncio.wait(self._lanes)

    def _start(self) -> None:
        if self._queue and len(self._lanes) < self._most_lanes:
            self._lanes.add(self._loop.create_task(self._lane()))

    async def _lane(self) -> None:
        while batch := self._next():
            ids = [call.id for call in batch]
            self._busy.update(ids)
            self._start()
            await self._finish(batch)
            self._busy.difference_update(ids)
        # At once, so that who comes next does not take it for one that goes on.
        lane = asyncio.current_task()
        assert lane is not None  # noqa: S101 - for mypy
        self._lanes.remove(lane)

    def _next(self) -> list[Call]:
        """Take from the queue what may run now."""
        batch: list[Call] = []
        left: list[Call] = []
        size, taken = 0, set(self._busy)
        self._queue = [call for call in self._queue if not call.waiting.cancelled()]
        for call in self._queue[:LOOK_AHEAD]:
            fits = not batch or (
                len(batch) < MOST_ROWS and size + call.size <= MOST_BYTES
            )
            if fits and call.id not in taken and call.after not in taken:
                batch.append(call)
                size += call.size
            else:
                left.append(call)
            taken.add(call.id)
        self._queue[:LOOK_AHEAD] = left
        return batch

    async def _finish(self, batch: Sequence[Call]) -> None:
        try:
            values = await self._run([call.row for call in batch])  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            if len(batch) > 1 and blames_one(error):
                for call in batch:
                    await self._finish([call])
                return
            for call in batch:
                if not call.waiting.done():
                    call.waiting.set_exception(error)
            return
        for call, value in zip(batch, values, strict=True):
            if not call.waiting.done():
                call.waiting.set_result(value)
