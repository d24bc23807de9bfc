"""What goes wrong in one world: a store, signals and a log that fail on purpose.

Each process sees the shared ones through its own wrappers. A store's method fails
before or after its effect, as the port allows; signals get lost, late, or come twice;
the log refuses, or has been cut.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.signal_ports import Batch, Listener, LogGapError, Signal
from tests.simulation.loop import Lane

if TYPE_CHECKING:
    from tests.simulation.world import World


MANY = 100
"""More places than there are interactions in any world."""


@dataclass
class Regime:
    """How bad a world is. Nothing goes wrong by default."""

    processes: int = 1
    clients: int = 2
    turns: int = 3
    """How many interactions each client begins."""
    concurrency: int = 2000
    queue: int = 10_000
    fails: float = 0.0
    """How often a method of the store fails; half of them after its effect."""
    slow: float = 0.0
    """How long a method of the store takes at most."""
    outages: int = 0
    lost_signals: float = 0.0
    late_signals: float = 0.0
    log_fails: float = 0.0
    log_cuts: float = 0.0
    crashes: int = 0
    pauses: int = 0
    stops: int = 0
    skew: float = 0.0
    ttl: float | None = None
    """How long an interaction is kept; None: longer than there is a world."""
    fails_at: int | None = None
    """Which method of the store fails alone, counted from 1."""
    fails_after: bool = False
    """Whether that one fails after its effect."""

    @property
    def is_calm(self) -> bool:
        """Whether nothing goes wrong at all, but for the model."""
        return self == self.calm

    @property
    def is_prompt(self) -> bool:
        """Whether what a process has lost is found in time by the others."""
        kept_up = not (self.fails or self.outages or self.pauses or self.slow > 1)
        return kept_up and self.concurrency > MANY and self.fails_at is None

    @property
    def is_heard(self) -> bool:
        """Whether a process that does not stand still reaches a store that is there."""
        return not (self.fails or self.slow > 1 or self.fails_at)

    @property
    def only_signals_fail(self) -> bool:
        """Whether the store and all processes work."""
        return self.is_prompt and not (self.crashes or self.stops)

    @property
    def calm(self) -> Regime:
        """What is left of it when nothing goes wrong."""
        sizes = self.processes, self.clients, self.turns, self.concurrency, self.queue
        return Regime(*sizes, ttl=self.ttl)


def draw(chance: random.Random) -> Regime:
    """Return a regime: few worlds have every fault, many have few, some have none."""
    pick = chance.choice
    regime = Regime(pick((1, 2, 2, 3)), pick((1, 2, 3)), pick((1, 2, 3)))
    regime.concurrency = pick((1, 2, 2000, 2000))
    regime.queue = pick((1, 10_000, 10_000, 10_000))
    if chance.random() < 0.1:
        return regime
    if chance.random() < 0.3:
        _draw_one(regime, chance)
        return regime
    regime.fails = pick((0.0, 0.0, 0.02, 0.1, 0.3))
    regime.slow = pick((0.0, 0.0, 0.01, 0.2, 1.5))
    regime.outages = pick((0, 0, 0, 1, 2))
    regime.lost_signals = pick((0.0, 0.0, 0.2, 1.0))
    regime.late_signals = pick((0.0, 0.05, 1.0))
    regime.log_fails = pick((0.0, 0.0, 0.1, 0.5))
    regime.log_cuts = pick((0.0, 0.0, 0.02))
    regime.crashes = pick((0, 0, 1, 2, 4))
    regime.pauses = pick((0, 0, 1, 2))
    regime.stops = pick((0, 0, 0, 1))
    regime.skew = pick((0.0, 0.0, 5.0))
    return regime


def draw_ttl(chance: random.Random) -> float | None:
    """Return how long interactions are kept."""
    return chance.choice((None, None, None, None, 3.0, 20.0))


def _draw_one(regime: Regime, chance: random.Random) -> None:
    """Let one thing alone go wrong, and that often."""
    match chance.choice(("crash", "pause", "pause", "stop", "outage", "signals")):
        case "crash":
            regime.crashes = 4
        case "pause":
            regime.pauses = 4
        case "stop":
            regime.stops = 3
        case "outage":
            regime.outages = 2
        case _:
            regime.lost_signals = 1.0


class Store:
    """The shared store, as one process reaches it.

    Every method of `InteractionStore` goes through `_call`.
    """

    def __init__(self, world: World, lane: Lane) -> None:
        self._world = world
        self._lane = lane

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        return partial(self._call, name)

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        world, regime = self._world, self._world.regime
        world.store_calls += 1
        alone = world.store_calls == regime.fails_at
        fails = alone or world.strikes(regime.fails)
        after = regime.fails_after if alone else world.chance.random() < 0.5
        await self._pause()
        world.struck = world.struck or alone
        if world.store_is_out or (fails and not after):
            world.note(f"store.{name} fails")
            raise UnavailableError("The store is out of reach.")
        if self._lane.dead:
            raise asyncio.CancelledError
        result = await getattr(world.store, name)(*args, **options)
        world.wrote(name, args, result)
        await self._pause()
        if fails:
            world.note(f"store.{name} fails after its effect")
            raise UnavailableError("The store has not answered.")
        return result

    async def _pause(self) -> None:
        slow = self._world.regime.slow
        if slow:
            await asyncio.sleep(self._world.chance.random() * slow)


class Log:
    """The shared log, as one process reaches it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def append(self, id: str, batch: Batch) -> None:  # noqa: A002 - the resource's own word
        """Add a batch, or fail before or after that."""
        world = self._world
        fails = world.strikes(world.regime.log_fails)
        after = fails and world.chance.random() < 0.5
        if not fails or after:
            await world.log.append(id, batch)
        await asyncio.sleep(world.chance.choice((0.0, 0.0, 0.01, 0.3)))
        if fails:
            raise UnavailableError("The log is out of reach.")

    async def follow(self, id: str) -> AsyncIterator[Batch]:  # noqa: A002
        """Yield batches, which may turn out to be cut."""
        world = self._world
        async for batch in world.log.follow(id):
            await asyncio.sleep(world.chance.choice((0.0, 0.0, 0.02)))
            if world.strikes(world.regime.log_cuts):
                raise LogGapError(id)
            yield batch

    async def trim(self, id: str) -> None:  # noqa: A002
        """Forget a log, or fail to."""
        if self._world.strikes(self._world.regime.log_fails):
            raise UnavailableError("The log is out of reach.")
        await self._world.log.trim(id)


