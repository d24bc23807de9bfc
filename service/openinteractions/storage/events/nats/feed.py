"""What is appended to a log while somebody here follows it.

One subscription for each interaction, however many follow it; a follower that takes
nothing holds a bounded number of bytes, and is then told to read from the stream.
"""

from __future__ import annotations

import asyncio
from collections import deque

from nats.aio.msg import Msg

from openinteractions.engine.signal_ports import Batch
from openinteractions.storage.events.nats.connection import Connection, Subscription
from openinteractions.storage.events.nats.parts import Assembly

INBOX_BYTES = 256 * 1024
"""How much waits for one follower, unless one batch is larger."""


class Inbox:
    """What one follower has not taken yet."""

    def __init__(self) -> None:
        self.behind = True
        """Whether there may be more than is here: then it is in the stream."""
        self.anew = False
        """Whether that has to be read from the start: it may be another stream."""
        self._batches: deque[tuple[Batch, int]] = deque()
        self._bytes = 0
        self.news = asyncio.Event()

    def put(self, batch: Batch, size: int) -> None:
        """Add a batch, unless the follower is too far behind."""
        if self._batches and self._bytes + size > INBOX_BYTES:
            self.fall_behind()
            return
        self._batches.append((batch, size))
        self._bytes += size
        self.news.set()

    def take(self) -> Batch | None:
        """Return the oldest batch; None when there is none."""
        if not self._batches:
            return None
        batch, size = self._batches.popleft()
        self._bytes -= size
        return batch

    def fall_behind(self) -> None:
        """Drop what is here, and have the follower read."""
        self._batches.clear()
        self._bytes = 0
        self.behind = True
        self.news.set()


class Feed:
    """One interaction's batches as they are appended."""

    def __init__(self) -> None:
        self.inboxes: set[Inbox] = set()
        self.subscription: Subscription | None = None
        self._assembly = Assembly()

    def hear(self, message: Msg) -> None:
        """Take a part and give the batch that it ends to all followers."""
        batch = self._assembly.add(message.data)
        if batch is not None:
            size = sum(map(len, batch.events))
            for inbox in self.inboxes:
                inbox.put(batch, size)


class Feeds:
    """The feeds of this process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._feeds: dict[str, Feed] = {}
        # What was said while there was no connection is in the stream, if anywhere.
        connection.on_connect(self._return)

    def join(self, subject: str) -> Inbox:
        """Follow a subject: once it began, what is appended is put into the inbox."""
        feed = self._feeds.get(subject)
        if feed is None:
            feed = self._feeds[subject] = Feed()
        inbox = Inbox()
        feed.inboxes.add(inbox)
        return inbox

    async def begin(self, subject: str) -> None:
        """Subscribe, if nobody here has."""
        feed = self._feeds[subject]
        if feed.subscription is None:
            feed.subscription = self._connection.subscription(subject, feed.hear)
            await self._connection.begin(feed.subscription)

    async def leave(self, subject: str, inbox: Inbox) -> None:
        """Follow it no more."""
        feed = self._feeds[subject]
        feed.inboxes.discard(inbox)
        if not feed.inboxes:
            del self._feeds[subject]
            if feed.subscription is not None:
                await feed.subscription.close()

    def _return(self) -> None:
        for feed in self._feeds.values():
            for inbox in feed.inboxes:
                inbox.anew = True
                inbox.fall_behind()
