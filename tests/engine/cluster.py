"""Several processes over one store, simulated in one: each has an engine of its own.

They share the store, the signals and the log, as real ones do. A process crashes where
the test says so: from then on it does nothing, and writes nothing.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from openinteractions.engine.background import Limits
from openinteractions.engine.interactions import Interactions
from openinteractions.engine.media import Media
from openinteractions.engine.own_files import Inliner
from openinteractions.engine.plan import Planner
from openinteractions.engine.ports import ServerTools
from openinteractions.engine.process import Process
from openinteractions.engine.recall import Recall
from openinteractions.engine.relay_ports import Relays
from openinteractions.engine.relaying import Relaying
from openinteractions.engine.supervisor import Supervisor
from openinteractions.storage.events.local import Hub
from openinteractions.storage.events.memory import MemoryLog
from openinteractions.storage.memory import MemoryStore
from openinteractions.tools.documents.reader import Documents
from openinteractions.v1 import (
    interaction_pb2,
    interaction_service_pb2,
    step_pb2,
)
from tests.clock import WAIT_SECONDS
from tests.engine.outside import Web
from tests.engine.puppet import Puppet, Puppets
from tests.engine.rig import Caller, Clock

Request = interaction_service_pb2.CreateInteractionRequest
Get = interaction_service_pb2.GetInteractionRequest
Stream = interaction_service_pb2.StreamInteractionRequest
Cancel = interaction_service_pb2.CancelInteractionRequest
Delete = interaction_service_pb2.DeleteInteractionRequest


@dataclass
class Tools:
    """Tools of the server: every function whose name begins with `server_`."""

    ran: list[str] = field(default_factory=list)
    """The ids of the calls that were run to their end."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """What a call waits for."""

    def runs(self, request: Request, call: step_pb2.Step) -> bool:
        """Say whether the name begins so."""
        del request
        return call.function_call.name.startswith("server_")

    async def run(self, request: Request, call: step_pb2.Step) -> step_pb2.Step:
        """Return the arguments as the result."""
        del request
        await self.gate.wait()
        self.ran.append(call.function_call.id)
        result = step_pb2.Step()
        result.function_result.call_id = call.function_call.id
        result.function_result.name = call.function_call.name
        result.function_result.result.text = call.function_call.arguments
        return result


@dataclass
class Member:
    """One process."""

    puppet: Puppet
    supervisor: Supervisor
    process: Process
    interactions: Interactions
    hub: Hub
    caller: Caller = field(default_factory=Caller)

    @property
    def name(self) -> str:
        """The process's name."""
        return self.supervisor.lease.process

    async def get(self, identifier: str) -> interaction_pb2.Interaction:
        """Fetch an interaction."""
        return await self.interactions.get(self.caller, Get(id=identifier))

    async def cancel(self, identifier: str) -> interaction_pb2.Interaction:
        """Cancel an interaction."""
        return await self.interactions.cancel(self.caller, Cancel(id=identifier))

    async def finished(self, identifier: str) -> interaction_pb2.Interaction:
        """Return an interaction once it does not run here any more."""
        running = self.supervisor.find(identifier)
        if running is not None:
            async with asyncio.timeout(WAIT_SECONDS):
                await asyncio.wait({running.task})
        return await self.get(identifier)

    async def crash(self) -> None:
        """End as if killed."""
        self.hub.leave(self.name)
        tasks = [
            task
            for task in asyncio.all_tasks()
            if getattr(task.get_coro(), "cr_frame", None) is not None
            and task.get_name() in self._names()
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _names(self) -> set[str]:
        own = self.supervisor.held()
        return {
            *(f"run {name}" for name in own),
            *(f"log of {name}" for name in own),
            f"background of {self.name}",
        }


@dataclass
class Cluster:
    """Processes over one store."""

    store: MemoryStore
    clock: Clock
    hub: Hub
    log: MemoryLog
    limits: Limits
    tools: ServerTools | None = None
    members: list[Member] = field(default_factory=list)
    _numbers: Callable[[], int] = field(
        default_factory=lambda: itertools.count(1).__next__
    )

    def join(
        self, puppet: Puppet | None = None, relays: Relays | None = None
    ) -> Member:
        """Add a process with a model of its own, called `m`, or with relays."""
        puppet = puppet or Puppet()
        supervisor = Supervisor(f"p{self._numbers()}")
        planner = Planner(
            models=Puppets(m=puppet),
            store=self.store,
            media=Media(egress=Web(), reader=Documents()),
            clock=self.clock,
            tools=self.tools,
            entropy=lambda size: self._numbers().to_bytes(size),
            first_event_seconds=60,
            sleep=self.clock.sleep,
        )
        relaying = None
        if relays is not None:
            relaying = Relaying(
                relays=relays,
                recall=Recall(store=self.store, relays=relays),
                planner=planner,
                store=self.store,
                supervisor=supervisor,
                inliner=Inliner(None, limit=0),
                clock=self.clock,
                sleep=self.clock.sleep,
            )
        process = Process(
            planner=planner,
            store=self.store,
            supervisor=supervisor,
            signals=self.hub.join(supervisor.lease.process),
            log=self.log,
            clock=self.clock,
            resume=relaying.resume if relaying else None,
            limits=self.limits,
            sleep=self.clock.sleep,
        )
        interactions = Interactions(
            planner=planner,
            store=self.store,
            supervisor=supervisor,
            process=process,
            relaying=relaying,
        )
        process.background.open()
        member = Member(puppet, supervisor, process, interactions, self.hub)
        self.members.append(member)
        return member

    async def lose(self, *lost: Member) -> None:
        """Crash processes, let their leases pass, and have the others look for it."""
        for member in lost:
            self.members.remove(member)
            await member.crash()
        for _ in range(4):
            self.clock.seconds += 2
            for member in self.members:
                await member.process.leases.turn()
        await self.settle()

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def close(self) -> None:
        """End every process."""
        for member in self.members:
            await member.process.hand_over(0)
            await member.process.__aexit__(None, None, None)


def cluster(
    *,
    limits: Limits | None = None,
    tools: ServerTools | None = None,
    store: MemoryStore | None = None,
) -> Cluster:
    """Return processes over one store; there are none yet."""
    clock = Clock()
    store = store or MemoryStore(clock.now)
    return Cluster(store, clock, Hub(), MemoryLog(), limits or Limits(), tools)


def texts(steps: Sequence[step_pb2.Step]) -> list[str]:
    """Return what the model has said, step by step."""
    return [
        "".join(content.text.text for content in step.model_output.content)
        for step in steps
        if step.HasField("model_output")
    ]
