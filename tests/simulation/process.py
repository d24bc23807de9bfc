"""One simulated process: an engine of its own over what all processes share.

Clients reach it as they would through a face: by calls that are broken off when they
leave, and by streams that wait while they do not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, TypeVar, cast

from openinteractions.engine import process as engine
from openinteractions.engine.background import Limits
from openinteractions.engine.interactions import Interactions
from openinteractions.engine.media import Media
from openinteractions.engine.plan import Planner
from openinteractions.engine.retention import Retention
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.engine.supervisor import Supervisor
from openinteractions.tools.documents.reader import Documents
from openinteractions.v1 import event_pb2
from tests.engine.outside import Web
from tests.simulation.faults import Log, Store
from tests.simulation.remains import remains

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
Event = event_pb2.InteractionEvent
Streaming = Callable[[Interactions], AsyncIterator[Sequence[Event]]]

BATCHES_ON_THE_WIRE = 2
UNREAD_SECONDS = 60.0
"""How long a face waits for a client that does not read, before it drops it."""
FIRST_EVENT_SECONDS = 2.0
SWEEP_SECONDS = 5.0
"""How often what is too old is looked for."""


class ConnectionLostError(Exception):
    """The process is gone, or has dropped the client."""


class Clock:
    """The clock of one machine, which differs from others."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._skew = (world.chance.random() * 2 - 1) * world.regime.skew

    def now(self) -> float:
        """Return the time."""
        return self._world.now + self._skew


class Process:
    """A process from its start to its end; after a restart it is another one."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.lane = world.loop.lane(name)
        self.world = world
        self.ready = False
        self.began = world.loop.time()
        self._calls: set[asyncio.Future[Any]] = set()
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Begin, in its own lane."""
        await self._done(self._start())

    async def _start(self) -> None:
        world = self.world
        store = cast("InteractionStore", Store(world, self.lane))
        clock, supervisor = Clock(world), Supervisor(self.name)
        planner = Planner(
            models=world.backend,
            store=store,
            media=Media(egress=Web(), reader=Documents()),
            clock=clock,
            tools=world.backend,
            entropy=world.chance.randbytes,
            first_event_seconds=FIRST_EVENT_SECONDS,
        )
        self.engine = engine.Process(
            planner=planner,
            store=store,
            supervisor=supervisor,
            signals=world.network.join(self.lane),
            log=Log(world),
            clock=clock,
            limits=Limits(world.regime.concurrency, world.regime.queue),
        )
        self.interactions = Interactions(
            planner=planner, store=store, supervisor=supervisor, process=self.engine
        )
        await self._stack.enter_async_context(self.engine)
        await self._keep_short(store, clock)
        self.ready = True
        # The task at hand is one of them, and ends.
        self._tasks = len(self.lane.tasks)

    async def _keep_short(self, store: InteractionStore, clock: Clock) -> None:
        """Delete what is too old, in worlds where that happens."""
        ttl = self.world.regime.ttl
        if ttl is not None:
            sweep = Retention(
                store=store, clock=clock, ttl_seconds=ttl, turn_seconds=SWEEP_SECONDS
            )
            await self._stack.enter_async_context(sweep)

    def runs(self) -> list[str]:
        """Return the ids of the interactions that it runs, by the names of tasks."""
        names = (one.get_name() for one in self.lane.tasks if not one.done())
        return [name[4:] for name in names if name.startswith("run ")]

    def left(self) -> list[object]:
        """Return what it remembers of interactions when there is nothing to do."""
        tasks = [one for one in self.lane.tasks if not one.done()]
        more = tasks if len(tasks) > self._tasks else []
        busy = self.engine.background.busy
        places = [f"{busy} places"] if busy else []
        return [*remains(self.interactions), *remains(self.engine), *more, *places]

    def crash(self) -> None:
        """Be gone from one moment to the next."""
        self.ready = False
        self.lane.kill()
        self.world.network.leave(self.name)
        for call in list(self._calls):
            if not call.done():
                call.set_exception(ConnectionLostError())
                call.exception()

    async def stop(self, grace: float) -> None:
        """End as on SIGTERM."""
        self.ready = False
        self.world.ends(self)
        await self._done(self._stop(grace))

    async def _stop(self, grace: float) -> None:
        await self.engine.hand_over(grace)
        await self._stack.aclose()
        self.world.ended(self)
        self.world.network.leave(self.name)

    async def _done(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Wait until something is done in its lane, or the process is gone."""
        task = self.world.loop.spawn(self.lane, coroutine)
        gone: asyncio.Future[None] = self.world.loop.create_future()
        self.know(gone)
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if task.done():
            task.result()

    async def call(self, use: Callable[[Interactions], Awaitable[T]]) -> T:
        """Have a use case answered; leaving breaks it off."""
        if not self.ready:
            raise ConnectionLostError
        answer: asyncio.Future[T] = self.world.loop.create_future()
        self._calls.add(answer)
        task = self.world.loop.spawn(self.lane, self._answer(use, answer))
        try:
            return await answer
        finally:
            self._calls.discard(answer)
            task.cancel()

    async def _answer(
        self, use: Callable[[Interactions], Awaitable[T]], answer: asyncio.Future[T]
    ) -> None:
        try:
            result = await use(self.interactions)
        except Exception as error:  # noqa: BLE001 - its caller gets it
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(result)

    def stream(self, use: Streaming) -> Wire:
        """Open a stream of events."""
        if not self.ready:
            raise ConnectionLostError
        return Wire(self, use)

    def know(self, call: asyncio.Future[Any]) -> None:
        """Break a call off when the process ends."""
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)


class Wire:
    """A stream of events on its way to a client."""

    def __init__(self, process: Process, use: Streaming) -> None:
        self._process = process
        self._events: asyncio.Queue[list[bytes]] = asyncio.Queue(BATCHES_ON_THE_WIRE)
        self._end: asyncio.Future[None] = process.world.loop.create_future()
        process.know(self._end)
        self._task = process.world.loop.spawn(process.lane, self._carry(use))

    async def next(self) -> list[Event] | None:
        """Return the next events; None at the end.

        Raises:
            DomainError: the stream has failed.
            ConnectionLostError: the process is gone.
        """
        if self._events.empty() and not self._end.done():
            coming = asyncio.ensure_future(self._events.get())
            both: set[asyncio.Future[Any]] = {coming, self._end}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return [Event.FromString(said) for said in coming.result()]
            coming.cancel()
        if not self._events.empty():
            return [Event.FromString(said) for said in self._events.get_nowait()]
        await self._end
        return None

    def cut(self) -> None:
        """Leave."""
        self._task.cancel()
        if not self._end.done():
            self._end.cancel()

    async def _carry(self, use: Streaming) -> None:
        try:
            async with aclosing(use(self._process.interactions)) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    self._process.world.judge.check(batch, "an empty batch was sent")
                    said = [event.SerializeToString() for event in batch]
                    async with asyncio.timeout(UNREAD_SECONDS):
                        await self._events.put(said)
        except TimeoutError:
            self._settle(ConnectionLostError())
        except Exception as error:  # noqa: BLE001 - its caller gets it
            self._settle(error)
        else:
            self._settle(None)

    def _settle(self, error: Exception | None) -> None:
        if self._end.done():
            return
        if error is None:
            self._end.set_result(None)
        else:
            self._end.set_exception(error)
            self._end.exception()
