"""Telling other processes what runs here, for those who read it there.

A run is logged once somebody has asked for it, from its first event on, and then to its
end. The log is one more reader of the run's journal: it never holds the run up, and a
slow one gets fewer and larger batches.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from openinteractions.core.errors import DomainError, UnavailableError
from openinteractions.engine.signal_ports import Batch, EventLog, Signal, Signals
from openinteractions.engine.supervisor import Running
from openinteractions.engine.writes import HandedOverError

WHOLE_EVERY = 1000
"""How many batches a log has before it begins anew, so that it stays short."""

AGAIN_SECONDS = 0.5
"""How long after a failure of the log it is tried again."""

TRIM_SECONDS = 30.0
"""How long the log stays after the end, for followers that are behind."""

log = logging.getLogger(__name__)


class Publisher:
    """The runs of this process that are being logged."""

    def __init__(
        self,
        events: EventLog,
        signals: Signals,
        *,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._log = events
        self._signals = signals
        self._sleep = sleep
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._numbers: dict[str, int] = {}
        """Of the batches that were appended last, by interaction."""

    def publish(self, running: Running, *, anew: bool = False) -> None:
        """Log a run, unless it is being logged; `anew`: with all of it once more."""
        identifier = running.run.interaction.id
        task = self._tasks.get(identifier)
        if task is not None:
            if not anew:
                return
            task.cancel()
        task = self._tasks[identifier] = asyncio.get_running_loop().create_task(
            self._keep(identifier, running), name=f"log of {identifier}"
        )
        task.add_done_callback(functools.partial(self._forget, identifier))

    def _forget(self, identifier: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(identifier) is task:
            del self._tasks[identifier]
            self._numbers.pop(identifier, None)

    async def close(self) -> None:
        """Stop; logs that are not trimmed go away by themselves."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, identifier: str, running: Running) -> None:
        try:
            await self._write(identifier, running)
        except HandedOverError:
            return  # whoever has claimed it goes on with the log
        except DomainError as error:
            # That is how the interaction ended, too: its row says so.
            log.info("interaction %s was logged up to: %s", identifier, error.message)
        self._signals.send(Signal.ENDED, identifier)
        await self._sleep(TRIM_SECONDS)
        try:
            await self._log.trim(identifier)
        except UnavailableError as error:
            log.info("the log of %s is not trimmed: %s", identifier, error.message)

    async def _write(self, identifier: str, running: Running) -> None:
        while True:
            whole = True
            tail = running.journal.tail()
            try:
                async with aclosing(tail):  # type: ignore[type-var]
                    async for events in tail:
                        number = self._numbers.get(identifier, 0) + 1
                        self._numbers[identifier] = number
                        said = [event.SerializeToString() for event in events]
                        batch = Batch(running.run.epoch, number, whole, said)
                        await self._log.append(identifier, batch)
                        whole = False
                        if number % WHOLE_EVERY == 0:
                            break
                    else:
                        return
            except UnavailableError as error:
                log.warning("%s cannot be logged: %s", identifier, error.message)
                await self._sleep(AGAIN_SECONDS)
