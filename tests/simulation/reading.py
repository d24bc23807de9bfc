"""One client that reads the events of one interaction, in as many streams as it takes.

It is cut off, reads slowly or not at all for a while, and comes back with the last
event that it has, at any process. Everything that it was ever given is one story.
"""

from __future__ import annotations

import asyncio
import difflib
from typing import TYPE_CHECKING

from openinteractions.core import cursor
from openinteractions.core.cursor import Cursor
from openinteractions.core.errors import (
    BackendError,
    CancelledError,
    DomainError,
    NotFoundError,
    PreconditionError,
    QueueFullError,
    RequestError,
    UnavailableError,
)
from openinteractions.core.fold import Fold
from openinteractions.core.lifecycle import IllegalEventError, Lifecycle, Phase
from openinteractions.engine.callers import Absent
from openinteractions.v1 import event_pb2, interaction_pb2, interaction_service_pb2
from tests.simulation.judge import Kept
from tests.simulation.process import ConnectionLostError, Wire

if TYPE_CHECKING:
    from tests.simulation.world import World

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Stream = interaction_service_pb2.StreamInteractionRequest

PASSING = (UnavailableError, QueueFullError, ConnectionLostError)
"""What happens to a call and says nothing about the interaction."""
TRIES = 40


class Reading:
    """A client that reads; with a request it begins the interaction itself."""

    def __init__(
        self, world: World, owner: str, request: Request | None, name: str | None = None
    ) -> None:
        self._world = world
        self._chance = world.chance
        self._owner = owner
        self._request = request
        self.id = name
        self.known = asyncio.Event()
        self._life = Lifecycle()
        self._fold = Fold()
        self._last: Cursor | None = None
        self._token = ""
        self._stopped = False
        self._most: int | None = None
        """How many events it reads before it leaves; None: chance says."""
        self._stored = request is None or request.store or not request.HasField("store")

    async def live(self) -> None:
        """Read, leave, and come back, until the end or until it is enough."""
        if self._request is not None and not await self._begin(self._request):
            return
        for _ in range(TRIES):
            if not self._stored or self._life.phase is Phase.ENDED:
                return
            if self._chance.random() < 0.1:
                return
            await asyncio.sleep(self._chance.choice((0.0, 0.2, 3.0)))
            if not await self._again(cuts=True):
                return

    async def begin(self, events: int) -> None:
        """Create the interaction, and leave after so many events."""
        assert self._request is not None
        self._most = events
        await self._begin(self._request)

    async def finish(self) -> None:
        """Read to the end, when all trouble is over."""
        self._most = None
        if self.id is None or not self._stored:
            return
        for _ in range(TRIES):
            there = await self._again(cuts=False)
            if self._life.phase is Phase.ENDED or not there:
                break
            await asyncio.sleep(1)
        judge, kept = self._world.judge, self._world.judge.kept[self.id]
        if kept.deleting and self._life.phase is not Phase.ENDED:
            return
        judge.check(
            self._life.phase is Phase.ENDED, f"{self.id} is never told to its end"
        )
        told = self._fold.result().SerializeToString(deterministic=True)
        judge.check(
            told == kept.ended,
            f"{self.id} was told otherwise than it is stored:\n"
            + _difference(told, kept),
        )

    async def _begin(self, request: Request) -> bool:
        """Create the interaction; say whether its id is known."""
        caller, marker = Absent(self._owner), request.input.text
        try:
            wire = self._open(lambda one: one.stream_create(caller, request))
            await self._read(wire, cuts=True)
        except PASSING as error:
            self._world.note(f"stream {marker}: {error!r}")
            self._excuse(error)
        except (BackendError, CancelledError) as error:
            self._world.note(f"stream {marker}: {error!r}")
            self._must_be_new(error)
        except (PreconditionError, RequestError) as error:
            self._world.note(f"stream {marker}: {error!r}")
            self._must_be_new(error)
            self._world.judge.may_refuse(request, error)
        except DomainError as error:
            self._may_be_deleted(error)
        return self.id is not None

    async def _again(self, *, cuts: bool) -> bool:
        """Read on from where it was left; False when there is nothing to read."""
        assert self.id is not None
        request = Stream(id=self.id)
        if self._token and (self._life.phase is not Phase.NEW):
            request.last_event_id = self._token
        caller = Absent(self._owner)
        try:
            wire = self._open(lambda one: one.stream(caller, request))
            await self._read(wire, cuts=cuts)
        except PASSING as error:
            self._world.note(f"read {self.id}: {error!r}")
            self._excuse(error)
        except NotFoundError:
            self._world.judge.missed(self.id, self._owner)
            return False
        except PreconditionError as error:
            self._world.judge.may_refuse_stream(self.id, error)
        except DomainError as error:
            self._may_be_deleted(error)
        return True

    def _open(self, use: object) -> Wire:
        process = self._world.process()
        if process is None:
            raise ConnectionLostError
        return process.stream(use)  # type: ignore[arg-type]

    async def _read(self, wire: Wire, *, cuts: bool) -> None:
        """Read until the end, or until it is cut."""
        chance = self._chance
        left = chance.randint(0, 12) if cuts and chance.random() < 0.6 else 10_000
        left = left if self._most is None else self._most
        pace = chance.choice((0.0, 0.0, 0.0, 0.05, 1.0)) if cuts else 0.0
        stops = cuts and chance.random() < 0.05
        patience = chance.random() * 20 if cuts and chance.random() < 0.3 else 2000.0
        try:
            async with asyncio.timeout(patience):
                while left > 0:
                    events = await wire.next()
                    if events is None:
                        return
                    for event in events:
                        self._take(event)
                    left -= len(events)
                    await asyncio.sleep(pace)
                    if stops and chance.random() < 0.3:
                        self._stopped = True
                        await asyncio.sleep(100)
        except TimeoutError:
            self._world.note(f"{self.id}: read no longer")
        finally:
            wire.cut()

    def _take(self, event: Event) -> None:
        judge, name = self._world.judge, event.WhichOneof("event")
        self._world.note(f"read {self.id} {name} {event.event_id}")
        try:
            self._life.feed(event)
        except IllegalEventError as error:
            judge.fail(f"{self.id}: {error} ({event.event_id})")
        if name == "created":
            self._know(event)
        self._fold.apply(event)
        if not self._stored:
            judge.check(not event.event_id, f"{event.event_id} of what is not stored")
            return
        assert self.id is not None
        place = cursor.decode(event.event_id, self.id)
        judge.check(
            self._last is None or place > self._last,
            f"{self.id}: {place} comes after {self._last}",
        )
        self._last, self._token = place, event.event_id

    def _know(self, event: Event) -> None:
        name = event.created.interaction.id
        self._world.judge.check(bool(name) == self._stored, f"the id is {name!r}")
        if not self._stored:
            return
        self._world.judge.check(self.id in (None, name), f"{name} is not {self.id}")
        self.id = name
        if self._request is not None:
            self._world.judge.acknowledge(name, self._request)
        self.known.set()

    def _excuse(self, error: Exception) -> None:
        """Check that a stream may break off: it is dropped when nobody reads it."""
        if not (isinstance(error, ConnectionLostError) and self._stopped):
            self._world.judge.excuse(error)

    def _must_be_new(self, error: DomainError) -> None:
        """Check that a failure of the call came before its first event."""
        self._world.judge.check(
            self._life.phase is Phase.NEW, f"{self.id}: raised in the middle: {error!r}"
        )

    def _may_be_deleted(self, error: DomainError) -> None:
        kept = self._world.judge.kept.get(self.id or "")
        self._world.judge.check(
            kept is not None and kept.deleting, f"{self.id}: {error!r}"
        )


def _difference(told: bytes, kept: Kept) -> str:
    """Return what differs, line by line."""
    stored = str(Interaction.FromString(kept.ended or b"")).splitlines()
    got = str(Interaction.FromString(told)).splitlines()
    return "\n".join(difflib.unified_diff(stored, got, "stored", "told", n=9))
