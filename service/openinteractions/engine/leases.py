"""Keeps the claims of this process alive, and finds out what has become of them.

The row is the only truth of who runs an interaction (design §7): a process is believed
as long as it gives signs of life. With each it learns what it has lost to others, what
is asked of it, and what it holds without knowing. Then what others have lost is looked
for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Self

from openinteractions.core.errors import DomainError, UnavailableError
from openinteractions.engine.store_ports import InteractionStore, Renewed, Wish
from openinteractions.engine.supervisor import Supervisor
from openinteractions.engine.sweep import Sweep

RENEWALS_PER_LEASE = 3

log = logging.getLogger(__name__)


class Leases(Sweep):
    """The signs of life of this process.

    An async context manager; while it is open, they go on. What is still claimed at
    its end is lost in time.

    Args:
        store: has the rows.
        supervisor: has the runs.
        grant: does what is asked of a run.
        sweep: has what others have lost claimed.
    """

    name = "leases"

    def __init__(
        self,
        *,
        store: InteractionStore,
        supervisor: Supervisor,
        grant: Callable[[str, Wish], None],
        sweep: Callable[[], None],
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._grant = grant
        self._sweep = sweep
        self._strays: dict[str, int] = {}
        """What was claimed and did not run when last looked at."""
        self._renewed_at = float("-inf")

    async def __aenter__(self) -> Self:
        """Give a sign of life, and go on in the background."""
        await self.turn()
        return await super().__aenter__()

    async def keep_fresh(self) -> None:
        """Give a sign of life if the last one is old, for claims are about to be made.

        A process that was held up for long would take its own runs for lost.

        Raises:
            DomainError: the store is out of reach.
        """
        age = asyncio.get_running_loop().time() - self._renewed_at
        if age > self._supervisor.lease.seconds / 2:
            await self._renew()

    async def turn(self) -> None:
        """Give a sign of life, and do what that brings to light.

        A store that is out of reach is tried again at the next turn.
        """
        try:
            await self._give_back(await self._renew())
        except DomainError as error:
            log.warning("claims are not kept: %s", error.message)
        except Exception:
            log.exception("claims are not kept")
        self._sweep()

    async def _renew(self) -> Renewed:
        before, began = self._supervisor.held(), asyncio.get_running_loop().time()
        renewed = await self._store.renew(self._supervisor.lease)
        self._renewed_at = began
        for name, epoch in before.items():
            running = self._supervisor.find(name)
            if running is not None and renewed.held.get(name) != epoch:
                # It may have ended meanwhile; then this changes nothing.
                log.warning("interaction %s was claimed by another process", name)
                running.run.leave(UnavailableError("Its process has lost it."))
        for name, wishes in renewed.wishes.items():
            self._grant(name, wishes)
        return renewed

    async def _give_back(self, renewed: Renewed) -> None:
        """Give back what is held without anything here running it."""
        idle = {
            name: epoch
            for name, epoch in renewed.held.items()
            if self._supervisor.find(name) is None
        }
        # What is claimed just now may not run yet.
        strays = dict(idle.items() & self._strays.items())
        self._strays = idle
        if strays:
            await self._store.release(self._supervisor.lease.process, strays)

    async def keep(self) -> None:
        """Go on without an end."""
        while True:
            await asyncio.sleep(self._supervisor.lease.seconds / RENEWALS_PER_LEASE)
            await self.turn()
