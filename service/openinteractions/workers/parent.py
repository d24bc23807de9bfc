"""The parent: starts the workers, hands them connections, replaces those that die.

It takes the ports and brings the store to this version before any worker starts, says
that the server runs once all can serve, and ends when it is told to or when a worker
dies again and again. Who ends it at once ends the workers, too: they watch it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from openinteractions import lifetime
from openinteractions.config import Config, ConfigError
from openinteractions.workers import ports
from openinteractions.workers.acceptor import Acceptor
from openinteractions.workers.lending import Lender
from openinteractions.workers.messages import Leaving, Ready, Start, Stop, Up, Wanted
from openinteractions.workers.process import Worker
from openinteractions.workers.restarts import STEADY_SECONDS, Restarts

SLACK_SECONDS = 5.0
"""How much longer than their grace workers may take to end."""

log = logging.getLogger(__name__)


class LostWorkersError(Exception):
    """A worker died so often that another start is hopeless."""


class Parent:
    """The workers of a configuration, whose addresses are final."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lender = Lender(config.endpoints)
        self._acceptor = Acceptor()
        self._workers: dict[int, Worker] = {}
        """Those that live, by number."""
        self._up = {number: asyncio.Event() for number in _numbers(config)}
        self._ready = False
        self._stopping = False

    async def serve(self, http: Sequence[ports.Socket], line: str) -> None:
        """Serve until a signal; `line` is printed when all workers are ready.

        Raises:
            ConfigError: a worker says that it cannot serve.
            LostWorkersError: a worker dies again and again.
        """
        stop = asyncio.ensure_future(lifetime.stop_on_signal().wait())
        keepers = [asyncio.create_task(self._keep(number)) for number in self._up]
        up = asyncio.gather(*(event.wait() for event in self._up.values()))
        waits: list[asyncio.Future[Any]] = [stop, up, *keepers]
        try:
            await _first(up, stop, *keepers)
            if not stop.done():
                self._begin(http)
                print(line, flush=True)
                try:
                    await _first(stop, *keepers)
                finally:
                    await self._finish(keepers)
        finally:
            # Where something went wrong nothing is waited for.
            for worker in self._workers.values():
                worker.kill()
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
            await self._lender.close()

    def _begin(self, http: Sequence[ports.Socket]) -> None:
        self._ready = True
        for worker in self._workers.values():
            worker.line.say(Ready())
        self._acceptor.start(http)

    async def _finish(self, keepers: Sequence[asyncio.Task[None]]) -> None:
        """Have the workers end, and wait for them."""
        self._stopping = True
        self._acceptor.close()
        for worker in self._workers.values():
            worker.line.say(Stop())
        grace = self._config.server.shutdown_grace_seconds + SLACK_SECONDS
        _, late = await asyncio.wait(keepers, timeout=grace)
        if late:
            log.warning("%d workers have not ended in time and are killed", len(late))

    async def _keep(self, number: int) -> None:
        """Have a worker with this number run until the server stops."""
        restarts = Restarts()
        while not self._stopping:
            worker = await Worker.start(Start(number, self._config))
            self._workers[number] = worker
            if self._stopping:
                worker.line.say(Stop())
            try:
                await self._listen(number, worker)
                how = await worker.end()
            finally:
                self._acceptor.remove(worker)
                del self._workers[number]
            if self._stopping:
                return
            if worker.problem and (worker.is_up or not self._ready):
                # One that is up says so of a store that all of them waited for.
                raise ConfigError(worker.problem)
            if not self._ready:
                raise LostWorkersError(f"worker {number} {how} before it could serve")
            log.warning("worker %d (process %d) %s", number, worker.pid, how)
            delay = restarts.delay(worker.served_seconds)
            if delay is None:
                raise LostWorkersError(
                    f"worker {number} {how}, and {restarts.early} before it did not "
                    f"serve for {STEADY_SECONDS:g} s either"
                )
            await asyncio.sleep(delay)

    async def _listen(self, number: int, worker: Worker) -> None:
        """Do what a worker says until it says nothing any more."""
        while (message := await worker.hear()) is not None:
            match message:
                case Up():
                    worker.mark_up()
                    self._up[number].set()
                    if self._ready:
                        worker.line.say(Ready())
                        log.info("worker %d is process %d", number, worker.pid)
                    if not self._stopping:
                        self._acceptor.add(worker)
                case Wanted(endpoint):
                    self._lender.lend(endpoint, worker.line)
                case Leaving():
                    self._acceptor.remove(worker)


def _numbers(config: Config) -> range:
    return range(1, config.server.workers + 1)


async def _first(*tasks: asyncio.Future[Any]) -> None:
    """Wait until one of them is done, and raise its error if it has one."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
