"""The log between machines: live events in a JetStream stream.

Followers subscribe first and read from the stream what was appended before; from then
on they read only when something is missing, after a reconnection for example. A
writer that has lost its claim can still append, to the subject of its own epoch:
followers are never given what it appends after they have seen a newer epoch.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.signal_ports import Batch, LogGapError
from openinteractions.storage.events.nats.feed import Feeds, Inbox
from openinteractions.storage.events.nats.parts import Assembly, cut
from openinteractions.storage.events.nats.stream import Stream
from openinteractions.storage.events.succession import Succession, Verdict
from openinteractions.storage.events.wakes import ring

APPEND_SECONDS = 5.0
"""How long appending a batch may take."""

LOOKS = (0.25, 0.5, 1.0, 2.0)
"""After which silence a follower looks into the stream, at first: servers of a cluster
learn one after the other that it is there."""

LOOK_SECONDS = 5.0
"""After which silence it does so later."""

UNREACHABLE_SECONDS = 0.5
"""When it looks again into a stream that is out of reach."""

MISSING = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""When it looks again for what is missing: a server may not have it yet."""


class NatsLog:
    """An `EventLog` in a JetStream stream."""

    def __init__(self, stream: Stream, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._stream = stream
        self._feeds = Feeds(stream.connection)
        self._look_seconds = look_seconds

    async def append(self, id: str, batch: Batch) -> None:  # noqa: A002 - the resource's own word
        """Add a batch; see `EventLog.append`."""
        stream = self._stream
        parts = cut(batch, stream.part_bytes)
        subject = stream.subject(id, batch.epoch)
        try:
            async with asyncio.timeout(APPEND_SECONDS):
                await stream.append(subject, parts, anew=batch.whole)
        except TimeoutError:
            raise UnavailableError("The log of live events is too slow.") from None

    async def follow(self, id: str) -> AsyncIterator[Batch]:  # noqa: A002
        """Yield what is there and what comes; see `EventLog.follow`."""
        subject = self._stream.subject(id)
        inbox = self._feeds.join(subject)
        try:
            await self._feeds.begin(subject)
            follower = _Follower(self._stream, id, inbox, self._look_seconds)
            while True:
                yield await follower.next()
        finally:
            await self._feeds.leave(subject, inbox)

    async def trim(self, id: str) -> None:  # noqa: A002
        """Forget a log; see `EventLog.trim`."""
        await self._stream.cut(self._stream.subject(id))


class _Follower:
    """How far somebody has come who follows a log."""

    def __init__(
        self,
        stream: Stream,
        id: str,  # noqa: A002
        inbox: Inbox,
        look_seconds: float,
    ) -> None:
        self._stream = stream
        self._id = id
        self._inbox = inbox
        self._look_seconds = look_seconds
        self._succession = Succession()
        self._page: deque[bytes] = deque()
        self._assembly = Assembly()
        self._read = 0
        """The place of the last message that was read from the stream."""
        self._looks = 0
        self._missed = 0

    async def next(self) -> Batch:
        """Return the next batch."""
        while True:
            past = bool(self._page)
            batch = self._past() if past else await self._present()
            if batch is None:
                continue
            verdict = self._succession.judge(batch)
            if verdict is Verdict.NEXT:
                self._missed = 0
                return batch
            if verdict is Verdict.GAP:
                if past:
                    raise LogGapError(self._id)
                await self._miss()

    def _past(self) -> Batch | None:
        """Return a batch that was read, if a message ends one."""
        return self._assembly.add(self._page.popleft())

    async def _present(self) -> Batch | None:
        """Return a batch that was just appended, or see to it that there is one."""
        inbox = self._inbox
        if inbox.behind:
            await self._turn()
            return None
        inbox.news.clear()
        batch = inbox.take()
        if batch is None:
            looks = self._looks
            silence = LOOKS[looks] if looks < len(LOOKS) else self._look_seconds
            if not await ring(inbox.news, silence):
                self._looks += 1
                inbox.behind = True
        return batch

    async def _turn(self) -> None:
        """Read the next page, if there is one."""
        # Whatever makes it fall behind again meanwhile has it read again.
        self._inbox.behind = False
        if self._inbox.anew:
            self._inbox.anew = False
            self._read = 0
            self._assembly = Assembly()
        subject = self._stream.subject(self._id)
        try:
            page = await self._stream.page(subject, self._read + 1)
        except UnavailableError:
            self._inbox.behind = True
            await asyncio.sleep(UNREACHABLE_SECONDS)
            return
        for self._read, message in page.messages:
            self._page.append(message)
        self._inbox.behind |= page.more

    async def _miss(self) -> None:
        """Look for what is missing, unless it is known by now that it is lost."""
        if self._missed == len(MISSING):
            raise LogGapError(self._id)
        await asyncio.sleep(MISSING[self._missed])
        self._missed += 1
        self._looks = 0
        self._inbox.behind = self._inbox.anew = True
