"""Signals between machines: messages that NATS passes on and nobody keeps.

One subject for all, one for each process, and one for work, which reaches one of those
that listen there. Signals of one turn of the event loop go out together.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Self

from nats.aio.msg import Msg

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.signal_ports import Listener, Signal
from openinteractions.storage.events.nats.connection import Connection, Subscription
from openinteractions.storage.events.notes import Note, packed, unpacked

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
"""How many signals may wait to go out."""

MESSAGE_BYTES = 64 * 1024


class NatsSignals:
    """The `Signals` of one process. Made by `open`.

    A message begins with the process that sent it, on a line of its own.
    """

    def __init__(self, connection: Connection, process: str, prefix: str) -> None:
        self._connection = connection
        self._process = process
        self._to = f"{prefix}.to."
        self._all = f"{prefix}.all"
        self._work = f"{prefix}.work"
        self._listeners: list[Listener] = []
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[tuple[str, Note], None] = {}
        self._news = asyncio.Event()
        self._accepts_work = False
        self._subscriptions: list[Subscription] = []
        self._works: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, connection: Connection, process: str, prefix: str) -> Self:
        """Listen to what is said to a process; `prefix` begins all subjects.

        Others can reach it when this returns, if there is a server.
        """
        self = cls(connection, process, prefix)
        for subject in (self._all, self._to + process):
            subscription = connection.subscription(subject, self._hear)
            self._subscriptions.append(subscription)
            await connection.begin(subscription)
        await connection.settle()
        connection.on_connect(self._return)
        self._task = asyncio.create_task(self._run(), name="signals")
        return self

    def send(self, signal: Signal, id: str = "", to: str | None = None) -> None:  # noqa: A002 - the resource's own word
        """Tell a process, or every one; see `Signals.send`."""
        note = signal, id
        if to == self._process:
            self._loop.call_soon(self._tell, note)
        elif to is not None:
            self._post(self._to + to, note)
        elif signal is not Signal.WORK:
            self._loop.call_soon(self._tell, note)
            self._post(self._all, note)
        elif self._connection.is_there:
            self._post(self._work, note)
        elif self._accepts_work:
            self._loop.call_soon(self._tell, note)

    def listen(self, listener: Listener) -> None:
        """Have a function told of every signal; see `Signals.listen`."""
        self._listeners.append(listener)

    def accept_work(self) -> None:
        """Be among those that work may go to; see `Signals.accept_work`."""
        self._accepts_work = True
        self._news.set()

    def refuse_work(self) -> None:
        """Be among them no more; see `Signals.refuse_work`."""
        self._accepts_work = False
        self._news.set()

    async def close(self) -> None:
        """Send what was asked for, if there is a server, and hear nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._accepts_work = False
        await self._send_waiting()
        await self._listen_for_work()
        for subscription in self._subscriptions:
            await subscription.close()

    def _post(self, subject: str, note: Note) -> None:
        # Nothing is kept for a server that is not there; who was away is told so.
        if self._connection.is_there and len(self._waiting) < MOST_WAITING:
            self._waiting[subject, note] = None
            self._news.set()

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._listen_for_work()
            await self._send_waiting()

    async def _listen_for_work(self) -> None:
        if self._accepts_work and self._works is None:
            self._works = self._connection.subscription(
                self._work, self._hear_of_work, queue="work"
            )
            await self._connection.begin(self._works)
        elif self._works is not None and not self._accepts_work:
            works, self._works = self._works, None
            await works.close()

    async def _send_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        by_subject: dict[str, dict[Note, None]] = {}
        for subject, note in waiting:
            by_subject.setdefault(subject, {})[note] = None
        for subject, notes in by_subject.items():
            while notes:
                sent, message = packed(notes, MESSAGE_BYTES)
                await self._publish(subject, message)
                for note in sent:
                    del notes[note]

    async def _publish(self, subject: str, message: bytes) -> None:
        with contextlib.suppress(UnavailableError):
            payload = self._process.encode() + b"\n" + message
            await self._connection.publish(subject, payload)

    def _hear(self, message: Msg) -> None:
        sender, _, text = message.data.partition(b"\n")
        if sender != self._process.encode():
            for note in unpacked(text):
                self._tell(note)

    def _hear_of_work(self, message: Msg) -> None:
        _, _, text = message.data.partition(b"\n")
        for note in unpacked(text):
            self._tell(note)

    def _return(self) -> None:
        self._loop.call_soon(self._tell, (Signal.MISSED, ""))

    def _tell(self, note: Note) -> None:
        for listener in self._listeners:
            listener(*note)
