"""The JetStream stream that keeps the logs: made, written, read and cut.

A subject for each epoch of each interaction. A whole batch rolls its subject up, so a
log is as long as its newest whole batch and what came after it. Reading asks for
messages by their place, without a consumer: a server keeps nothing for who reads.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from nats.aio.msg import Msg

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.events.nats.connection import (
    RETRY_AFTER_SECONDS,
    Connection,
)

log = logging.getLogger(__name__)

ANSWER_SECONDS = 3.0
"""How long the stream may take to answer."""

PAGE_BYTES = 1024 * 1024
PAGE_MESSAGES = 256
"""How much is read at once."""

PAGES_AT_ONCE = 64
"""How many followers of this process read at once."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")

OLDEST_SERVER = (2, 11)
"""Older ones do not give several messages at once."""

PART_BYTES = 512 * 1024
"""The most that a message has, if servers let it have so much."""

HEADER_BYTES = 1024
"""What is left of the largest message for its headers."""

ROLL_UP = {"Nats-Rollup": "sub"}

LAST = frozenset({"204", "404"})
"""The statuses behind the last message that was asked for."""

IN_USE = 10058
"""There is a stream of that name with another configuration."""

PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Between tries to make the stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How a stream keeps what it is given."""

    name: str = "openinteractions"
    """The stream's, and what all subjects begin with."""
    storage: Literal["file", "memory"] = "file"
    replicas: int = 1
    """On how many servers of a cluster it is kept."""
    max_age_seconds: float = 3600.0
    """When a message goes, if nothing has removed it before."""
    max_bytes: int = 1024**3
    """How much it keeps; more removes the oldest."""

    def configuration(self) -> dict[str, Any]:
        """Return it in JetStream's words."""
        return {
            "name": self.name,
            "subjects": [f"{self.name}.log.*.*"],
            "retention": "limits",
            "storage": self.storage,
            "num_replicas": self.replicas,
            "max_age": int(self.max_age_seconds * 1e9),
            "max_bytes": self.max_bytes,
            "max_msgs": -1,
            "max_msgs_per_subject": -1,
            "max_msg_size": -1,
            "max_consumers": -1,
            "discard": "old",
            "allow_direct": True,
            "allow_rollup_hdrs": True,
        }


class Page(NamedTuple):
    """Some of the messages of a subject."""

    messages: list[tuple[int, bytes]]
    """In order, each with its place."""
    more: bool
    """Whether there are more behind these."""


