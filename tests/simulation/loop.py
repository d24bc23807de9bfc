"""An event loop without a clock, sockets or threads: time jumps to the next timer.

Every callback belongs to a lane, which stands for a process. Callbacks of one lane run
in the order in which they were made ready, as asyncio promises; those of different
lanes run in any order, which chance chooses. A lane can be held, as a process that
gets no processor, and killed, as one that is gone from one moment to the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
from asyncio import base_events
from collections import deque
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, NoReturn, cast

CALLBACKS = 400_000
"""More of them than any world needs."""
CALLBACKS_AT_ONCE = 20_000
"""More of them than anything needs at one moment."""


class StuckError(BaseException):
    """The world cannot go on, or goes on without end."""


class Lane:
    """What runs in one simulated process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ready: deque[asyncio.Handle] = deque()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.held = False
        self.dead = False
        self.context = copy_context()
        self.context.run(LANE.set, self)

    def kill(self) -> None:
        """Run nothing of it any more. Its tasks stay as they are, for ever."""
        self.dead = True
        self.ready.clear()


LANE: ContextVar[Lane] = ContextVar("lane")


class VirtualLoop(base_events.BaseEventLoop):
    """The event loop of one world.

    It replaces what asyncio's own loop does with these two, which every version has.
    """

    _ready: deque[Any]
    _scheduled: list[Any]

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.callbacks = 0
        self._chance = chance
        self._now = 0.0
        self._moved = 0
        self._first = Lane("world")
        self._lanes = [self._first]
        self.set_task_factory(cast("Any", self._make_task))

    def lane(self, name: str) -> Lane:
        """Return a new lane."""
        lane = Lane(name)
        self._lanes.append(lane)
        return lane

    def spawn(self, lane: Lane, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine as a task of a lane."""
        return self.create_task(coroutine, context=lane.context)

    def time(self) -> float:
        """Return the seconds since the world began."""
        return self._now

    def dispose(self) -> None:
        """Let go of everything that a world has left; nothing of it runs again."""
        for lane in self._lanes:
            lane.kill()
        for lane in self._lanes:
            for task in list(lane.tasks):
                _close(task)
            lane.tasks.clear()
        self._ready.clear()
        self._scheduled.clear()
        self.close()

    def run_in_executor(self, *_: object) -> NoReturn:
        """Refuse: a thread is no part of this world."""
        raise StuckError("a thread was asked for")

    def _make_task(
        self,
        _: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any],
        context: Context | None = None,
    ) -> asyncio.Task[Any]:
        context = copy_context() if context is None else context
        task = asyncio.Task(coroutine, loop=self, context=context)
        lane = context.get(LANE) or self._first
        lane.tasks.add(task)
        task.add_done_callback(lane.tasks.discard, context=context)
        return task

    def _run_once(self) -> None:
        while True:
            self._sort()
            lanes = [lane for lane in self._lanes if lane.ready and not lane.held]
            if lanes:
                break
            self._jump()
        lane = lanes[0] if len(lanes) == 1 else self._chance.choice(lanes)
        handle = lane.ready.popleft()
        if not handle._cancelled:
            self._count()
            handle._run()

    def _count(self) -> None:
        self.callbacks += 1
        if self.callbacks > CALLBACKS:
            raise StuckError("the world does not come to an end")
        if self.callbacks - self._moved > CALLBACKS_AT_ONCE:
            raise StuckError("something goes around without waiting")

    def _sort(self) -> None:
        """Give every callback that has become ready to its lane."""
        timers = self._scheduled
        while timers and timers[0]._when <= self._now:
            self._give(heapq.heappop(timers))
        while self._ready:
            self._give(self._ready.popleft())

    def _give(self, handle: Any) -> None:
        lane = handle._context.get(LANE) or self._first
        if not lane.dead:
            lane.ready.append(handle)

    def _jump(self) -> None:
        """Let time pass until the next timer."""
        timers = self._scheduled
        while timers and (timers[0]._cancelled or _is_dead(timers[0])):
            heapq.heappop(timers)
        if not timers:
            raise StuckError("everything waits, and for nothing")
        self._now = max(self._now, timers[0]._when)
        self._moved = self.callbacks

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing to count: those in front are dropped when time passes."""

    def _write_to_self(self) -> None:
        """Nothing sleeps that were to be woken."""


def _is_dead(handle: Any) -> bool:
    lane = handle._context.get(LANE)
    return lane is not None and lane.dead


def _close(task: asyncio.Task[Any]) -> None:
    """End a task's coroutine where it is, whatever it still wants to do."""
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    coroutine = task.get_coro()
    for _ in range(20):
        with contextlib.suppress(BaseException):
            coroutine.close()
            return
