"""One chaos run: processes are killed while clients use them, then all is judged."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from openinteractions.v1 import interaction_pb2
from tests.chaos.clients import END_SECONDS, Crowd, text_of
from tests.chaos.machines import Park, park, services
from tests.chaos.model import Model
from tests.chaos.tally import Figures, Promise, Tally
from tests.nats import Nats
from tests.postgres import Postgres

Status = interaction_pb2.InteractionStatus
AT_ONCE = 200
REFUSED = "cannot be used"
"""What the server says last when it is started while its database is away."""


@dataclass(frozen=True)
class Plan:
    """How long a run is, and how bad."""

    seconds: float = 120.0
    clients: int = 80
    deadline: float = 10.0
    calm: tuple[float, float] = (4.0, 9.0)
    """Seconds between two kills."""
    creates: int = 0
    kills: int = 0
    """How many there are at least: a slow machine takes longer for them."""
    services: bool = True
    """Whether PostgreSQL and NATS are restarted, too."""
    seed: int = 1


@dataclass
class Outcome:
    """What came of it."""

    figures: Figures
    wrong: list[str] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)


def run(plan: Plan) -> Outcome:
    """Run it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres, store, nats = stack.enter_context(services(folder))
        return asyncio.run(_run(plan, folder, postgres, store, nats))


async def _run(
    plan: Plan, folder: Path, postgres: Postgres, store: str, nats: Nats
) -> Outcome:
    chance = random.Random(plan.seed)  # noqa: S311 - gives no secret away
    model, tally, over = Model(chance), Tally(), asyncio.Event()
    async with model.serving() as url:
        # It waits for processes, and nothing else is to be done by then.
        with park(folder, url, store, nats.url, plan.deadline) as made:
            async with Crowd(made, tally, chance) as crowd:
                began = time.monotonic()
                tasks = [
                    asyncio.create_task(crowd.live(over)) for _ in range(plan.clients)
                ]
                restarts = asyncio.create_task(_restart(plan, chance, postgres, nats))
                killing = _kill(plan, made, crowd, over)
                tasks.append(asyncio.create_task(killing))
                async with asyncio.timeout(plan.seconds + 2 * END_SECONDS):
                    await asyncio.gather(restarts, *tasks)
                seconds = time.monotonic() - began
                never, lost = await _judge(crowd, model)
            statuses = [machine.stop() for machine in made.machines]
            if any(statuses):
                tally.wrong.append(f"processes have ended with {statuses}")
            tally.wrong += _complaints(made)
    promises = tally.promises.values()
    figures = Figures(
        seconds=round(seconds, 1),
        replicas=len(made.http),
        workers=len(made.machines) - len(made.http),
        kills=made.kills,
        restarts_of_postgres=restarts.result(),
        restarts_of_nats=restarts.result(),
        creates=len(promises),
        creates_in_background=sum(one.kind not in _FOREGROUND for one in promises),
        streams_resumed=tally.resumes,
        events_read=tally.events,
        calls_that_failed=tally.failures.total(),
        lost=lost,
        events_twice=tally.duplicates,
        never_ended=never,
        other_errors=len(tally.wrong),
        asked_again=sum(count - 1 for count in model.asked.values()),
    )
    return Outcome(figures, tally.wrong, dict(tally.failures), dict(tally.statuses))


_FOREGROUND = ("unary", "stream")


async def _kill(plan: Plan, made: Park, crowd: Crowd, over: asyncio.Event) -> None:
    """Kill processes and start them again, one at a time, until time is over."""
    chance, loop = crowd.chance, asyncio.get_running_loop()
    end = loop.time() + plan.seconds
    while (left := end - loop.time()) > 0 or made.kills < plan.kills:
        await asyncio.sleep(max(min(chance.uniform(*plan.calm), left), 0))
        machine = chance.choice(made.machines)
        if machine.runs:
            machine.kill()
        elif REFUSED not in machine.log().splitlines()[-1]:
            raise RuntimeError(f"it has ended by itself:\n{machine.log()[-3000:]}")
        await asyncio.sleep(chance.choice((0.0, 1.0, 3.0)))
        machine.start()
    for machine in made.machines:
        if not machine.runs:
            machine.start()
    while len(crowd.tally.promises) < plan.creates:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.1)
    over.set()


async def _restart(
    plan: Plan, chance: random.Random, postgres: Postgres, nats: Nats
) -> int:
    """Restart PostgreSQL and NATS in the middle; say how often."""
    if not plan.services:
        return 0
    await asyncio.sleep(plan.seconds * chance.uniform(0.2, 0.4))
    await asyncio.to_thread(nats.stop)
    await asyncio.sleep(2)
    await asyncio.to_thread(nats.start)
    await asyncio.sleep(plan.seconds * chance.uniform(0.1, 0.3))
    await asyncio.to_thread(postgres.stop)
    await asyncio.sleep(2)
    await asyncio.to_thread(postgres.start)
    return 1


async def _judge(crowd: Crowd, model: Model) -> tuple[int, int]:
    """Look at everything that was acknowledged; say what never ended or is lost."""
    never = lost = 0
    room = asyncio.Semaphore(AT_ONCE)

    async def look(name: str, promise: Promise) -> None:
        nonlocal never, lost
        async with room:
            found = await crowd.wait(name)
            if found is not None:
                crowd.tally.wrong += _faults(name, promise, found, model)
                crowd.tally.ended(found)
                return
            if await crowd.get(name) is not None:
                never += 1
            elif not promise.deleting:
                lost += 1

    await asyncio.gather(*(look(*one) for one in crowd.tally.promises.items()))
    return never, lost


def _faults(
    name: str, promise: Promise, found: interaction_pb2.Interaction, model: Model
) -> list[str]:
    """Return what is wrong with an interaction that has ended."""
    faults = []
    whole = found.status == Status.INTERACTION_STATUS_COMPLETED
    if not whole and found.status != Status.INTERACTION_STATUS_CANCELLED:
        faults.append(f"has the status {found.status}: {list(found.errors)}")
    if promise.cancelled and whole:
        faults.append("was cancelled, and is completed")
    fault = model.judge(promise.text, text_of(found), whole=whole)
    if fault is not None:
        faults.append(fault)
    del found.steps[0]
    told = found.SerializeToString(deterministic=True)
    if promise.told is not None and promise.told != told:
        faults.append("was told otherwise than it is kept")
    return [f"{name} ({promise.kind}) {fault}" for fault in faults]


def _complaints(made: Park) -> list[str]:
    """Return the errors that the processes have logged."""
    return [
        f"{machine.folder.name}: {line}"
        for machine in made.machines
        for line in machine.log().splitlines()
        if " ERROR " in line
    ]
