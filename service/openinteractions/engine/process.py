"""What a process that runs interactions is made of, joined and watched over.

Where there are other processes, `signals` and `log` lead to them; all else is the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self

from openinteractions.core.errors import DomainError
from openinteractions.engine.background import Background, Limits, Resume
from openinteractions.engine.elsewhere import Elsewhere
from openinteractions.engine.leases import Leases
from openinteractions.engine.plan import Planner
from openinteractions.engine.ports import Clock
from openinteractions.engine.signal_ports import EventLog, Signals
from openinteractions.engine.store_ports import InteractionStore
from openinteractions.engine.supervisor import Supervisor
from openinteractions.engine.wishes import Wishes

GIVING_BACK_SECONDS = 2.0
"""How long a process that ends waits for a store that does not answer."""


class Process:
    """One process's part in running interactions.

    `resume` makes the runs of what was claimed; by default it is the planner's.
    """

    def __init__(
        self,
        *,
        planner: Planner,
        store: InteractionStore,
        supervisor: Supervisor,
        signals: Signals,
        log: EventLog,
        clock: Clock,
        resume: Resume | None = None,
        limits: Limits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._wishes = Wishes(
            supervisor=supervisor, log=log, signals=signals, sleep=sleep
        )
        self.leases = Leases(
            store=store,
            supervisor=supervisor,
            grant=self._wishes.grant,
            sweep=self.sweep,
        )
        self.background = Background(
            planner=planner,
            store=store,
            supervisor=supervisor,
            wishes=self._wishes,
            signals=signals,
            fresh=self.leases.keep_fresh,
            clock=clock,
            resume=resume,
            limits=limits,
        )
        self.elsewhere = Elsewhere(
            store=store, supervisor=supervisor, log=log, signals=signals, clock=clock
        )

    def sweep(self) -> None:
        """Have what waits or was lost claimed."""
        self.background.wake()

    async def __aenter__(self) -> Self:
        """Begin to give signs of life, and to claim what waits or was lost."""
        await self.leases.__aenter__()
        self.background.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all of that; runs that are still there are lost to others in time."""
        await self.background.close()
        await self.leases.__aexit__(None, None, None)
        await self._wishes.close()

    async def hand_over(self, grace_seconds: float) -> None:
        """Let what runs finish for a while, and leave the rest to other processes."""
        await self.background.close()
        await self._supervisor.leave_background()
        await self._give_back()
        await self._supervisor.close(grace_seconds)
        self.elsewhere.close()
        # Some were left only now, and a call may have claimed more meanwhile.
        await self._give_back()

    async def _give_back(self) -> None:
        """Give back what this process has claimed and does not run, as the store says.

        It may have claimed what it was not told of. What cannot be given back is lost
        in time, to the same end.
        """
        lease = self._supervisor.lease
        with contextlib.suppress(DomainError, TimeoutError):
            async with asyncio.timeout(GIVING_BACK_SECONDS):
                held = (await self._store.renew(lease)).held
                left = {
                    name: epoch
                    for name, epoch in held.items()
                    if self._supervisor.find(name) is None
                }
                if left:
                    await self._store.release(lease.process, left)
