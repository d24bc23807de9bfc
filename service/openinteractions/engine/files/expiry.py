"""Removes what has expired, and bytes that belong to nobody.

Rows go first, then the bytes: a process that dies in between leaves bytes without a
row, which a later turn of any process finds.
"""

from __future__ import annotations

import asyncio
import logging

from openinteractions.core.errors import DomainError
from openinteractions.engine.file_ports import FileStore, Objects
from openinteractions.engine.files.resource import PREFIX, object_key
from openinteractions.engine.ports import Clock
from openinteractions.engine.sweep import Sweep

TURN_SECONDS = 60.0
TURNS_PER_SEARCH = 60
"""Looking for bytes without a row goes through all of them."""

GRACE_SECONDS = 3600.0
"""How old bytes without a row have to be: their row may be about to be written."""

KNOWN_AT_ONCE = 500

log = logging.getLogger(__name__)


class Expiry(Sweep):
    """The sweep of files; it goes on while this async context manager is open."""

    name = "expiry of files"

    def __init__(self, *, store: FileStore, objects: Objects, clock: Clock) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock

    async def turn(self) -> None:
        """Remove what has expired. What fails is tried again at a later turn."""
        try:
            while ids := await self._store.expire(self._clock.now()):
                await self._objects.delete([object_key(id) for id in ids])  # noqa: A001
        except DomainError as error:
            log.warning("expired files are not removed: %s", error.message)

    async def search(self) -> None:
        """Remove bytes that have been without a row for long."""
        try:
            before = self._clock.now() - GRACE_SECONDS
            old: set[str] = set()
            async for stored in self._objects.list(PREFIX):
                if stored.modified < before:
                    old.add(stored.key.removeprefix(PREFIX))
                if len(old) >= KNOWN_AT_ONCE:
                    await self._remove_unknown(old)
                    old.clear()
            await self._remove_unknown(old)
        except DomainError as error:
            log.warning("bytes without a file are not removed: %s", error.message)

    async def _remove_unknown(self, ids: set[str]) -> None:
        unknown = ids - set(await self._store.known(ids))
        if unknown:
            log.info("%d objects without a file are removed", len(unknown))
            await self._objects.delete([object_key(id) for id in unknown])  # noqa: A001

    async def keep(self) -> None:
        """Go on without an end."""
        while True:
            await self.search()
            for _ in range(TURNS_PER_SEARCH):
                await self.turn()
                await asyncio.sleep(TURN_SECONDS)
