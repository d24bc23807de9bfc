"""The use cases of interactions that another server with this same API makes.

Here is decided what goes there (`relay_turns`), whose ids stand in what comes back, and
what a request to get, follow, cancel or delete asks of the server (design §8).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing

from openinteractions.core import lifecycle, relayed
from openinteractions.core.errors import (
    BackendError,
    NotSupportedError,
    PreconditionError,
    RequestError,
)
from openinteractions.engine.callers import Caller
from openinteractions.engine.own_files import Inliner
from openinteractions.engine.plan import Planner, word
from openinteractions.engine.ports import Clock
from openinteractions.engine.recall import Recall
from openinteractions.engine.relay_ports import Keeping, Relay, Relays, Target
from openinteractions.engine.relay_source import Turn
from openinteractions.engine.relay_turns import Turns
from openinteractions.engine.relayed_run import RelayedRun
from openinteractions.engine.run import Run
from openinteractions.engine.store_ports import (
    Claimed,
    InteractionStore,
    Record,
    Remote,
)
from openinteractions.engine.supervisor import Running, Supervisor
from openinteractions.v1 import event_pb2, interaction_pb2, interaction_service_pb2

Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Status = interaction_pb2.InteractionStatus
EventBatches = AsyncIterator[Sequence[event_pb2.InteractionEvent]]


class Relaying:
    """The use cases."""

    def __init__(
        self,
        *,
        relays: Relays,
        recall: Recall,
        planner: Planner,
        store: InteractionStore,
        supervisor: Supervisor,
        inliner: Inliner,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._relays = relays
        self._recall = recall
        self._planner = planner
        self._store = store
        self._supervisor = supervisor
        self._turns = Turns(
            recall=recall, planner=planner, store=store, inliner=inliner
        )
        self._clock = clock
        self._sleep = sleep

    @property
    def passes_on(self) -> bool:
        """Whether there is any server to pass requests on to."""
        return bool(self._relays)

    def find(self, request: Request) -> Target | None:
        """Return where a request goes, or None when it is for a model (see `Relays`).

        Raises:
            UnknownModelError: agents are configured, but none of that name.
        """
        return self._relays.find(request)

    async def create(
        self, caller: Caller, request: Request, target: Target
    ) -> Interaction:
        """Create an interaction and return what the server answers."""
        run = await self.run(caller, request, target)
        with self._supervisor.watch(run):
            return await run.answer()

    async def run(self, caller: Caller, request: Request, target: Target) -> RelayedRun:
        """Return the run with whose events a stream is answered."""
        _check(caller, request, target.relay)
        return self._run(await self._turns.new(caller, request, target))

    async def told(
        self, caller: Caller, record: Record, *, include_input: bool
    ) -> Interaction:
        """Return an interaction that only its server has."""
        return await self._recall.told(record, include_input=include_input, call=caller)

    async def fresh(self, caller: Caller, record: Record) -> Record:
        """Return an interaction as it is now, wherever it is kept."""
        if self._supervisor.find(record.interaction.id) is not None:
            return record
        return await self._recall.fresh(record, call=caller)

    async def stream(
        self,
        caller: Caller,
        record: Record,
        request: interaction_service_pb2.StreamInteractionRequest,
    ) -> EventBatches:
        """Yield the events of an interaction that only its server has."""
        remote = _remote(record)
        relay = self._recall.relay(record, remote)
        after = request.last_event_id if request.HasField("last_event_id") else None
        events = relay.stream(
            remote.id or "",
            last_event_id=after,
            include_input=request.include_input,
            call=caller,
        )
        own = self._recall.own(record)
        async with aclosing(events):  # type: ignore[type-var]
            async for batch in events:
                for event in batch:
                    relayed.rewrite_event(event, own)
                yield batch

    def follow(self, caller: Caller, record: Record) -> Running | None:
        """Read an interaction that runs at its server, once for all who ask for it.

        None: nobody can.
        """
        remote = _remote(record)
        if remote.id is None:
            return None
        running = self._supervisor.find(record.interaction.id)
        if running is not None:
            return running
        turn = self._turns.there(caller, record, remote)
        return self._supervisor.start(self._run(turn))

    async def resume(self, claimed: Claimed) -> RelayedRun | Run:
        """Return the run that goes on with an interaction that was claimed.

        That is one that a model makes here, or one that no server keeps: its call is
        made anew.

        Raises:
            DomainError: the model or the server is gone, or what it continues.
        """
        record = claimed.record
        if record.remote is None:
            return await self._planner.resume(claimed)
        relay = self._recall.relay(record, record.remote)
        target = self._relays.find(record.request)
        if target is None or target.relay.endpoint != relay.endpoint:
            target = Target(relay, record.request.model or record.request.agent)
        run = self._run(await self._turns.anew(claimed, target))
        run.resume(claimed.epoch)
        return run

    async def cancel(self, caller: Caller, record: Record) -> Record:
        """Have the server stop an interaction, and return it.

        Raises:
            PreconditionError: it has ended, as far as is known here.
        """
        remote, identifier = _remote(record), record.interaction.id
        if remote.id is None or (
            remote.whole and lifecycle.has_ended(record.interaction.status)
        ):
            raise PreconditionError(
                f"Interaction {identifier} is not running: its status is "
                f"{word(record.interaction.status)}."
            )
        relay = self._recall.relay(record, remote)
        said = await relay.cancel(remote.id, call=caller)
        return await self._recall.adopt(record, remote, said)

    async def delete(self, caller: Caller, record: Record) -> None:
        """Delete an interaction at its server, if it is there."""
        remote = _remote(record)
        relay = self._relays.named(remote.endpoint)
        if remote.id is None or relay is None:
            return
        try:
            await relay.delete(remote.id, call=caller)
        except BackendError as error:
            if error.metadata.get("http_status") != "404":
                raise

    def _run(self, turn: Turn) -> RelayedRun:
        return RelayedRun(turn, self._store, self._clock, self._sleep)


def _check(caller: Caller, request: Request, relay: Relay) -> None:
    """Refuse what would get past this server, or would get lost."""
    name = relayed.misplaced(request)
    if name is not None:
        raise caller.refusal or RequestError(f"Unknown parameter '{name}'.", field=name)
    if request.background and relay.keeping is Keeping.HERE:
        raise NotSupportedError(
            f'background: the endpoint "{relay.endpoint}" is to keep nothing, and '
            "only what it keeps can work on in the background.",
            field="background",
        )


def _remote(record: Record) -> Remote:
    assert record.remote is not None  # noqa: S101 - who calls has looked
    return record.remote
