"""The log that forgets: live events in a dictionary of this process.

For tests and simulations; the simulated processes share one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator

from openinteractions.engine.signal_ports import Batch, LogGapError
from openinteractions.storage.events.succession import Succession, Verdict, place
from openinteractions.storage.events.wakes import Wakes


class MemoryLog:
    """An `EventLog` that is gone with the process."""

    def __init__(self) -> None:
        self._logs: dict[str, list[Batch]] = {}
        """The batches of each interaction from the newest whole one on."""
        self._wakes = Wakes()

    async def append(self, id: str, batch: Batch) -> None:  # noqa: A002 - the resource's own word
        """Add a batch; see `EventLog.append`."""
        log = self._logs.setdefault(id, [])
        if log and place(batch) <= place(log[-1]):
            return
        if batch.whole:
            log.clear()
        log.append(batch)
        self._wakes.wake(id)

    async def follow(self, id: str) -> AsyncIterator[Batch]:  # noqa: A002
        """Yield what is there and what comes; see `EventLog.follow`."""
        succession = Succession()
        with self._wakes.watch(id) as grown:
            while True:
                grown.clear()
                log = self._logs.get(id, [])
                index = bisect_right(log, succession.place, key=place)
                if index == len(log):
                    await grown.wait()
                    continue
                batch = log[index]
                if succession.judge(batch) is Verdict.GAP:
                    raise LogGapError(id)
                yield batch

    async def trim(self, id: str) -> None:  # noqa: A002
        """Forget a log; see `EventLog.trim`."""
        self._logs.pop(id, None)
