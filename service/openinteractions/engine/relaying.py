"""The use cases of interactions that another server with this same API makes.

Here is decided what goes there and what is kept where: whether a conversation goes on
by the server's own id or is told again, whose ids stand in what comes back, and what a
request to get, follow, cancel or delete asks of the server (design §8).
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing

from openinteractions.core import conversation, inputs, lifecycle, relayed
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
from openinteractions.engine.relayed_run import RelayedRun
from openinteractions.engine.store_ports import InteractionStore, Record, Remote
from openinteractions.engine.supervisor import Running, Supervisor
from openinteractions.v1 import event_pb2, interaction_pb2, interaction_service_pb2

Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Status = interaction_pb2.InteractionStatus
EventBatches = AsyncIterator[Sequence[event_pb2.InteractionEvent]]

_CONTINUABLE = lifecycle.CONTINUABLE | {Status.INTERACTION_STATUS_REQUIRES_CONTINUATION}


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
        self._inliner = inliner
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
        run = self._run(await self._turn(caller, request, target))
        with self._supervisor.watch(run):
            return await run.answer()

    async def run(self, caller: Caller, request: Request, target: Target) -> RelayedRun:
        """Return the run with whose events a stream is answered."""
        return self._run(await self._turn(caller, request, target))

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
        """Begin to read an interaction that runs at its server; None: nobody can."""
        remote = _remote(record)
        if remote.id is None:
            return None
        turn = Turn(
            relay=self._recall.relay(record, remote),
            outgoing=Request(),
            request=record.request,
            interaction=record.interaction,
            owner=record.owner,
            call=caller,
            remote=remote,
            renamed=self._recall.own(record).renamed,
            begun=True,
        )
        return self._supervisor.start(self._run(turn))

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

    async def _turn(self, caller: Caller, request: Request, target: Target) -> Turn:
        """Return what the server is to be asked.

        Raises:
            RequestError: what it continues is not there, or cannot be sent.
        """
        relay = target.relay
        _check(caller, request, relay)
        history = await self._planner.history(caller, request, media=False)
        interaction = self._planner.begin(request)
        outgoing = Request()
        outgoing.CopyFrom(request)
        if request.model:
            outgoing.model = target.name
        else:
            outgoing.agent = target.name
        if relay.keeping is Keeping.HERE or not interaction.HasField("id"):
            outgoing.store = False
        remote = Remote(relay.endpoint, None, relay.keeping is not Keeping.UPSTREAM)
        retell = functools.partial(
            self._retold, caller, request, outgoing, history, relay
        )
        rebuild = None
        last = history[-1].remote if history else None
        if last is not None and _goes_on(last, relay):
            outgoing.previous_interaction_id = last.id or ""
            await self._inliner.inline(outgoing.input, caller.owner)
            rebuild = retell if relay.keeping is Keeping.BOTH else None
        elif history:
            outgoing, remote = await retell()
        else:
            await self._inliner.inline(outgoing.input, caller.owner)
        return Turn(
            relay=relay,
            outgoing=outgoing,
            request=request,
            interaction=interaction,
            owner=caller.owner,
            lineage=[record.interaction.id for record in history],
            call=caller,
            remote=remote,
            rebuild=rebuild,
            renamed=target.name != (request.model or request.agent),
        )

    async def _retold(
        self,
        caller: Caller,
        request: Request,
        outgoing: Request,
        history: Sequence[Record],
        relay: Relay,
    ) -> tuple[Request, Remote]:
        """Return a request that tells the whole conversation."""
        if any(turn.attached for turn in history):
            history = await self._planner.history(caller, request)
        turns = list(await self._recall.for_relay(history, relay, call=caller))
        _check_ended(turns[-1])
        given = request.input
        if request.input.WhichOneof("value") is None:
            if not request.HasField("continuation_token"):
                raise RequestError("input is required.", field="input")
            # The answer to the last turn is still being made: it is asked for again.
            given = turns.pop().request.input
        talk = conversation.Conversation()
        follows: str | None = None
        for turn in turns:
            talk.add_turn(turn.request, turn.interaction, follows=follows)
            follows = turn.interaction.id
        talk.add_input(given)
        steps = talk.steps()
        told = Request()
        told.CopyFrom(outgoing)
        told.ClearField("previous_interaction_id")
        told.input.steps.SetInParent()
        del told.input.steps.items[:]
        told.input.steps.items.extend(steps)
        await self._inliner.inline(told.input, caller.owner)
        prior = max(0, len(steps) - len(inputs.to_steps(given)))
        whole = relay.keeping is not Keeping.UPSTREAM
        return told, Remote(relay.endpoint, None, whole, prior)


def _goes_on(last: Remote, relay: Relay) -> bool:
    """Say whether a server can continue a turn by its own id."""
    here = relay.keeping is Keeping.HERE
    return not here and last.endpoint == relay.endpoint and last.id is not None


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


def _check_ended(record: Record) -> None:
    status, path = record.interaction.status, "previous_interaction_id"
    if status not in _CONTINUABLE:
        raise PreconditionError(
            f"{path}: interaction {record.interaction.id} cannot be continued while "
            f"its status is {word(status)}.",
            field=path,
        )


def _remote(record: Record) -> Remote:
    assert record.remote is not None  # noqa: S101 - who calls has looked
    return record.remote