class Stream:
    """The stream, made whenever there is a server that lacks it. Ended by `close`."""

    def __init__(self, connection: Connection, keeping: Keeping) -> None:
        self.connection = connection
        self._keeping = keeping
        self._making: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._tried.set()
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)
        self._said: str | None = None
        connection.on_connect(self.make)

    def subject(self, id: str, epoch: int | str = "*") -> str:  # noqa: A002 - the resource's own word
        """Return where the log of an interaction is, all of it or one epoch.

        Raises:
            ValueError: the id would name more than one log, or none.
        """
        if NAME.fullmatch(id) is None:
            raise ValueError(f"not an id: {id[:200]!r}")
        return f"{self._keeping.name}.log.{id}.{epoch}"

    def make(self) -> None:
        """Make it, or bring it to its configuration, soon."""
        if self._making is None or self._making.done():
            self._tried.clear()
            self._making = asyncio.create_task(self._make(), name="stream")

    async def settle(self) -> None:
        """Wait until it is there, or known not to be, if there is a server."""
        await self._tried.wait()

    @property
    def part_bytes(self) -> int:
        """The most bytes that a message may have."""
        return min(PART_BYTES, self.connection.max_payload - HEADER_BYTES)

    async def append(self, subject: str, parts: Sequence[bytes], *, anew: bool) -> None:
        """Add messages; `anew` removes those that the subject has.

        Raises:
            UnavailableError: some may have been added.
        """
        if not self._tried.is_set():
            # A follower hears what no stream keeps, and then nobody would answer.
            await self._tried.wait()
        headers = ROLL_UP if anew else None
        for part in parts:
            try:
                answer = await self._ask(subject, part, headers)
            except UnavailableError:
                # Somebody may have removed it, or servers have lost what they had.
                self.make()
                raise
            headers = None
            if "error" in answer:
                raise self._refused(answer)

    async def page(self, subject: str, start: int) -> Page:
        """Return the next messages of a subject from a place on.

        Raises:
            UnavailableError: it broke off.
        """
        # All followers read when a server is there again.
        async with self._pages:
            return await self._page(subject, start)

    async def _page(self, subject: str, start: int) -> Page:
        inbox = self.connection.inbox()
        answers: asyncio.Queue[Msg] = asyncio.Queue()
        subscription = self.connection.subscription(inbox, answers.put_nowait)
        wanted = {
            "seq": start,
            "next_by_subj": subject,
            "batch": PAGE_MESSAGES,
            "max_bytes": PAGE_BYTES,
        }
        try:
            await self.connection.begin(subscription)
            request = json.dumps(wanted).encode()
            await self.connection.publish(self._api("DIRECT.GET"), request, inbox)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._gather(answers)
        except TimeoutError:
            raise self._unavailable() from None
        finally:
            await subscription.close()

    async def _gather(self, answers: asyncio.Queue[Msg]) -> Page:
        messages: list[tuple[int, bytes]] = []
        while True:
            answer = await answers.get()
            headers = answer.headers or {}
            status = headers.get("Status")
            if status is None:
                messages.append((int(headers["Nats-Sequence"]), answer.data))
            elif status in LAST:
                return Page(messages, more=headers.get("Nats-Num-Pending", "0") != "0")
            else:
                self.make()
                raise self._unavailable()

    async def cut(self, subject: str) -> None:
        """Remove the messages of a subject.

        Raises:
            UnavailableError: they may still be there.
        """
        wanted = json.dumps({"filter": subject}).encode()
        answer = await self._ask(self._api("STREAM.PURGE"), wanted)
        if "error" in answer:
            raise self._refused(answer)

    async def close(self) -> None:
        """Stop making it."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.wait({self._making})

    async def _make(self) -> None:
        failures = 0
        version = self.connection.server_version
        if version is not None and version < OLDEST_SERVER:
            self._warn("its server is older than 2.11, live events cannot be read")
        try:
            while self.connection.is_there and not await self._made():
                self._tried.set()
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
        finally:
            self._tried.set()

    async def _made(self) -> bool:
        """Make it, and say whether it is there as it shall be."""
        configuration = json.dumps(self._keeping.configuration()).encode()
        try:
            answer = await self._ask(self._api("STREAM.CREATE"), configuration)
            if answer.get("error", {}).get("err_code") == IN_USE:
                answer = await self._ask(self._api("STREAM.UPDATE"), configuration)
        except UnavailableError:
            return False
        if "error" not in answer:
            self._said = None
            return True
        self._warn(_reason(answer))
        return False

    async def _ask(
        self, subject: str, payload: bytes, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        message = await self.connection.request(
            subject, payload, seconds=ANSWER_SECONDS, headers=headers
        )
        answer: dict[str, Any] = json.loads(message.data)
        return answer

    def _api(self, call: str) -> str:
        return f"$JS.API.{call}.{self._keeping.name}"

    def _refused(self, answer: dict[str, Any]) -> UnavailableError:
        self._warn(_reason(answer))
        return self._unavailable()

    def _warn(self, what: str) -> None:
        """Log what is wrong, once as long as it is the same."""
        if what != self._said:
            self._said = what
            log.warning("the stream %s: %s", self._keeping.name, what)

    def _unavailable(self) -> UnavailableError:
        return UnavailableError(
            "The log of live events is out of reach.", retry_after=RETRY_AFTER_SECONDS
        )


def _reason(answer: dict[str, Any]) -> str:
    return str(answer["error"].get("description", answer["error"]))
