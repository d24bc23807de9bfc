"""What a server with this same API is asked, for one turn of an interaction.

Whether a conversation goes on there by the server's own id or is told again, what the
server is told to keep, and how a turn is asked for anew when its process is lost, out
of what is written here.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence

from openinteractions.core import conversation, inputs, lifecycle
from openinteractions.core.attempts import Attempts
from openinteractions.core.errors import PreconditionError, RequestError
from openinteractions.engine.callers import Absent, Caller
from openinteractions.engine.own_files import Inliner
from openinteractions.engine.plan import Planner, word
from openinteractions.engine.recall import Recall
from openinteractions.engine.relay_ports import Keeping, Relay, Target
from openinteractions.engine.relay_source import Turn
from openinteractions.engine.store_ports import (
    Claimed,
    InteractionStore,
    Record,
    Remote,
)
from openinteractions.engine.writes import DeletedError
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Status = interaction_pb2.InteractionStatus

History = Callable[[], Awaitable[Sequence[Record]]]
"""Returns what a turn continues, oldest first, with its media."""

_CONTINUABLE = lifecycle.CONTINUABLE | {Status.INTERACTION_STATUS_REQUIRES_CONTINUATION}


class Turns:
    """Makes what servers are asked."""

    def __init__(
        self,
        *,
        recall: Recall,
        planner: Planner,
        store: InteractionStore,
        inliner: Inliner,
    ) -> None:
        self._recall = recall
        self._planner = planner
        self._store = store
        self._inliner = inliner

    async def new(self, caller: Caller, request: Request, target: Target) -> Turn:
        """Return what a server is to be asked for a request.

        Raises:
            RequestError: what it continues is not there, or cannot be sent.
        """
        history = await self._planner.history(caller, request, media=False)
        whole = functools.partial(self._planner.history, caller, request)
        return await self._turn(
            caller, request, target, self._planner.begin(request), history, whole
        )

    async def anew(self, claimed: Claimed, target: Target) -> Turn:
        """Return what a server is to be asked once more, for what was cut.

        Raises:
            DomainError: what it continues cannot be had, or itself.
        """
        record = claimed.record
        caller = Absent(record.owner)
        interaction = Interaction()
        interaction.CopyFrom(record.interaction)
        del interaction.steps[:]

        async def earlier(*, media: bool = True) -> Sequence[Record]:
            found = await self._store.conversation(
                interaction.id, record.owner, media=media
            )
            if not found:
                raise DeletedError("The interaction was deleted before it was asked.")
            return found[:-1]

        history = await earlier(media=False)
        turn = await self._turn(
            caller, record.request, target, interaction, history, earlier
        )
        turn.begun, turn.attempts = True, Attempts.parse(record.attempts)
        return turn

    def there(self, caller: Caller, record: Record, remote: Remote) -> Turn:
        """Return a turn that its server makes already, to be followed there.

        Raises:
            PreconditionError: the server is not configured any more.
        """
        return Turn(
            relay=self._recall.relay(record, remote),
            outgoing=Request(),
            request=record.request,
            interaction=record.interaction,
            owner=record.owner,
            call=caller,
            remote=remote,
            renamed=self._recall.own(record).renamed,
            begun=True,
            attempts=Attempts.parse(record.attempts),
        )

    async def _turn(  # noqa: PLR0917 - all that one turn is made of
        self,
        caller: Caller,
        request: Request,
        target: Target,
        interaction: Interaction,
        history: Sequence[Record],
        whole: History,
    ) -> Turn:
        relay = target.relay
        outgoing = _outgoing(request, target, interaction)
        remote = Remote(relay.endpoint, None, relay.keeping is not Keeping.UPSTREAM)
        retell = functools.partial(
            self._retold, caller, request, outgoing, history, whole, relay
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

    async def _retold(  # noqa: PLR0917 - see above
        self,
        caller: Caller,
        request: Request,
        outgoing: Request,
        history: Sequence[Record],
        whole: History,
        relay: Relay,
    ) -> tuple[Request, Remote]:
        """Return a request that tells the whole conversation."""
        if any(turn.attached for turn in history):
            history = await whole()
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
        kept = relay.keeping is not Keeping.UPSTREAM
        return told, Remote(relay.endpoint, None, kept, prior)


def _outgoing(request: Request, target: Target, interaction: Interaction) -> Request:
    """Return a request with the server's own names, and what it is to keep."""
    outgoing = Request()
    outgoing.CopyFrom(request)
    if request.model:
        outgoing.model = target.name
    else:
        outgoing.agent = target.name
    if target.relay.keeping is Keeping.HERE or not interaction.HasField("id"):
        outgoing.store = False
    return outgoing


def _goes_on(last: Remote, relay: Relay) -> bool:
    """Say whether a server can continue a turn by its own id."""
    here = relay.keeping is Keeping.HERE
    return not here and last.endpoint == relay.endpoint and last.id is not None


def _check_ended(record: Record) -> None:
    status, path = record.interaction.status, "previous_interaction_id"
    if status not in _CONTINUABLE:
        raise PreconditionError(
            f"{path}: interaction {record.interaction.id} cannot be continued while "
            f"its status is {word(status)}.",
            field=path,
        )
