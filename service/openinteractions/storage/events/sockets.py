"""Signals between the processes of one machine, over Unix datagrams.

Each process has a socket in a folder that they share, named by the process. Signals of
one turn of the event loop go out together; those for a process whose buffer is full
wait a moment here, each once, and become one `MISSED` when there are too many.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from openinteractions.engine.signal_ports import Listener, Signal
from openinteractions.storage.events.mailbox import Delivery, Mailbox
from openinteractions.storage.events.notes import Note, packed, unpacked

log = logging.getLogger(__name__)

CHECK_SECONDS = 2.0
"""How often a process looks whether its socket is still there."""

FULL_SECONDS = 0.01
"""When a full buffer is tried again."""

DATAGRAM_BYTES = 2000
"""The largest datagram; some systems take no more than 2 KiB."""

MOST_WAITING = 10_000
"""How many signals may wait for one process."""


class SocketSignals:
    """The `Signals` of one process of a machine. Made by `open`."""

    def __init__(
        self, folder: Path, process: str, *, most_waiting: int = MOST_WAITING
    ) -> None:
        self._process = process
        self._most_waiting = most_waiting
        self._mailbox = Mailbox(folder, process, self._receive)
        self._listeners: list[Listener] = []
        self._sent: list[tuple[Signal, str, str | None]] = []
        self._waiting: dict[str, dict[Note, None]] = {}
        self._retry: asyncio.TimerHandle | None = None
        self._check: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False

    @classmethod
    async def open(
        cls,
        folder: Path,
        process: str,
        *,
        check_seconds: float = CHECK_SECONDS,
        most_waiting: int = MOST_WAITING,
    ) -> Self:
        """Take a place in a folder, which is made where it is missing.

        A folder that cannot be used is logged and tried again from time to time.
        """
        self = cls(folder, process, most_waiting=most_waiting)
        self._keep(check_seconds)
        return self

    def send(self, signal: Signal, id: str = "", to: str | None = None) -> None:  # noqa: A002 - the resource's own word
        """Tell a process, or every one; see `Signals.send`."""
        if self._closed:
            return
        if not self._sent:
            self._loop.call_soon(self._hand_over)
        self._sent.append((signal, id, to))

    def listen(self, listener: Listener) -> None:
        """Have a function told of every signal; see `Signals.listen`."""
        self._listeners.append(listener)

    def accept_work(self) -> None:
        """Be among those that work may go to; see `Signals.accept_work`."""
        self._mailbox.mark(accepts_work=True)

    def refuse_work(self) -> None:
        """Be among them no more; see `Signals.refuse_work`."""
        self._mailbox.mark(accepts_work=False)

    async def close(self) -> None:
        """Send what was asked for, as far as it can be, and go away."""
        self._hand_over()
        self._closed = True
        for timer in (self._retry, self._check):
            if timer is not None:
                timer.cancel()
        self._mailbox.close()

    def _hand_over(self) -> None:
        """Send what was asked for in one turn of the loop."""
        sent, self._sent = self._sent, []
        peers = self._mailbox.peers() if sent else []
        for signal, id, to in sent:  # noqa: A001
            if to is not None:
                self._post(to, (signal, id))
            elif signal is Signal.WORK:
                self._offer((signal, id))
            else:
                for peer in {*peers, self._process}:
                    self._post(peer, (signal, id))
        for peer in list(self._waiting):
            self._push(peer)

    def _offer(self, note: Note) -> None:
        """Send work to one that accepts it and is there."""
        workers = self._mailbox.workers()
        random.shuffle(workers)
        for worker in workers:
            if worker == self._process or self._mailbox.reaches(worker):
                self._post(worker, note)
                return

    def _post(self, peer: str, note: Note) -> None:
        if peer == self._process:
            self._tell([note])
            return
        waiting = self._waiting.setdefault(peer, {})
        # The newest place is the right one: who hears it looks at what there is then.
        waiting.pop(note, None)
        waiting[note] = None
        if len(waiting) > self._most_waiting:
            log.warning("process %s does not hear its signals", peer)
            waiting.clear()
            waiting[(Signal.MISSED, "")] = None

    def _push(self, peer: str) -> None:
        """Send a process what waits for it, as far as its buffer goes."""
        waiting = self._waiting[peer]
        while waiting:
            notes, datagram = packed(waiting, DATAGRAM_BYTES)
            delivery = self._mailbox.post(peer, datagram)
            if delivery is Delivery.FULL:
                if self._retry is None and not self._closed:
                    self._retry = self._loop.call_later(FULL_SECONDS, self._push_again)
                return
            if delivery is Delivery.FAILED:
                break
            for note in notes:
                del waiting[note]
        del self._waiting[peer]

    def _push_again(self) -> None:
        self._retry = None
        for peer in list(self._waiting):
            self._push(peer)

    def _receive(self, datagram: bytes) -> None:
        self._tell(unpacked(datagram))

    def _tell(self, notes: Iterable[Note]) -> None:
        for note in notes:
            for listener in self._listeners:
                listener(*note)

    def _keep(self, seconds: float) -> None:
        """Take the place again if it was lost, now and from time to time."""
        if self._mailbox.restore():
            self._tell([(Signal.MISSED, "")])
        self._check = self._loop.call_later(seconds, self._keep, seconds)
