"""Records to store, and a store that never keeps a test waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

from openinteractions.engine.store_ports import InteractionStore, Record
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.clock import WAIT_SECONDS

Status = interaction_pb2.InteractionStatus


def record(
    id: str,  # noqa: A002 - the resource's own word
    *,
    owner: str = "ann",
    status: interaction_pb2.InteractionStatus = Status.INTERACTION_STATUS_COMPLETED,
    says: str = "Hello.",
    continues: str | None = None,
) -> Record:
    request = interaction_service_pb2.CreateInteractionRequest(model="m")
    request.input.text = f"Say: {says}"
    interaction = interaction_pb2.Interaction(
        id=id, object="interaction", status=status, model="m"
    )
    interaction.created.seconds = 1_800_000_000
    interaction.updated.seconds = 1_800_000_005
    if continues is not None:
        request.previous_interaction_id = continues
        interaction.previous_interaction_id = continues
    step = interaction.steps.add()
    step.model_output.content.add().text.text = says
    return Record(owner, request, interaction)


class _Bounded:
    def __init__(self, store: InteractionStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        method = getattr(self._store, name)

        def call(*args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
            return asyncio.wait_for(method(*args, **kwargs), WAIT_SECONDS)

        return call


def bounded(store: InteractionStore) -> InteractionStore:
    """The same store; a call that takes too long fails."""
    return cast("InteractionStore", _Bounded(store))


async def chain(store: InteractionStore, *ids: str, owner: str = "ann") -> None:
    """Store a conversation of one turn per id."""
    for place, turn in enumerate(ids):
        continues = ids[place - 1] if place else None
        await store.add(record(turn, owner=owner, continues=continues), ids[:place])


async def turns(store: InteractionStore, id: str, owner: str = "ann") -> list[str]:  # noqa: A002
    """The ids of a conversation, oldest first."""
    return [turn.interaction.id for turn in await store.conversation(id, owner)]


async def page(
    store: InteractionStore,
    owner: str = "ann",
    *,
    limit: int = 100,
    before: str | None = None,
) -> list[str]:
    """The ids of a page of the list."""
    found = await store.list(owner, limit=limit, before=before)
    return [entry.id for entry in found]
