"""Removes what has expired, and bytes that belong to nobody.

Rows go first, then the bytes: a process that dies in between leaves bytes without a
row, which a later turn of any process finds.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from openinteractions.core.errors import DomainError
from openinteractions.engine.file_ports import FileStore, Objects
from openinteractions.engine.files.resource import PREFIX, object_key
from openinteractions.engine.ports import Clock

TURN_SECONDS = 60.0
TURNS_PER_SEARCH = 60
"""Looking for bytes without a row goes through all of them."""

GRACE_SECONDS = 3600.0
"""How old bytes without a row have to be: their row may be about to be written."""

KNOWN_AT_ONCE = 500

log = logging.getLogger(__name__)


class Expiry:
    """The sweep of files; it goes on while this async context manager is open."""

    def __init__(self, *, store: FileStore, objects: Objects, clock: Clock) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Go on in the background, at once."""
        self._task = asyncio.create_task(self._keep(), name="expiry of files")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; what is left is found by whoever sweeps next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

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

    async def _keep(self) -> None:
        while True:
            await self.search()
            for _ in range(TURNS_PER_SEARCH):
                await self.turn()
                await asyncio.sleep(TURN_SECONDS)
