"""Signals that end with the process.

A server that is alone needs no more. Several simulated processes share a `Hub`.
"""

from __future__ import annotations

import asyncio
import random

from openinteractions.engine.signal_ports import Listener, Signal


class Hub:
    """Where the signals of one process, or of simulated ones, meet.

    `chance` chooses whom work goes to.
    """

    def __init__(self, chance: random.Random | None = None) -> None:
        self._members: dict[str, LocalSignals] = {}
        self._chance = chance or random.Random()  # noqa: S311 - nobody gains by guessing

    def join(self, process: str) -> LocalSignals:
        """Return the signals of a process; `close` has it leave."""
        self._members[process] = signals = LocalSignals(process, self)
        return signals

    def leave(self, process: str) -> None:
        """Let nothing more reach a process, as if it had ended."""
        self._members.pop(process, None)

    def pass_on(self, signal: Signal, id: str, to: str | None) -> None:  # noqa: A002 - the resource's own word
        """Let a signal reach whom it is meant for, once the sender has gone on."""
        loop = asyncio.get_running_loop()
        for process in self._receivers(signal, to):
            loop.call_soon(self._deliver, process, signal, id)

    def _receivers(self, signal: Signal, to: str | None) -> list[str]:
        if to is not None:
            return [to]
        if signal is not Signal.WORK:
            return list(self._members)
        ready = [name for name, one in self._members.items() if one.accepts_work]
        return [self._chance.choice(ready)] if ready else []

    def _deliver(self, process: str, signal: Signal, id: str) -> None:  # noqa: A002
        member = self._members.get(process)
        if member is not None:
            member.hear(signal, id)


class LocalSignals:
    """The `Signals` of one process at a hub. Made by `Hub.join`."""

    def __init__(self, process: str, hub: Hub) -> None:
        self._process = process
        self._hub = hub
        self._listeners: list[Listener] = []
        self.accepts_work = False

    def send(self, signal: Signal, id: str = "", to: str | None = None) -> None:  # noqa: A002 - the resource's own word
        """Tell a process, or every one; see `Signals.send`."""
        self._hub.pass_on(signal, id, to)

    def listen(self, listener: Listener) -> None:
        """Have a function told of every signal; see `Signals.listen`."""
        self._listeners.append(listener)

    def accept_work(self) -> None:
        """Be among those that work may go to; see `Signals.accept_work`."""
        self.accepts_work = True

    def refuse_work(self) -> None:
        """Be among them no more; see `Signals.refuse_work`."""
        self.accepts_work = False

    def hear(self, signal: Signal, id: str) -> None:  # noqa: A002
        """Tell the listeners of a signal."""
        for listener in self._listeners:
            listener(signal, id)

    async def close(self) -> None:
        """Hear nothing more."""
        self._hub.leave(self._process)
