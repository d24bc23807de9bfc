"""Conversations wherever their turns are kept, made readable for who is asked next.

A turn that only another server has is fetched from there; one that still ran when it
was last looked at is looked at again. What one server signed is for that server only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from openinteractions.core import inputs, lifecycle, relayed
from openinteractions.core.errors import (
    BackendError,
    InternalError,
    NotFoundError,
    PreconditionError,
    to_error,
)
from openinteractions.engine.relay_ports import Call, Relay, Relays
from openinteractions.engine.store_ports import InteractionStore, Record, Remote
from openinteractions.v1 import (
    interaction_pb2,
    interaction_service_pb2,
    step_pb2,
)

Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Status = interaction_pb2.InteractionStatus

_Change = Callable[[Iterable[step_pb2.Step]], list[step_pb2.Step]]

ELSEWHERE = 0
"""The epoch of what another server makes: nobody has claimed it."""

_NOT_FOUND = "404"


class Recall:
    """Reads interactions that other servers made."""

    def __init__(self, *, store: InteractionStore, relays: Relays) -> None:
        self._store = store
        self._relays = relays

    async def for_model(
        self, history: Sequence[Record], *, call: Call
    ) -> Sequence[Record]:
        """Return a conversation as the models of other dialects can read it.

        Raises:
            DomainError: a turn cannot be had from its server.
        """
        for record in history:
            if record.remote is not None:
                break
        else:
            return history
        found = [await self.fresh(one, call=call) for one in history]
        return [_changed(one, relayed.common) if one.remote else one for one in found]

    async def for_relay(
        self, history: Sequence[Record], relay: Relay, *, call: Call
    ) -> Sequence[Record]:
        """Return a conversation as a server with this same API can read it.

        Raises:
            DomainError: a turn cannot be had from its server.
        """
        found = [await self.fresh(one, call=call) for one in history]
        return [
            one if _made_at(one, relay) else _changed(one, relayed.foreign)
            for one in found
        ]

    async def fresh(self, record: Record, *, call: Call) -> Record:
        """Return an interaction as it is now, with its input and its steps.

        Raises:
            NotFoundError: its server does not have it any more.
            PreconditionError: its server is not configured any more.
            BackendError: its server failed.
        """
        remote = record.remote
        if remote is None or remote.id is None or _is_settled(record, remote):
            return record
        try:
            said = await self._ask(record, remote, call)
        except NotFoundError:
            if not remote.whole:
                raise
            return await self._fail(record, remote)
        return await self.adopt(record, remote, said)

    async def _ask(self, record: Record, remote: Remote, call: Call) -> Interaction:
        relay = self.relay(record, remote)
        try:
            return await relay.get(remote.id or "", include_input=True, call=call)
        except BackendError as error:
            if error.metadata.get("http_status") != _NOT_FOUND:
                raise
        raise NotFoundError(
            f"Interaction {record.interaction.id} is gone at the endpoint "
            f'"{remote.endpoint}", which alone had all of it.'
        )

    def relay(self, record: Record, remote: Remote) -> Relay:
        """Return the server that has an interaction.

        Raises:
            PreconditionError: it is not configured any more.
        """
        relay = self._relays.named(remote.endpoint)
        if relay is None:
            raise PreconditionError(
                f"Interaction {record.interaction.id} is kept by the endpoint "
                f'"{remote.endpoint}", which is not configured.'
            )
        return relay

    def own(self, record: Record) -> relayed.Own:
        """Return what callers are to read instead of what a server says."""
        target = self._relays.find(record.request)
        asked = record.request.model or record.request.agent
        renamed = target is not None and target.name != asked
        return relayed.Own(record.interaction, renamed)

    async def told(
        self, record: Record, *, include_input: bool, call: Call
    ) -> Interaction:
        """Return an interaction that only its server has, as the server tells it.

        Raises:
            NotFoundError: its server does not have it any more.
        """
        remote = record.remote
        assert remote is not None  # noqa: S101 - who calls has looked
        said = await self._ask(record, remote, call)
        told = Interaction()
        told.CopyFrom(said)
        adopted = await self.adopt(record, remote, said)
        relayed.rewrite(told, self.own(record))
        if remote.prior:
            del told.steps[: len(told.steps) - _own_steps(adopted)]
            told.input.CopyFrom(adopted.request.input)
        if not include_input:
            told.ClearField("input")
        return told

    async def adopt(self, record: Record, remote: Remote, said: Interaction) -> Record:
        """Return an interaction as its server tells it; one that ended is stored so."""
        steps = relayed.output(said.steps, said.input)
        known = record.interaction
        given = _own_input(said, len(said.steps) - len(steps), remote.prior)
        relayed.rewrite(said, self.own(record))
        whole = relayed.overlay(known, said)
        del whole.steps[:]
        whole.steps.extend(steps)
        request = Request()
        request.CopyFrom(record.request)
        if not remote.whole:
            request.input.CopyFrom(given)
        made = record.attempts
        told = Record(record.owner, request, whole, remote, attempts=made)
        if not lifecycle.has_ended(known.status) and lifecycle.has_ended(whole.status):
            row = told if remote.whole else _head(record, whole)
            await self._store.update(row, ELSEWHERE)
        return told

    async def _fail(self, record: Record, remote: Remote) -> Record:
        """End an interaction that its server has lost while it ran."""
        ended = Interaction()
        ended.CopyFrom(record.interaction)
        ended.status = Status.INTERACTION_STATUS_FAILED
        gone = InternalError(f'The endpoint "{remote.endpoint}" has lost it.')
        ended.errors.append(to_error(gone))
        row = replace(record, interaction=ended)
        await self._store.update(row, ELSEWHERE)
        return row


def _own_steps(record: Record) -> int:
    given = inputs.to_steps(record.request.input)
    return len(given) + len(record.interaction.steps)


def _is_settled(record: Record, remote: Remote) -> bool:
    return remote.whole and lifecycle.has_ended(record.interaction.status)


def _made_at(record: Record, relay: Relay) -> bool:
    return record.remote is not None and record.remote.endpoint == relay.endpoint


def _head(record: Record, whole: Interaction) -> Record:
    return Record(record.owner, record.request, relayed.head(whole), record.remote)


def _own_input(said: Interaction, before: int, prior: int) -> interaction_pb2.Input:
    """Return what the caller said: without the turns that were sent along with it."""
    if said.HasField("input") and not prior:
        return said.input
    given = interaction_pb2.Input()
    given.steps.SetInParent()
    sent: Sequence[step_pb2.Step] = said.steps[:before]
    if said.HasField("input"):
        sent = inputs.to_steps(said.input)
    given.steps.items.extend(sent[prior:])
    return given


def _changed(record: Record, change: _Change) -> Record:
    """Return a turn with other steps, those of its input included."""
    request, interaction = Request(), Interaction()
    request.CopyFrom(record.request)
    interaction.CopyFrom(record.interaction)
    if not request.input.HasField("text"):
        given = inputs.to_steps(request.input) if request.HasField("input") else []
        request.input.steps.SetInParent()
        del request.input.steps.items[:]
        request.input.steps.items.extend(change(given))
    steps = change(interaction.steps)
    del interaction.steps[:]
    interaction.steps.extend(steps)
    return Record(record.owner, request, interaction, record.remote)