class Network:
    """Carries signals from process to process, badly."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.places: dict[str, Signals] = {}

    def join(self, lane: Lane) -> Signals:
        """Return the signals of a process."""
        place = self.places[lane.name] = Signals(self, lane)
        return place

    def leave(self, process: str) -> None:
        """Let nothing more reach a process."""
        self.places.pop(process, None)

    def carry(self, signal: Signal, id: str, to: str | None) -> None:  # noqa: A002
        """Bring a signal to whom it is meant for."""
        world = self._world
        if to is not None:
            names = [to]
        elif signal is Signal.WORK:
            ready = [name for name, one in self.places.items() if one.accepts]
            names = [world.chance.choice(ready)] if ready else []
        else:
            names = list(self.places)
        for name in names:
            if name in self.places and not world.strikes(world.regime.lost_signals):
                times = 2 if world.strikes(world.regime.lost_signals) else 1
                for _ in range(times):
                    self._bring(self.places[name], signal, id)

    def _bring(self, place: Signals, signal: Signal, id: str) -> None:  # noqa: A002
        world = self._world
        late = world.chance.random() * world.regime.late_signals
        world.loop.call_later(
            late, place.hear, signal, id, context=place.lane.context.copy()
        )


class Signals:
    """The `Signals` of one simulated process."""

    def __init__(self, network: Network, lane: Lane) -> None:
        self._network = network
        self._listeners: list[Listener] = []
        self.lane = lane
        self.accepts = False

    def send(self, signal: Signal, id: str = "", to: str | None = None) -> None:  # noqa: A002
        """Tell a process, or every one."""
        self._network.carry(signal, id, to)

    def listen(self, listener: Listener) -> None:
        """Have a function told of every signal."""
        self._listeners.append(listener)

    def accept_work(self) -> None:
        """Be among those that work may go to."""
        self.accepts = True

    def refuse_work(self) -> None:
        """Be among them no more."""
        self.accepts = False

    def hear(self, signal: Signal, id: str) -> None:  # noqa: A002
        """Tell the listeners, unless the process has left."""
        if self._network.places.get(self.lane.name) is self:
            for listener in self._listeners:
                listener(signal, id)
