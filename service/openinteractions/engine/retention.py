"""Deletes interactions whose time is over.

Any number of processes may do so at once. What continued a deleted one stays, as with
any deletion; files have a time of their own.
"""

from __future__ import annotations

import asyncio
import logging

from openinteractions.core.errors import DomainError
from openinteractions.engine.ports import Clock
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.engine.sweep import Sweep

TURN_SECONDS = 600.0
"""How long after its time an interaction may still be there, and what goes before."""

AT_ONCE = 100

log = logging.getLogger(__name__)


class Retention(Sweep):
    """The sweep. An async context manager; while it is open, it goes on."""

    name = "retention"

    def __init__(
        self,
        *,
        store: InteractionStore,
        clock: Clock,
        ttl_seconds: float,
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ttl_seconds = ttl_seconds
        self._turn_seconds = turn_seconds

    async def turn(self) -> int:
        """Delete what is too old and nobody runs; return how many that were.

        Raises:
            DomainError: the store is out of reach; the rest is left to the next turn.
        """
        before, deleted = self._clock.now() - self._ttl_seconds, 0
        while old := await self._store.aged(before, AT_ONCE):
            gone = [await self._store.delete(one.id, one.owner) for one in old]
            deleted += sum(gone)
            if not any(gone):
                break  # others are at it, or it cannot be done
        return deleted

    async def keep(self) -> None:
        """Go on without an end."""
        while True:
            try:
                deleted = await self.turn()
                if deleted:
                    log.info("%s old interactions were deleted", deleted)
            except DomainError as error:
                log.warning("old interactions are not deleted: %s", error.message)
            except Exception:
                log.exception("old interactions are not deleted")
            await asyncio.sleep(self._turn_seconds)
