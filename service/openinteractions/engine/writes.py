"""Writing the row of a run: a new one, and one that this process has claimed.

What has been said is in memory until it is written, so a store that is out of reach is
tried again. A write that is refused is the word that the claim is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from openinteractions.core.errors import InternalError, UnavailableError
from openinteractions.engine.store_ports import InteractionStore, Record

RETRY_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
"""The pauses between tries."""

_log = logging.getLogger(__name__)


class HandedOverError(Exception):
    """Others go on with the interaction: nothing more is to be said of it here."""


class DeletedError(InternalError):
    """The interaction is not there any more."""


async def finished(write: Coroutine[Any, Any, None]) -> None:
    """Await a write to its end, also when this is broken off.

    What is on its way to the store arrives all the same: who would take it back has to
    wait for it.
    """
    writing = asyncio.create_task(write)
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.gather(writing, return_exceptions=True)
        raise


async def update(
    store: InteractionStore,
    record: Record,
    epoch: int,
    *,
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Replace the row.

    Raises:
        HandedOverError: another has claimed the interaction since, or ended it.
        DeletedError: it was deleted.
        DomainError: the store cannot do it, or is out of reach for long.
    """
    for pause in (*RETRY_SECONDS, None):
        try:
            if await store.update(record, epoch):
                return
            there = await store.get(record.interaction.id, record.owner, media=False)
            break
        except UnavailableError as error:
            if pause is None:
                raise
            _log.warning(
                "interaction %s is not stored yet: %s",
                record.interaction.id,
                error.message,
            )
            await sleep(pause)
    if there is None:
        raise DeletedError("The interaction was deleted while it ran.")
    raise HandedOverError
