"""Makes a run out of a request: checks it, gathers its conversation, picks its model.

Nothing is stored or sent to a model here; what is wrong with a request is found before
either (design §4).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from openinteractions.core import conversation, cursor, echo, ids, lifecycle, requests
from openinteractions.core.assembler import Assembler
from openinteractions.core.errors import PreconditionError, RequestError
from openinteractions.engine import delivery
from openinteractions.engine.delivery import Delivered, Keeper
from openinteractions.engine.media import Media
from openinteractions.engine.ports import Clock, Model, ModelRequest, Models
from openinteractions.engine.recall import Recall
from openinteractions.engine.run import FIRST_EVENT_SECONDS, Run
from openinteractions.engine.store_ports import InteractionStore, Record
from openinteractions.v1 import interaction_pb2, interaction_service_pb2, step_pb2

Request = interaction_service_pb2.CreateInteractionRequest
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus

_ECHOED = frozenset(Request.DESCRIPTOR.fields_by_name) & frozenset(
    Interaction.DESCRIPTOR.fields_by_name
) - {"input", "rest"}
"""The members of a request that the interaction repeats."""


class Caller(Protocol):
    """Who calls."""

    owner: str
    """Hash of the key; empty without authentication."""
    request_id: str
    """What the log and the response call the call."""
    refusal: RequestError | None
    """Why the request is refused by all but those who take what is not known here."""
    ignored: list[str]
    """Filled with the members that the model cannot follow and ignores."""

    @property
    def origin(self) -> str:
        """The URL under which it knows this server; empty when that is not known."""


class Planner:
    """Makes runs.

    `entropy` returns that many random bytes, `sleep` waits for seconds; tests make
    both predictable.
    """

    def __init__(
        self,
        *,
        models: Models,
        store: InteractionStore,
        media: Media,
        clock: Clock,
        recall: Recall | None = None,
        keeper: Keeper | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        first_event_seconds: float = FIRST_EVENT_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._models = models
        self._store = store
        self._media = media
        self._clock = clock
        self._recall = recall
        self._keeper = keeper
        self._entropy = entropy
        self._first_event_seconds = first_event_seconds
        self._sleep = sleep

    async def plan(self, caller: Caller, request: Request, *, stream: bool) -> Run:
        """Return the run that a request asks for.

        Raises:
            RequestError: the request is wrong; `field` names the member.
            PreconditionError: what it continues has not ended.
        """
        requests.validate(request)
        model = self._model(caller, request)
        history = await self._readable_history(caller, request)
        talk = conversation.Conversation()
        follows: str | None = None
        for record in history:
            talk.add_turn(record.request, record.interaction, follows=follows)
            follows = record.interaction.id
        talk.add_input(request.input)
        steps: Sequence[step_pb2.Step] = talk.steps()
        if talk.origins:
            steps = await self._media.prepare(
                steps,
                talk.origins,
                model.accepts,
                caller.owner,
                model=request.model,
                ignored=caller.ignored,
            )
        interaction = self.begin(request)
        marks = stream and interaction.HasField("id")
        cursors = cursor.prefix(interaction.id) if marks else None
        return Run(
            model=model,
            turn=ModelRequest(request, steps),
            interaction=interaction,
            assembler=Assembler(
                cursors=cursors,
                summaries=request.generation_config.thinking_summaries == "auto",
                taken=talk.call_ids,
                new_call_id=self._new_call_id,
            ),
            store=self._store,
            clock=self._clock,
            owner=caller.owner,
            lineage=[record.interaction.id for record in history],
            cursors=cursors,
            first_event_seconds=self._first_event_seconds,
            sleep=self._sleep,
        )

    def _model(self, caller: Caller, request: Request) -> Model:
        """Return the model that a request asks for, which can follow it."""
        model = self._models.resolve(request)
        caller.ignored.extend(model.check(request))
        by_address = delivery.kinds(request)
        if not by_address:
            return model
        return Delivered(
            model,
            kinds=by_address,
            keeper=self._keeper,
            owner=caller.owner,
            origin=caller.origin,
        )

    async def _readable_history(
        self, caller: Caller, request: Request
    ) -> Sequence[Record]:
        """Return what a request continues, as any model can read it."""
        if not request.HasField("previous_interaction_id"):
            return ()
        history = await self.history(caller, request)
        if self._recall is not None:
            history = await self._recall.for_model(history, call=caller)
        status, path = history[-1].interaction.status, "previous_interaction_id"
        if status not in lifecycle.CONTINUABLE:
            raise PreconditionError(
                f"{path}: interaction {history[-1].interaction.id} cannot be continued "
                f"while its status is {word(status)}.",
                field=path,
            )
        return history

    async def history(
        self, caller: Caller, request: Request, *, media: bool = True
    ) -> Sequence[Record]:
        """Return what a request continues, oldest first, as it is stored.

        `media` is as in `InteractionStore.conversation`.

        Raises:
            RequestError: there is no such interaction.
        """
        if not request.HasField("previous_interaction_id"):
            return ()
        previous, path = request.previous_interaction_id, "previous_interaction_id"
        if not previous:
            raise RequestError(
                f"{path} is empty; what is not stored cannot be continued.", field=path
            )
        history = await self._store.conversation(previous, caller.owner, media=media)
        if not history:
            raise RequestError(
                f"{path}: there is no interaction {previous[:80]!r}.", field=path
            )
        return history

    def begin(self, request: Request) -> Interaction:
        """Return the interaction that a request begins."""
        interaction = Interaction(
            object="interaction", status=Status.INTERACTION_STATUS_IN_PROGRESS
        )
        for field, value in request.ListFields():
            if field.name not in _ECHOED:
                continue
            if field.is_repeated:
                getattr(interaction, field.name).MergeFrom(value)
            elif field.message_type is not None:
                getattr(interaction, field.name).CopyFrom(value)
            else:
                setattr(interaction, field.name, value)
        echo.conceal(interaction)
        now = self._clock.now()
        interaction.created.FromSeconds(int(now))
        interaction.updated.FromSeconds(int(now))
        if request.store or not request.HasField("store"):
            interaction.id = ids.interaction_id(
                int(now * 1000), self._entropy(ids.INTERACTION_ENTROPY_BYTES)
            )
        return interaction

    def _new_call_id(self) -> str:
        return ids.call_id(self._entropy(ids.CALL_ENTROPY_BYTES))


def word(status: interaction_pb2.InteractionStatus) -> str:
    """Return a status as the API writes it."""
    name = interaction_pb2.InteractionStatus.Name(status)
    return name.removeprefix("INTERACTION_STATUS_").lower()
