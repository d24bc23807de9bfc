"""Who runs what, in a dictionary of this process: claims, the queue, signs of life.

The rules only: `memory` has the interactions, and finds the runs for callers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from openinteractions.core.errors import QueueFullError
from openinteractions.engine.store_ports import Holder, Lease, Place, Renewed, Wish
from openinteractions.storage.entries import FULL


@dataclass(slots=True)
class Run:
    """What has not ended."""

    epoch: int = 0
    process: str | None = None
    """Who runs it; None: it waits, or another server makes it."""
    deadline: float = 0.0
    """Until when the process does so in any case."""
    turn: int | None = None
    """Its turn while it waits."""
    caller: str = ""
    wishes: Wish = Wish.NONE
    losses: int = 0


class Runs:
    """All that has not ended, by id, in the order in which it was added."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._runs: dict[str, Run] = {}
        self._processes: dict[str, float] = {}

    def begin(self, id: str, lease: Lease | None, place: Place | None) -> None:  # noqa: A002 - the resource's own word
        """Add one.

        Raises:
            QueueFullError: too much waits already.
        """
        run = Run()
        if lease is not None:
            run = Run(1, lease.process, self._now() + lease.seconds)
        elif place is not None:
            if self.waiting() >= place.limit:
                raise QueueFullError(FULL)
            run = Run(turn=self._turn(place.caller), caller=place.caller)
        self._runs[id] = run

    def find(self, id: str) -> Run | None:  # noqa: A002
        """Return one that has not ended."""
        return self._runs.get(id)

    def is_somebodys(self, id: str) -> bool:  # noqa: A002
        """Say whether one is claimed or waits."""
        run = self._runs.get(id)
        return run is not None and (run.process is not None or run.turn is not None)

    def end(self, id: str) -> None:  # noqa: A002
        """Forget one, if it is there."""
        self._runs.pop(id, None)

    def waiting(self) -> int:
        """Return how many wait."""
        return sum(run.turn is not None for run in self._runs.values())

    def renew(self, lease: Lease) -> Renewed:
        """Give a process's sign of life."""
        self._processes[lease.process] = self._now() + lease.seconds
        own = {
            id: run
            for id, run in self._runs.items()  # noqa: A001
            if run.process == lease.process
        }
        return Renewed(
            {id: run.epoch for id, run in own.items()},  # noqa: A001
            {id: run.wishes for id, run in own.items() if run.wishes},  # noqa: A001
        )

    def claimable(self) -> list[str]:
        """Return what may be claimed, in the order in which it is."""
        waiting = [
            (run.turn, place, id)
            for place, (id, run) in enumerate(self._runs.items())  # noqa: A001
            if run.turn is not None
        ]
        lost = [id for id, run in self._runs.items() if self.is_lost(run)]  # noqa: A001
        return lost + [id for _, _, id in sorted(waiting)]  # noqa: A001

    def take(self, ids: Iterable[str], lease: Lease) -> None:
        """Claim some."""
        for run in map(self._runs.__getitem__, ids):
            run.losses += run.process is not None
            run.epoch += 1
            run.process, run.turn = lease.process, None
            run.deadline = self._now() + lease.seconds

    def release(self, process: str, epochs: Mapping[str, int]) -> None:
        """Give some back: they come first."""
        for id, epoch in epochs.items():  # noqa: A001
            run = self._runs.get(id)
            if run is not None and (run.process, run.epoch) == (process, epoch):
                run.process, run.turn = None, 0

    def is_lost(self, run: Run) -> bool:
        """Say whether nobody gives a sign of life for one."""
        if run.process is None:
            return False
        renewed = self._processes.get(run.process, 0.0)
        return max(run.deadline, renewed) <= self._now()

    def holder(self, run: Run) -> Holder:
        """Say who runs one."""
        return Holder(run.process, self.is_lost(run))

    def clear(self) -> None:
        """Forget everything."""
        self._runs.clear()
        self._processes.clear()

    def _turn(self, caller: str) -> int:
        waiting = [run for run in self._runs.values() if run.turn is not None]
        first = min((run.turn or 0 for run in waiting), default=0)
        own = max((run.turn or 0 for run in waiting if run.caller == caller), default=0)
        return 1 + max(first, own)
