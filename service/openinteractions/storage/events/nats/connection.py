"""One connection to a NATS server, made again whenever it is lost.

The client's own way to reconnect is not used: it keeps what was published meanwhile,
gives up for good after some errors of the server, and notices a server that is silent
only after minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as ClientSubscription

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.events.nats.client import (
    FAILURES,
    Access,
    OneClient,
    heeding,
    text_of,
)

log = logging.getLogger(__name__)

PING_SECONDS = 5.0
"""How often the server has to show that it is there, and how long it may take."""

PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Between tries to connect."""

RETRY_AFTER_SECONDS = 1.0

MOST_SAID = 100
"""How many complaints of the client are remembered."""

Receive = Callable[[Msg], None]


@dataclass(slots=True, eq=False)
class Subscription:
    """What is heard on a subject, whichever server tells it. Ended by `close`."""

    subject: str
    queue: str
    receive: Receive
    wanted: dict[Subscription, None]
    """Those that the connection keeps up."""
    current: ClientSubscription | None = None

    async def start(self, client: Client) -> None:
        """Have a server tell what it hears."""

        async def receive(message: Msg) -> None:
            self.receive(message)

        self.current = await heeding(
            client.subscribe(self.subject, self.queue, receive)
        )
        if self not in self.wanted:
            await self.close()

    async def close(self) -> None:
        """Hear nothing more."""
        self.wanted.pop(self, None)
        current, self.current = self.current, None
        if current is not None:
            with contextlib.suppress(*FAILURES):
                await heeding(current.unsubscribe())


class Connection:
    """A connection that is there whenever a server is. Made by `open`."""

    def __init__(self, access: Access, name: str) -> None:
        self._access = access
        self._name = name
        self._client: OneClient | None = None
        self._subscriptions: dict[Subscription, None] = {}
        self._listeners: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._there = True
        self._said: set[str] = set()

    @classmethod
    async def open(cls, access: Access, name: str) -> Self:
        """Connect, or go on trying; `name` is how the server's tools show it."""
        self = cls(access, name)
        tried = asyncio.Event()
        self._task = asyncio.create_task(self._keep(tried), name="nats")
        await tried.wait()
        return self

    @property
    def is_there(self) -> bool:
        """Whether there is a server just now, as far as is known."""
        return self._client is not None

    @property
    def server_version(self) -> tuple[int, int] | None:
        """Which version the server has; None when there is none."""
        if self._client is None:
            return None
        version = self._client.connected_server_version
        return version.major, version.minor

    @property
    def max_payload(self) -> int:
        """The most bytes that a message may have.

        Raises:
            UnavailableError: there is no server.
        """
        return self._server().max_payload

    def on_connect(self, listener: Callable[[], None]) -> None:
        """Have a function called whenever a server is there again, and if one is now.

        The subscriptions have been made by then.
        """
        self._listeners.append(listener)
        if self._client is not None:
            listener()

    def subscription(
        self, subject: str, receive: Receive, *, queue: str = ""
    ) -> Subscription:
        """Have a function called with what is published on a subject, once it began.

        Of those in a queue only one hears it.
        """
        subscription = Subscription(subject, queue, receive, self._subscriptions)
        self._subscriptions[subscription] = None
        return subscription

    async def begin(self, subscription: Subscription) -> None:
        """Tell the server of a subscription.

        It knows before it gets what this process sends after this. Without a server,
        the next one is told.
        """
        if self._client is not None:
            with contextlib.suppress(*FAILURES):
                await subscription.start(self._client)

    async def settle(self) -> None:
        """Wait until the server, if there is one, knows of all subscriptions."""
        if self._client is not None:
            with contextlib.suppress(*FAILURES):
                await heeding(self._client.flush())

    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Send a message.

        Raises:
            UnavailableError: there is no server.
        """
        try:
            await heeding(self._server().publish(subject, payload, reply))
        except FAILURES as error:
            raise self._unavailable(error) from error

    async def request(
        self,
        subject: str,
        payload: bytes,
        *,
        seconds: float,
        headers: dict[str, str] | None = None,
    ) -> Msg:
        """Send a message and return the answer.

        Raises:
            UnavailableError: there is no server, or no answer in time.
        """
        client = self._server()
        try:
            return await heeding(
                client.request(subject, payload, seconds, headers=headers)
            )
        except FAILURES as error:
            raise self._unavailable(error) from error

    def inbox(self) -> str:
        """Return a subject that nobody else has."""
        return self._server().new_inbox()

    async def close(self) -> None:
        """End it; what was published has gone out, if there is a server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _server(self) -> OneClient:
        if self._client is None:
            raise self._unavailable(None)
        return self._client

    async def _keep(self, tried: asyncio.Event) -> None:
        """Connect, and connect again."""
        urls = list(self._access.urls)
        random.shuffle(urls)
        failures = 0
        while True:
            client = OneClient(self._access)
            try:
                await heeding(client.join(urls[0], self._name, self._complain))
                await self._start(client)
                failures = 0
                tried.set()
                await self._watch(client)
            except FAILURES as error:
                if self._there:
                    log.warning("NATS is out of reach: %s", text_of(error))
                self._there = False
            finally:
                self._client = None
                await client.leave()
            tried.set()
            if client.is_known:
                urls = [*dict.fromkeys([*self._access.urls, *client.others()])]
                random.shuffle(urls)
            else:
                urls.append(urls.pop(0))
            pause = PAUSES[min(failures, len(PAUSES) - 1)]
            failures += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads

    async def _start(self, client: OneClient) -> None:
        """Let everybody use a new client."""
        for subscription in list(self._subscriptions):
            await subscription.start(client)
        self._client = client
        if not self._there:
            log.warning("NATS is there again")
        self._there = True
        for listener in self._listeners:
            listener()

    async def _watch(self, client: OneClient) -> None:
        """Look after a client until its server is gone."""
        while client.works:
            await heeding(client.flush(PING_SECONDS))  # type: ignore[arg-type] # any number
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PING_SECONDS):
                    await client.lost.wait()
        raise ConnectionResetError("the connection was closed")

    async def _complain(self, error: Exception) -> None:
        """Log what a client notices by itself while it works, each thing once."""
        text = text_of(error)
        if self._client is not None and text not in self._said:
            self._said = {*list(self._said)[-MOST_SAID:], text}
            log.warning("NATS: %s", text)

    def _unavailable(self, error: BaseException | None) -> UnavailableError:
        what = "cannot be reached" if error is None else "does not answer"
        return UnavailableError(
            f"The message server {what}.", retry_after=RETRY_AFTER_SECONDS
        )
