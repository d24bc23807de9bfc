"""The use cases of interactions: create, get, replay, cancel, delete, list.

Every method takes the caller, whose `owner` decides what exists for it, and a request
message, and returns messages or raises `core.errors.DomainError`. The faces hold no
logic of their own, so both behave alike (design §4).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from openinteractions.core import cursor, ids, inputs, lifecycle
from openinteractions.core.errors import (
    NotFoundError,
    PreconditionError,
    RequestError,
)
from openinteractions.engine import paging
from openinteractions.engine.background import DEFERRED
from openinteractions.engine.callers import Caller
from openinteractions.engine.elsewhere import waiting
from openinteractions.engine.plan import Planner, word
from openinteractions.engine.process import Process
from openinteractions.engine.relay_ports import Target
from openinteractions.engine.relayed_run import RelayedRun
from openinteractions.engine.relaying import Relaying
from openinteractions.engine.run import Run
from openinteractions.engine.store_ports import InteractionStore, Record
from openinteractions.engine.supervisor import Running, Supervisor
from openinteractions.engine.writes import HandedOverError
from openinteractions.v1 import event_pb2, interaction_pb2, interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus
EventBatches = AsyncIterator[Sequence[event_pb2.InteractionEvent]]

PAGE_SIZE = 50


class Interactions:
    """The use cases."""

    def __init__(
        self,
        *,
        planner: Planner,
        store: InteractionStore,
        supervisor: Supervisor,
        process: Process,
        relaying: Relaying | None = None,
    ) -> None:
        self._planner = planner
        self._store = store
        self._supervisor = supervisor
        self._background = process.background
        self._elsewhere = process.elsewhere
        self._relaying = relaying
        self._passes_on = relaying is not None and relaying.passes_on

    async def create(self, caller: Caller, request: Request) -> Interaction:
        """Create an interaction and return it, with the steps that it generated.

        Cancelling the call cancels the turn; nothing is stored then. In the background
        it is returned at once, without steps.
        """
        if self._passes_on:
            target = self._target(caller, request)
            if target is not None and self._relaying is not None:
                return await self._relaying.create(caller, request, target)
        if request.background:
            interaction, _ = await self._background.create(caller, request)
            return interaction
        run = await self._planner.plan(caller, request, stream=False)
        with self._supervisor.watch(run):
            return await run.answer()

    async def stream_create(self, caller: Caller, request: Request) -> EventBatches:
        """Create an interaction and yield its events.

        A stored interaction whose id went out goes on when the iterator is closed.
        """
        run: Run | RelayedRun
        target = self._target(caller, request) if self._passes_on else None
        if target is not None and self._relaying is not None:
            run = await self._relaying.run(caller, request, target)
            outlives = run.kept
        elif request.background:
            async for batch in self._stream_background(caller, request):
                yield batch
            return
        else:
            run = await self._planner.plan(caller, request, stream=True)
            outlives = run.stored
        if not outlives:
            with self._supervisor.watch(run):
                async with aclosing(run.events()) as events:  # type: ignore[type-var]
                    async for batch in events:
                        yield batch
            return
        running = self._supervisor.start(run)
        told: Sequence[event_pb2.InteractionEvent] = ()
        try:
            async for told in running.journal.tail():
                yield told
        except HandedOverError:
            async for batch in self._rest(caller, run.interaction.id, told):
                yield batch
        finally:
            if not told:
                running.abandon()

    async def _stream_background(
        self, caller: Caller, request: Request
    ) -> EventBatches:
        if request.service_tier == DEFERRED:
            raise RequestError(
                "service_tier 'deferred' cannot be streamed; ask for it and come back.",
                field="service_tier",
            )
        interaction, running = await self._background.create(caller, request)
        begun: Sequence[event_pb2.InteractionEvent] = ()
        if running is None:
            begun = [waiting(interaction)]
            yield begun
        async for batch in self._rest(caller, interaction.id, begun):
            yield batch

    def _rest(
        self,
        caller: Caller,
        interaction_id: str,
        told: Sequence[event_pb2.InteractionEvent],
    ) -> EventBatches:
        """Yield an interaction's events after those that were told last."""
        last = told[-1].event_id if told else None
        after = None if last is None else cursor.decode(last, interaction_id)
        return self._elsewhere.events(interaction_id, caller.owner, after)

    async def get(
        self, caller: Caller, request: interaction_service_pb2.GetInteractionRequest
    ) -> Interaction:
        """Return an interaction with its whole timeline."""
        record = await self._load(caller, request.id)
        if record.remote is not None and self._relaying is not None:
            if not record.remote.whole:
                return await self._relaying.told(
                    caller, record, include_input=request.include_input
                )
            record = await self._relaying.fresh(caller, record)
        return _timeline(record, include_input=request.include_input)

    async def stream(
        self, caller: Caller, request: interaction_service_pb2.StreamInteractionRequest
    ) -> EventBatches:
        """Yield an interaction's events, after `last_event_id` if that is given."""
        record, running = await self._locate(caller, request.id)
        if record.remote is not None and self._relaying is not None:
            if not record.remote.whole:
                async for batch in self._relaying.stream(caller, record, request):
                    yield batch
                return
            if running is None and not lifecycle.has_ended(record.interaction.status):
                running = self._relaying.follow(caller, record)
        after = None
        if request.HasField("last_event_id"):
            after = cursor.decode(request.last_event_id, request.id)
        batches = self._elsewhere.events(request.id, caller.owner, after)
        async for batch in batches:
            if request.include_input and batch[0].HasField("created"):
                yield [_with_input(batch[0], record), *batch[1:]]
            else:
                yield batch

    async def cancel(
        self, caller: Caller, request: interaction_service_pb2.CancelInteractionRequest
    ) -> Interaction:
        """Stop a running interaction and return it; the steps so far are kept."""
        record = await self._load(caller, request.id, media=False)
        remote, runs = record.remote, self._supervisor.find(request.id) is not None
        at_server = remote is not None and remote.id is not None and not runs
        if not at_server and not lifecycle.has_ended(record.interaction.status):
            await self._elsewhere.cancel(request.id, caller.owner)
        record = await self._load(caller, request.id)
        if at_server and self._relaying is not None:
            return _timeline(await self._relaying.cancel(caller, record))
        if record.interaction.status == Status.INTERACTION_STATUS_CANCELLED:
            return _timeline(record)
        raise PreconditionError(
            f"Interaction {request.id} is not running: its status is "
            f"{word(record.interaction.status)}."
        )

    async def delete(
        self, caller: Caller, request: interaction_service_pb2.DeleteInteractionRequest
    ) -> None:
        """Delete an interaction with everything in it; a running one is stopped."""
        record, running = await self._locate(caller, request.id, media=False)
        if running is not None:
            await running.stop()
        if record.remote is not None and self._relaying is not None:
            await self._relaying.delete(caller, record)
        if not await self._elsewhere.delete(record):
            raise _not_found(request.id)

    async def list(
        self, caller: Caller, request: interaction_service_pb2.ListInteractionsRequest
    ) -> interaction_service_pb2.ListInteractionsResponse:
        """Return a page of the caller's interactions, newest first, in short."""
        size, before = paging.read(
            request, usual=PAGE_SIZE, is_id=ids.is_interaction_id
        )
        found = await self._store.list(caller.owner, limit=size + 1, before=before)
        page = interaction_service_pb2.ListInteractionsResponse()
        page.interactions.extend(found[:size])
        if len(found) > size:
            page.next_page_token = page.interactions[-1].id
        return page

    def _target(self, caller: Caller, request: Request) -> Target | None:
        """Return the server of this same API that a request is for, if it is for one.

        Raises:
            RequestError: it is not, and has what is not known here.
        """
        target = None if self._relaying is None else self._relaying.find(request)
        if target is None and caller.refusal is not None:
            raise caller.refusal
        return target

    async def _locate(
        self, caller: Caller, interaction_id: str, *, media: bool = True
    ) -> tuple[Record, Running | None]:
        """Return an interaction, and its run if it runs here."""
        running = self._supervisor.find(interaction_id)
        record = await self._load(caller, interaction_id, media=media)
        if running is None and not lifecycle.has_ended(record.interaction.status):
            # It may have begun, or begun and ended, since one of the two was read.
            running = self._supervisor.find(interaction_id)
            record = await self._load(caller, interaction_id, media=media)
        return record, running

    async def _load(
        self, caller: Caller, interaction_id: str, *, media: bool = True
    ) -> Record:
        record = await self._store.get(interaction_id, caller.owner, media=media)
        if record is None:
            raise _not_found(interaction_id)
        return record


def _not_found(interaction_id: str) -> NotFoundError:
    return NotFoundError(f"There is no interaction {interaction_id[:80]!r}.")


def _timeline(record: Record, *, include_input: bool = False) -> Interaction:
    """Return a stored interaction with its input in front of its output.

    The record is used up: media are not to be copied more than they have to.
    """
    interaction = record.interaction
    inputs.put_in_front(interaction.steps, record.request.input)
    if include_input:
        interaction.input.CopyFrom(record.request.input)
    return interaction


def _with_input(
    event: event_pb2.InteractionEvent, record: Record
) -> event_pb2.InteractionEvent:
    copy = event_pb2.InteractionEvent()
    copy.CopyFrom(event)
    copy.created.interaction.input.CopyFrom(record.request.input)
    return copy
