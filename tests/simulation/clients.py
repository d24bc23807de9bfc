"""The clients of one world, and what they believe of the interactions they made.

They reach any process, leave at any moment, come back elsewhere, and take every answer
for what it is: an acknowledged interaction is there until it is deleted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from openinteractions.core import lifecycle
from openinteractions.core.errors import (
    BackendError,
    CancelledError,
    NotFoundError,
    PreconditionError,
    QueueFullError,
    RequestError,
    UnavailableError,
)
from openinteractions.engine.callers import Absent
from openinteractions.engine.interactions import Interactions
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.simulation import scripts
from tests.simulation.judge import Kept
from tests.simulation.process import ConnectionLostError
from tests.simulation.reading import Reading

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus
Request = interaction_service_pb2.CreateInteractionRequest
Get = interaction_service_pb2.GetInteractionRequest
Cancel = interaction_service_pb2.CancelInteractionRequest
Delete = interaction_service_pb2.DeleteInteractionRequest
Stream = interaction_service_pb2.StreamInteractionRequest
List = interaction_service_pb2.ListInteractionsRequest

PASSING = (UnavailableError, QueueFullError, ConnectionLostError)
"""What happens to a call and says nothing about the interaction."""
OWNERS = ("", "other")
KINDS = ("unary", "stream", "stream", "background", "background stream")
TRIES = 60
CANCEL_SECONDS = 0.2
LATE_CANCEL_SECONDS = 6.0
"""How long one may take when no signal arrives: the wish is found with the next sign
of life, and the end at the next look."""


class Crowd:
    """All clients."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lane = world.loop.lane("clients")
        self.readings: list[Reading] = []
        self._numbers = 0

    async def live(self) -> None:
        """Let every client do what it does."""
        tasks = []
        for number in range(self._world.regime.clients):
            owner = self._world.chance.choice(OWNERS)
            tasks.append(self._spawn(Client(self, self._world, number, owner).live()))
        await asyncio.gather(*tasks)

    async def look_back(self) -> None:
        """Look at everything once all has ended, and read the rest of each stream."""
        reader = Client(self, self._world, 0, "")
        await asyncio.gather(
            *(self._spawn(reader.look_back(name)) for name in self._world.judge.kept),
            *(self._spawn(one.finish()) for one in self.readings),
        )

    def number(self) -> int:
        """Return a number that no other script has."""
        self._numbers += 1
        return self._numbers

    def _spawn(self, coroutine: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = self._world.loop.spawn(self._lane, coroutine)  # type: ignore[arg-type]
        task.add_done_callback(self._world._note_end)
        return task

    def spawn(self, coroutine: object) -> asyncio.Task[None]:
        """Let something be done beside."""
        return self._spawn(coroutine)


class Client:
    """One client."""

    leaves = True
    """Whether it leaves calls now and then before they are answered."""

    def __init__(self, crowd: Crowd, world: World, number: int, owner: str) -> None:
        self._crowd = crowd
        self._world = world
        self._chance = world.chance
        self._owner = owner
        self._known: list[str] = []
        self._beside: list[asyncio.Task[None]] = []

    @property
    def _caller(self) -> Absent:
        return Absent(self._owner)

    async def live(self) -> None:
        """Begin interactions, one after the other, and deal with each."""
        for _ in range(self._world.regime.turns):
            await asyncio.sleep(self._chance.random() * 5)
            await self._turn(self._chance.choice(KINDS))
        await asyncio.gather(*self._beside)

    async def _turn(self, kind: str) -> None:
        request = self._request(kind)
        if kind == "unary":
            await self._create(request)
        elif kind == "background":
            identifier = await self._create(request)
            if identifier is not None:
                self._meddle(identifier)
                await self._poll(identifier)
        else:
            reading = Reading(self._world, self._owner, request)
            self._crowd.readings.append(reading)
            beside = self._crowd.spawn(self._meddle_once_known(reading))
            self._beside.append(beside)
            await reading.live()
            reading.known.set()
            if reading.id is not None:
                self._known.append(reading.id)

    def _request(self, kind: str) -> Request:
        marker = f"s{self._crowd.number()}"
        script = scripts.draw(self._chance, marker)
        self._world.backend.scripts[marker] = script
        request = Request(model="m")
        request.input.text = marker
        if "background" in kind:
            request.background = True
        elif self._chance.random() < 0.15:
            request.store = False
        if self._known and self._chance.random() < 0.5:
            previous = self._chance.choice(self._known)
            request.previous_interaction_id = previous
            before = self._world.judge.kept[previous].marker
            self._world.lineages[marker] = [
                *self._world.lineages.get(before, []),
                before,
            ]
        return request

    async def _create(self, request: Request) -> str | None:
        marker = request.input.text
        use = lambda one: one.create(self._caller, request)  # noqa: E731 - short
        try:
            answer = await self._leave_or(self._call(use))
        except (*PASSING, BackendError, CancelledError, TimeoutError) as error:
            self._world.note(f"create {marker}: {error!r}")
            return None
        except (PreconditionError, RequestError) as error:
            self._world.note(f"create {marker}: {error!r}")
            self._world.judge.may_refuse(request, error)
            return None
        if not answer.id:
            return None
        self._world.note(f"created {answer.id} for {marker}")
        self._world.judge.acknowledge(answer.id, request)
        self._known.append(answer.id)
        if not request.background:
            self._world.judge.answered(answer)
        return str(answer.id)

    async def _leave_or(self, coming: Awaitable[T]) -> T:
        """Wait for an answer, and now and then not to the end."""
        hurries = self.leaves and self._chance.random() < 0.15
        patience = self._chance.random() * 3 if hurries else 1000.0
        async with asyncio.timeout(patience):
            return await coming

    def _meddle(self, identifier: str) -> None:
        """Let others do something to an interaction while it runs."""
        for what in (
            self._cancel,
            self._cancel,
            self._delete,
            self._follow,
            self._spy,
            self._list,
            self._err,
        ):
            if self._chance.random() < 0.12:
                when = self._chance.choice((0.0, 0.1, 2.0)) * self._chance.random()
                self._beside.append(self._crowd.spawn(what(identifier, when)))
        while self._chance.random() < 0.2:
            self._beside.append(self._crowd.spawn(self._follow(identifier, 0.0)))

    async def _meddle_once_known(self, reading: Reading) -> None:
        await reading.known.wait()
        if reading.id:
            self._meddle(reading.id)

    async def _poll(self, identifier: str) -> None:
        """Look at an interaction until it has ended, or patience has."""
        for _ in range(TRIES):
            found = await self._look(identifier)
            if found is not None and lifecycle.has_ended(found.status):
                return
            if found is None and self._world.judge.kept[identifier].deleting:
                return
            await asyncio.sleep(self._chance.choice((0.2, 2.0)))

    async def _look(self, identifier: str) -> Interaction | None:
        """Return an interaction; None if it could not be had, or is deleted."""
        before = self._world.judge.before(identifier)
        try:
            found = await self._call(
                lambda one: one.get(self._caller, Get(id=identifier))
            )
        except PASSING as error:
            self._world.judge.excuse(error)
            return None
        except NotFoundError:
            self._world.judge.missed(identifier, self._owner)
            return None
        self._world.judge.looked_at(found, self._owner, before)
        return found

    async def _cancel(self, identifier: str, when: float) -> None:
        await asyncio.sleep(when)
        request = Cancel(id=identifier)
        known = self._world.judge.kept[identifier]
        before = self._world.judge.before(identifier)
        began = self._world.loop.time()
        try:
            found = await self._call(lambda one: one.cancel(self._caller, request))
        except PASSING as error:
            self._world.note(f"cancel {identifier}: {error!r}")
            self._world.judge.excuse(error)
        except NotFoundError:
            self._world.judge.missed(identifier, self._owner)
        except PreconditionError as error:
            self._world.note(f"cancel {identifier}: {error!r}")
            self._world.judge.may_refuse_cancel(identifier, error)
        else:
            self._world.note(f"cancelled {identifier}")
            known.cancelled = True
            self._world.judge.looked_at(found, self._owner, before)
        took, regime = self._world.loop.time() - began, self._world.regime
        most = CANCEL_SECONDS if regime.is_calm else LATE_CANCEL_SECONDS
        self._world.judge.check(
            took <= most or not regime.only_signals_fail,
            f"the cancel of {identifier} has taken {took} s",
        )

    async def _delete(self, identifier: str, when: float) -> None:
        await asyncio.sleep(when)
        request = Delete(id=identifier)
        known = self._world.judge.kept[identifier]
        known.deleting = True
        try:
            await self._call(lambda one: one.delete(self._caller, request))
        except PASSING as error:
            self._world.note(f"delete {identifier}: {error!r}")
            self._world.judge.excuse(error)
        except NotFoundError:
            self._world.judge.missed(identifier, self._owner)
        else:
            self._world.note(f"deleted {identifier}")
            known.deleted = True
            await self._look(identifier)

    async def _follow(self, identifier: str, when: float) -> None:
        await asyncio.sleep(when)
        reading = Reading(self._world, self._owner, None, identifier)
        self._crowd.readings.append(reading)
        await reading.live()

    async def _spy(self, identifier: str, when: float) -> None:
        """Try to get at it as somebody else."""
        await asyncio.sleep(when)
        owner = next(one for one in OWNERS if one != self._owner)
        caller, ask = Absent(owner), self._chance.choice(_SPYING)
        with contextlib.suppress(*PASSING, NotFoundError):
            await self._call(lambda one: ask(one, caller, identifier))
            self._world.judge.fail(f"{identifier} was shown to another owner")

    async def _err(self, identifier: str, when: float) -> None:
        """Come back with what is not one of its events."""
        await asyncio.sleep(when)
        token = self._chance.choice(("x", "00000000-0-0-0-0", ""))
        request = Stream(id=identifier, last_event_id=token)
        process = self._world.process()
        if process is None:
            return
        wire = process.stream(lambda one: one.stream(self._caller, request))
        with contextlib.suppress(*PASSING, NotFoundError, RequestError):
            await wire.next()
            self._world.judge.fail(f"{identifier} was resumed after {token!r}")

    async def _list(self, identifier: str, when: float) -> None:
        await asyncio.sleep(when)
        before = [name for name in self._known if not self._kept(name).deleting]
        gone = {name for name in self._known if self._kept(name).deleted}
        with contextlib.suppress(*PASSING):
            page = await self._call(lambda one: one.list(self._caller, List()))
            names = {one.id for one in page.interactions}
            for name in names:
                kept = self._kept(name)
                self._world.judge.check(
                    kept.owner == self._owner, f"{name} was listed to another owner"
                )
            lacks = [n for n in before if n not in names and not self._kept(n).deleting]
            self._world.judge.check(not lacks, f"{lacks} are not listed")
            back = names & gone
            self._world.judge.check(not back, f"{back} are listed after their end")

    async def look_back(self, identifier: str) -> None:
        """Look at an interaction when everything is over."""
        kept = self._kept(identifier)
        before = self._world.judge.before(identifier)
        try:
            found = await self._end_call(kept.owner, identifier)
        except NotFoundError:
            self._world.judge.missed(identifier, kept.owner)
            return
        self._world.judge.looked_at(found, kept.owner, before)
        self._world.judge.check(
            lifecycle.has_ended(found.status), f"{identifier} has never ended"
        )

    async def _end_call(self, owner: str, identifier: str) -> Interaction:
        return await self._call(lambda one: one.get(Absent(owner), Get(id=identifier)))

    def _kept(self, identifier: str) -> Kept:
        return self._world.judge.kept[identifier]

    async def _call(self, use: Callable[[Interactions], Awaitable[T]]) -> T:
        process = self._world.process()
        if process is None:
            raise ConnectionLostError
        return await process.call(use)


_SPYING: tuple[Callable[[Interactions, Absent, str], Awaitable[object]], ...] = (
    lambda one, caller, name: one.get(caller, Get(id=name)),
    lambda one, caller, name: one.cancel(caller, Cancel(id=name)),
    lambda one, caller, name: one.delete(caller, Delete(id=name)),
)
