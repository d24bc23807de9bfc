"""Removes media that belong to no interaction: its row was never written.

Every process does it, now and then. It is no harm when two do so at once.
"""

from __future__ import annotations

import asyncio
import logging

from openinteractions.core.errors import DomainError
from openinteractions.engine.attachments.keys import PREFIX, interaction_of
from openinteractions.engine.file_ports import Objects
from openinteractions.engine.ports import Clock
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.engine.sweep import Sweep

TURN_SECONDS = 3600.0
"""Each turn goes through all media that there are."""

GRACE_SECONDS = 3600.0
"""How old they have to be: their row may be about to be written."""

KNOWN_AT_ONCE = 500

log = logging.getLogger(__name__)


class Orphans(Sweep):
    """The sweep of media; it goes on while this async context manager is open."""

    name = "orphans"

    def __init__(
        self, *, store: InteractionStore, objects: Objects, clock: Clock
    ) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock

    async def turn(self) -> None:
        """Remove what there is. What fails is tried again at a later turn."""
        before = self._clock.now() - GRACE_SECONDS
        try:
            old: dict[str, list[str]] = {}
            async for stored in self._objects.list(PREFIX):
                if stored.modified < before:
                    old.setdefault(interaction_of(stored.key), []).append(stored.key)
                if len(old) >= KNOWN_AT_ONCE:
                    await self._remove_unknown(old)
                    old.clear()
            await self._remove_unknown(old)
        except DomainError as error:
            log.warning("media without an interaction are not removed: %s", error)

    async def _remove_unknown(self, old: dict[str, list[str]]) -> None:
        known = set(await self._store.known(old)) if old else set()
        unknown = [key for id, keys in old.items() if id not in known for key in keys]  # noqa: A001
        if unknown:
            log.info("%d media without an interaction are removed", len(unknown))
            await self._objects.delete(unknown)

    async def keep(self) -> None:
        """Go on without an end."""
        while True:
            await self.turn()
            await asyncio.sleep(TURN_SECONDS)
