"""The engine on a memory store, with a clock that stands and ids that count."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from openinteractions.core.errors import RequestError
from openinteractions.engine.delivery import Keeper
from openinteractions.engine.interactions import Interactions
from openinteractions.engine.media import Media
from openinteractions.engine.plan import Planner
from openinteractions.engine.process import Process
from openinteractions.engine.supervisor import Supervisor
from openinteractions.storage.events.local import Hub
from openinteractions.storage.events.memory import MemoryLog
from openinteractions.storage.memory import MemoryStore
from openinteractions.tools.documents.reader import Documents
from openinteractions.v1 import (
    event_pb2,
    interaction_pb2,
    interaction_service_pb2,
)
from tests.clock import WAIT_SECONDS
from tests.engine.outside import Web
from tests.engine.puppet import Puppet, Puppets

Request = interaction_service_pb2.CreateInteractionRequest


@dataclass
class Caller:
    """A caller of the engine."""

    owner: str = ""
    ignored: list[str] = field(default_factory=list)
    request_id: str = ""
    refusal: RequestError | None = None
    origin: str = ""
    peer: str = ""


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.seconds = 1_780_000_000.5

    def now(self) -> float:
        """Return the time."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.seconds += seconds


@dataclass
class Rig:
    """Everything that a test of the engine handles."""

    puppet: Puppet
    interactions: Interactions
    store: MemoryStore
    supervisor: Supervisor
    clock: Clock
    process: Process

    async def create(self, request: Request) -> interaction_pb2.Interaction:
        """Create as the default caller."""
        return await self.interactions.create(Caller(), request)

    async def get(self, identifier: str) -> interaction_pb2.Interaction:
        """Fetch as the default caller."""
        return await self.interactions.get(
            Caller(), interaction_service_pb2.GetInteractionRequest(id=identifier)
        )


def rig(
    puppet: Puppet | None = None,
    *,
    store: MemoryStore | None = None,
    first_event_seconds: float = 60,
    keeper: Keeper | None = None,
) -> Rig:
    """Return a fresh engine whose only model is called `m`."""
    puppet = puppet or Puppet()
    supervisor, clock = Supervisor(), Clock()
    store = store or MemoryStore(clock.now)
    numbers = itertools.count(1)
    planner = Planner(
        models=Puppets(m=puppet),
        store=store,
        media=Media(egress=Web(), reader=Documents()),
        clock=clock,
        keeper=keeper,
        entropy=lambda size: next(numbers).to_bytes(size),
        first_event_seconds=first_event_seconds,
        sleep=clock.sleep,
    )
    process = Process(
        planner=planner,
        store=store,
        supervisor=supervisor,
        signals=Hub().join(supervisor.lease.process),
        log=MemoryLog(),
        clock=clock,
    )
    interactions = Interactions(
        planner=planner, store=store, supervisor=supervisor, process=process
    )
    return Rig(puppet, interactions, store, supervisor, clock, process)


def ask(text: str = "hi", **members: object) -> Request:
    """Return a request to the model `m`."""
    request = Request(model="m", **members)  # type: ignore[arg-type]
    request.input.text = text
    return request


async def drain(
    batches: AsyncIterator[Sequence[event_pb2.InteractionEvent]],
) -> list[event_pb2.InteractionEvent]:
    """Return all events of a stream, within a minute."""
    async with asyncio.timeout(WAIT_SECONDS):
        return [event async for batch in batches for event in batch]


def names(events: Sequence[event_pb2.InteractionEvent]) -> list[str]:
    """Return the events by name."""
    return [event.WhichOneof("event") or "" for event in events]
