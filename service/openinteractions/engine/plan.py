"""Makes a run out of a request: checks it, gathers its conversation, picks its model.

Nothing is stored or sent to a model here; what is wrong with a request is found before
either (design §4).
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from openinteractions.core import conversation, cursor, ids, lifecycle, requests
from openinteractions.core.assembler import Assembler
from openinteractions.core.errors import PreconditionError, RequestError
from openinteractions.engine import beginning, delivery
from openinteractions.engine.callers import Absent, Caller
from openinteractions.engine.delivery import Delivered, Keeper
from openinteractions.engine.media import Media
from openinteractions.engine.ports import (
    Clock,
    Model,
    ModelRequest,
    Models,
    ServerTools,
)
from openinteractions.engine.recall import Recall
from openinteractions.engine.rounds import Rounds
from openinteractions.engine.run import FIRST_EVENT_SECONDS, Run
from openinteractions.engine.store_ports import Claimed, InteractionStore, Record
from openinteractions.engine.telling import Telling
from openinteractions.engine.writes import DeletedError
from openinteractions.v1 import interaction_pb2, interaction_service_pb2, step_pb2

Request = interaction_service_pb2.CreateInteractionRequest
Interaction = interaction_pb2.Interaction
Talk = conversation.Conversation

_Parts = tuple[Model, Sequence[Record], Talk, Interaction]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a request in the background asks for, found right."""

    interaction: Interaction
    lineage: Sequence[str]
    run: Callable[[], Run]
    """Makes the run, once the row is written and claimed."""


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
        tools: ServerTools | None = None,
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
        self._tools = tools
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
        talk = _conversation(history, request)
        interaction = beginning.begin(request, self._clock.now(), self._entropy)
        steps: Sequence[step_pb2.Step] = talk.steps()
        if talk.origins:
            steps = await self._prepared(caller, request, model, talk)
        parts = model, history, talk, interaction
        return self._run(caller, ModelRequest(request, steps), parts, stream=stream)

    async def draft(self, caller: Caller, request: Request) -> Draft:
        """Return what a request in the background asks for.

        Raises what `plan` raises, but for what is wrong with media.
        """
        requests.validate(request)
        model = self._model(caller, request)
        history = await self._readable_history(caller, request)
        talk = _conversation(history, request)
        interaction = self.begin(request)

        def run() -> Run:
            parts = model, history, talk, interaction
            planned = self._later(caller, request, parts)
            planned.begun, planned.epoch = True, 1
            return planned

        return Draft(interaction, _lineage(history), run)

    async def resume(self, claimed: Claimed) -> Run:
        """Return the run that goes on with an interaction that was claimed.

        Raises:
            DomainError: the model is gone, or what it continues, or itself.
        """
        record, caller = claimed.record, Absent(claimed.record.owner)
        request, interaction = record.request, Interaction()
        model = self._model(caller, request)
        turns = await self._store.conversation(record.interaction.id, record.owner)
        if not turns:
            raise DeletedError("The interaction was deleted before it was taken up.")
        history = turns[:-1]
        if self._recall is not None:
            history = await self._recall.for_model(history, call=caller)
        talk = _conversation(history, request)
        talk.note_ids(record.interaction.steps)
        interaction.CopyFrom(record.interaction)
        del interaction.steps[:]
        parts = model, history, talk, interaction
        run = self._later(caller, request, parts)
        run.resume(record, claimed.epoch)
        return run

    def _later(self, caller: Caller, request: Request, parts: _Parts) -> Run:
        """Return a run whose media are made ready when it runs."""
        model, _, talk, _ = parts
        turn = ModelRequest(request, talk.steps())
        run = self._run(caller, turn, parts, stream=True)
        run.background = True
        if talk.origins:
            run.prepare = functools.partial(
                self._prepared, caller, request, model, talk
            )
        return run

    async def _prepared(
        self, caller: Caller, request: Request, model: Model, talk: Talk
    ) -> Sequence[step_pb2.Step]:
        """Return a conversation with its media as the model takes them."""
        return await self._media.prepare(
            talk.steps(),
            talk.origins,
            model.accepts,
            caller.owner,
            model=request.model,
            ignored=caller.ignored,
        )

    def _run(
        self,
        caller: Caller,
        turn: ModelRequest,
        parts: _Parts,
        *,
        stream: bool,
    ) -> Run:
        model, history, talk, interaction = parts
        request = turn.request
        marks = stream and interaction.HasField("id")
        cursors = cursor.prefix(interaction.id) if marks else None
        assembler = Assembler(
            cursors=cursors,
            summaries=request.generation_config.thinking_summaries == "auto",
            taken=talk.call_ids,
            new_call_id=self._new_call_id,
        )
        return Run(
            model=model,
            turn=turn,
            interaction=interaction,
            telling=Telling(interaction, assembler, cursors),
            store=self._store,
            clock=self._clock,
            owner=caller.owner,
            lineage=_lineage(history),
            rounds=None if self._tools is None else Rounds(self._tools, request),
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
        return beginning.begin(request, self._clock.now(), self._entropy)

    def _new_call_id(self) -> str:
        return ids.call_id(self._entropy(ids.CALL_ENTROPY_BYTES))


def _conversation(
    history: Sequence[Record], request: Request
) -> conversation.Conversation:
    """Return what was said in earlier turns, and what a request says.

    Raises:
        RequestError: the request answers what was never asked.
    """
    talk = conversation.Conversation()
    follows: str | None = None
    for record in history:
        talk.add_turn(record.request, record.interaction, follows=follows)
        follows = record.interaction.id
    talk.add_input(request.input)
    return talk


def _lineage(history: Sequence[Record]) -> list[str]:
    return [record.interaction.id for record in history]


def word(status: interaction_pb2.InteractionStatus) -> str:
    """Return a status as the API writes it."""
    name = interaction_pb2.InteractionStatus.Name(status)
    return name.removeprefix("INTERACTION_STATUS_").lower()
