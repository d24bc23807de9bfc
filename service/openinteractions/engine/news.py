"""Waiting in this process for what other processes signal about interactions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from openinteractions.engine.signal_ports import Signal, Signals


class News:
    """Tells whoever waits that there is something new about an interaction."""

    def __init__(self, signals: Signals) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        signals.listen(self._hear)

    @contextmanager
    def watch(self, interaction_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set when the interaction may have ended."""
        event = asyncio.Event()
        waiting = self._waiting.setdefault(interaction_id, set())
        waiting.add(event)
        try:
            yield event
        finally:
            waiting.discard(event)
            if not waiting and self._waiting.get(interaction_id) is waiting:
                del self._waiting[interaction_id]

    def _hear(self, signal: Signal, interaction_id: str) -> None:
        if signal is Signal.ENDED:
            for event in self._waiting.get(interaction_id, ()):
                event.set()
        elif signal is Signal.MISSED:
            for waiting in self._waiting.values():
                for event in waiting:
                    event.set()
