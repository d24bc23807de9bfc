"""A whole world from one seed: processes, what they share, clients, and trouble.

Nothing in it looks at a clock, a socket or a thread, so the same seed gives the same
world each time.
"""

from __future__ import annotations

import asyncio
import logging
import random
import zlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from openinteractions.core import lifecycle
from openinteractions.engine.publishing import TRIM_SECONDS
from openinteractions.engine.retention import Retention
from openinteractions.storage.events.memory import MemoryLog
from openinteractions.storage.memory import MemoryStore
from openinteractions.storage.memory_runs import Run
from openinteractions.v1 import interaction_pb2
from tests.simulation import clients, faults, trouble
from tests.simulation.faults import Network, Regime
from tests.simulation.judge import Judge, ViolationError
from tests.simulation.loop import LANE, VirtualLoop
from tests.simulation.model import Backend
from tests.simulation.process import SWEEP_SECONDS, Process
from tests.simulation.watch import Watch

Story = Callable[["clients.Crowd"], Coroutine[Any, Any, None]]

EPOCH = 1_780_000_000.5
SETTLE_SECONDS = 900.0
"""How long after the last fault every interaction has ended at the latest."""

Interaction = interaction_pb2.Interaction


class World:
    """One world."""

    def __init__(
        self,
        seed: int,
        regime: Regime | None = None,
        *,
        trace: Callable[[str], None] | None = None,
        story: Story | None = None,
    ) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.regime = regime or faults.draw(self.chance)
        if regime is None:
            # By itself, so that all else is what it would be without.
            self.regime.ttl = faults.draw_ttl(random.Random(f"{seed} ttl"))
        self.skew = self.regime.skew
        self.loop = VirtualLoop(self.chance)
        self.fails = bool(self.regime.fails or self.regime.outages)
        self._trace = trace
        self._story = story
        self.fingerprint = 0
        self.violation: BaseException | None = None
        self.store = MemoryStore(lambda: self.now)
        self.log = MemoryLog()
        self.network = Network(self)
        self.backend = Backend(self)
        self.judge = Judge(self)
        self.processes: list[Process] = []
        self.lineages: dict[str, list[str]] = {}
        """The markers of the turns that a script's request continues."""
        self.store_calls = 0
        self.store_is_out = False
        self.struck = False
        """Whether the method of the store that fails alone has done so."""
        self.restarts = 0
        self._held: dict[str, float] = {}
        self.ending: set[str] = set()
        self.ended_in_order: set[str] = set()
        self._epochs: dict[str, int] = {}
        self._lost: dict[str, float] = {}

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return EPOCH + self.loop.time()

    def note(self, text: str) -> None:
        """Take note of what happens."""
        line = f"{self.loop.time():9.3f} {LANE.get(self.loop._first).name:8} {text}"
        self.fingerprint = zlib.crc32(line.encode(), self.fingerprint)
        if self._trace is not None:
            self._trace(line)

    def strikes(self, share: float) -> bool:
        """Say whether something goes wrong now that does so in a share of cases."""
        return share > 0 and self.chance.random() < share

    def row(self, identifier: str) -> Interaction | None:
        """Return a shared row as it is."""
        row = self.store._rows.get(identifier)
        return None if row is None else Interaction.FromString(row.interaction)

    def run(self, identifier: str) -> Run | None:
        """Return who runs what."""
        return self.store._runs.find(identifier)

    def lost_at(self, identifier: str) -> float | None:
        """Return when an interaction was last claimed by another, or ended."""
        return self._lost.get(identifier)

    def was_held(self, process: str, seconds: float) -> bool:
        """Say whether a process has stood still, or was cut off, since so long."""
        return self.now - self._held.get(process, 0.0) < seconds

    def hold(self, process: str) -> None:
        """Note that a process stands still."""
        self._held[process] = self.now

    def wrote(self, name: str, args: Sequence[Any], result: Any) -> None:
        """Look at what a method of the store has done."""
        if name == "add":
            self.note(f"add {args[0].interaction.id}")
            self.judge.written(args[0], new=True)
        elif name == "update":
            record, epoch = args
            status = record.interaction.status
            self.note(f"update {record.interaction.id} {epoch} {status} {result}")
            if result:
                last = self._epochs.get(record.interaction.id, 1)
                told = f"{epoch} has written over {last}"
                self.judge.check(epoch == last, told)
                self.judge.written(record, new=False)
                if lifecycle.has_ended(status):
                    self._lost[record.interaction.id] = self.now
        elif name == "delete":
            self.note(f"delete {args[0]} {result}")
            self._lost[args[0]] = self.now
            task = asyncio.current_task()
            if result and task is not None and task.get_name() == Retention.name:
                self.judge.swept(args[0])
        elif name in ("claim", "claim_one") and result:
            for one in result if name == "claim" else [result]:
                identifier = one.record.interaction.id
                self.note(f"claimed {identifier} {one.epoch}")
                self._epochs[identifier] = one.epoch
                self._lost[identifier] = self.now

    def ends(self, process: Process) -> None:
        """Note that a process was told to end, and is able to give everything back."""
        if not self.fails:
            self.ending.add(process.name)

    def ended(self, process: Process) -> None:
        """Note that a process has ended in order: it has given everything back.

        But for what a call has claimed whose outcome it has missed.
        """
        if not self.fails:
            self.ended_in_order.add(process.name)

    def process(self) -> Process | None:
        """Return a process that takes calls, if there is one."""
        ready = [process for process in self.processes if process.ready]
        return self.chance.choice(ready) if ready else None

    async def begin(self) -> Process:
        """Start a process."""
        self.restarts += 1
        process = Process(self, f"p{self.restarts}")
        self.processes.append(process)
        await process.start()
        return process

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a part of the world itself; what it raises ends the world."""
        task = self.loop.create_task(coroutine)
        task.add_done_callback(self._note_end)
        return task

    def fail(self, error: BaseException) -> None:
        """End the world."""
        self.violation = self.violation or error
        self.loop.stop()

    def _note_end(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.fail(error)

    def live(self) -> None:
        """Run it from beginning to end.

        Raises:
            ViolationError: something is wrong that never may be.
            StuckError: it does not come to an end.
        """
        random.seed(self.seed)
        self.loop.set_exception_handler(self._complain)
        handler = _Complaints(self)
        logging.getLogger().addHandler(handler)
        try:
            self.loop.run_until_complete(self.spawn(self._live()))
        except RuntimeError:
            if self.violation is None:
                raise
        finally:
            logging.getLogger().removeHandler(handler)
            # What is broken off here has a right to complain; nobody listens.
            logging.disable()
            self.loop.dispose()
            logging.disable(logging.NOTSET)
        if self.violation is not None:
            raise self.violation

    async def _live(self) -> None:
        starts = [self.spawn(self.begin()) for _ in range(self.regime.processes)]
        troubles = [self.spawn(one) for one in trouble.troubles(self)]
        watch = self.spawn(Watch(self).look())
        crowd = clients.Crowd(self)
        await (crowd.live() if self._story is None else self._story(crowd))
        await asyncio.gather(*starts, *troubles)
        calm = self.regime.is_calm
        await self._settle()
        await crowd.look_back()
        await self._outlive()
        watch.cancel()
        await self._end(calm=calm)

    async def _settle(self) -> None:
        """Wait, with all faults gone, until everything has ended."""
        self.note("all faults are over")
        self.regime, self.store_is_out = self.regime.calm, False
        for process in self.processes:
            process.lane.held = False
        if not any(process.ready for process in self.processes):
            await self.begin()
        until = self.loop.time() + SETTLE_SECONDS
        while left := [id for id in self.judge.kept if self._runs(id)]:  # noqa: A001
            self.judge.check(self.loop.time() < until, f"{left} never end")
            await asyncio.sleep(1)

    async def _outlive(self) -> None:
        """Wait until the time of everything is over; nothing is there then."""
        if self.regime.ttl is None:
            return
        await asyncio.sleep(self.regime.ttl + self.skew + SWEEP_SECONDS + 1)
        left = list(self.store._rows)
        self.judge.check(not left, f"{left} are kept for ever")

    def _runs(self, identifier: str) -> bool:
        row = self.row(identifier)
        return row is not None and not lifecycle.has_ended(row.status)

    async def _end(self, *, calm: bool) -> None:
        """End every process in order; nothing is left then."""
        await asyncio.sleep(TRIM_SECONDS + 5)
        for process in self.processes:
            left = process.left() if process.ready else []
            self.judge.check(not left, f"{process.name} keeps {left}")
        if calm:
            self.judge.check(not self.log._logs, f"{self.log._logs} are not trimmed")
        for process in [one for one in self.processes if one.ready]:
            await process.stop(1.0)
        await asyncio.sleep(0)
        for process in self.processes:
            tasks = [one for one in process.lane.tasks if not one.done()]
            tasks = [] if process.lane.dead else tasks
            self.judge.check(not tasks, f"{process.name} leaves behind {tasks}")

    def _complain(self, _: object, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.fail(error or ViolationError(context["message"]))


class _Complaints(logging.Handler):
    """Takes errors that are logged for what they are: bugs."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.INFO)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a line of the log."""
        self._world.note(f"log {record.levelname}: {record.getMessage()}")
        if record.levelno >= logging.ERROR:
            error = record.exc_info[1] if record.exc_info else None
            self._world.fail(error or ViolationError(record.getMessage()))
