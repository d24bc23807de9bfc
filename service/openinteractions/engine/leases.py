"""Keeps the rows of running interactions alive, and ends those that nobody keeps.

The row is the only truth of who runs an interaction (design §7): it is believed until
its deadline, which the process that runs it moves on. One whose deadline has passed
has lost its process, and becomes `failed`, so that nobody waits for it for ever.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from openinteractions.core.errors import DomainError, InternalError, to_error
from openinteractions.engine.ports import Clock, InteractionStore
from openinteractions.engine.run import DEADLINE_SECONDS
from openinteractions.engine.supervisor import Supervisor

RENEWALS_PER_DEADLINE = 3
LOST = "The process that ran the interaction has stopped."

log = logging.getLogger(__name__)


class Leases:
    """The deadlines of this process's runs, and the sweep for those of others.

    An async context manager; while it is open, deadlines are renewed and swept.
    """

    def __init__(
        self, *, store: InteractionStore, supervisor: Supervisor, clock: Clock
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Sweep once, and go on in the background."""
        await self.turn()
        self._task = asyncio.create_task(self._keep(), name="leases")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; rows that still run are ended by whoever sweeps next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def turn(self) -> None:
        """Move the deadlines of this process's runs, and end rows that lost theirs.

        A store that is out of reach is tried again at the next turn.
        """
        now = self._clock.now()
        try:
            ids = self._supervisor.ids()
            if ids:
                await self._store.renew(ids, now + DEADLINE_SECONDS)
            lost = await self._store.expire(now, to_error(InternalError(LOST)))
        except DomainError as error:
            log.warning("deadlines are not kept: %s", error.message)
            return
        for identifier in lost:
            log.warning("interaction %s has lost its process and failed", identifier)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(DEADLINE_SECONDS / RENEWALS_PER_DEADLINE)
            await self.turn()
