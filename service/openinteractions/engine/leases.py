"""Keeps the claims of this process alive, and ends what has lost its process.

The row is the only truth of who runs an interaction (design §7): it is believed as
long as its process gives signs of life. One that is believed no more has lost its
process, and becomes `failed`, so that nobody waits for it for ever.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from openinteractions.core.errors import DomainError, InternalError, to_error
from openinteractions.engine.ports import Clock
from openinteractions.engine.store_ports import Claimed, InteractionStore
from openinteractions.engine.supervisor import LEASE_SECONDS, Supervisor
from openinteractions.v1 import interaction_pb2

RENEWALS_PER_LEASE = 3
CLAIMED_AT_ONCE = 100
LOST = "The process that ran the interaction has stopped."

log = logging.getLogger(__name__)


class Leases:
    """The signs of life of this process, and the sweep for what others have lost.

    An async context manager; while it is open, both go on.
    """

    def __init__(
        self, *, store: InteractionStore, supervisor: Supervisor, clock: Clock
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._strays: dict[str, int] = {}
        """What was claimed and did not run when last looked at."""

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
        """Give a sign of life, and end what has lost its process.

        A store that is out of reach is tried again at the next turn.
        """
        try:
            await self._renew()
            while claimed := await self._store.claim(
                self._supervisor.lease, CLAIMED_AT_ONCE
            ):
                for one in claimed:
                    await self._fail(one)
        except DomainError as error:
            log.warning("claims are not kept: %s", error.message)

    async def _renew(self) -> None:
        """Give a sign of life, and give back what a call that failed has claimed."""
        lease = self._supervisor.lease
        renewed = await self._store.renew(lease)
        running = set(self._supervisor.ids())
        idle = {id: epoch for id, epoch in renewed.held.items() if id not in running}  # noqa: A001 - the resource's own word
        # What is claimed just now may not run yet.
        strays = dict(idle.items() & self._strays.items())
        self._strays = idle
        if strays:
            await self._store.release(lease.process, strays)

    async def _fail(self, claimed: Claimed) -> None:
        interaction = claimed.record.interaction
        interaction.status = interaction_pb2.InteractionStatus.INTERACTION_STATUS_FAILED
        interaction.errors.append(to_error(InternalError(LOST)))
        interaction.updated.Clear()
        interaction.updated.FromSeconds(int(self._clock.now()))
        if await self._store.update(claimed.record, claimed.epoch):
            log.warning(
                "interaction %s has lost its process, and failed", interaction.id
            )

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / RENEWALS_PER_LEASE)
            await self.turn()
