"""Doing what others ask of the runs of this process.

A wish is noted in the row, and a signal says so at once. Where the signal is lost, the
next sign of life finds the wish (`leases`). Doing twice what is asked does no harm.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from openinteractions.engine.publishing import Publisher
from openinteractions.engine.signal_ports import EventLog, Signal, Signals
from openinteractions.engine.store_ports import Wish
from openinteractions.engine.supervisor import Running, Supervisor

_ASKED = {Signal.CANCEL: Wish.CANCEL, Signal.FOLLOW: Wish.FOLLOW}


class Wishes:
    """What others ask of this process."""

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        log: EventLog,
        signals: Signals,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._supervisor = supervisor
        self._publisher = Publisher(log, signals, sleep=sleep)
        self._signals = signals
        self._expected: dict[str, Wish] = {}
        """What is asked of interactions that are claimed and about to run."""
        signals.listen(self._hear)

    async def close(self) -> None:
        """Do nothing more."""
        await self._publisher.close()

    def expect(self, interaction_id: str, wishes: Wish) -> None:
        """Collect what is asked of an interaction until it runs."""
        self._expected[interaction_id] = wishes

    def forget(self, interaction_id: str) -> None:
        """Collect no more: it will not run."""
        self._expected.pop(interaction_id, None)

    def begin(self, running: Running) -> None:
        """Do what was asked of an interaction that runs now."""
        wishes = self._expected.pop(running.run.interaction.id, Wish.NONE)
        self._do(running, wishes)

    def grant(self, interaction_id: str, wishes: Wish) -> None:
        """Do what is asked of an interaction, now or when it runs."""
        running = self._supervisor.find(interaction_id)
        if running is not None:
            self._do(running, wishes)
        elif interaction_id in self._expected:
            self._expected[interaction_id] |= wishes

    def _hear(self, signal: Signal, interaction_id: str) -> None:
        running = self._supervisor.find(interaction_id)
        if signal is Signal.FOLLOW and running is not None:
            # Some follower may have missed the beginning.
            self._publisher.publish(running, anew=True)
        elif signal in _ASKED:
            self.grant(interaction_id, _ASKED[signal])

    def _do(self, running: Running, wishes: Wish) -> None:
        if wishes & Wish.FOLLOW:
            self._publisher.publish(running)
        if wishes & Wish.CANCEL:
            identifier = running.run.interaction.id
            running.task.add_done_callback(
                lambda _: self._signals.send(Signal.ENDED, identifier)
            )
            running.run.stop()
