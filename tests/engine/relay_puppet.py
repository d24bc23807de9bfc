"""A server with this same API that says what a test tells it to, when it tells it to.

It fills the engine's `Relay` port; the real adapter is tested over HTTP beside this
(`tests/relays`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from openinteractions.core.errors import UpstreamNotFoundError
from openinteractions.engine.ports import Accepts
from openinteractions.engine.relay_ports import Call, Keeping, Target
from openinteractions.v1 import event_pb2, interaction_pb2, interaction_service_pb2
from tests.clock import WAIT_SECONDS

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Status = interaction_pb2.InteractionStatus
Said = Sequence[Event] | Exception | None

COMPLETED = Status.INTERACTION_STATUS_COMPLETED


def created(identifier: str = "") -> Event:
    """Return the first event; without an id nothing is kept there."""
    event = Event()
    event.created.interaction.id = identifier
    event.created.interaction.status = Status.INTERACTION_STATUS_IN_PROGRESS
    return event


def start(index: int = 0) -> Event:
    """Return how an answer begins."""
    event = Event()
    event.step_start.index = index
    event.step_start.step.model_output.SetInParent()
    return event


def text(said: str, index: int = 0) -> Event:
    """Return a piece of an answer."""
    event = Event()
    event.step_delta.index = index
    event.step_delta.delta.text.text = said
    return event


def stop(index: int = 0) -> Event:
    """Return how an answer ends."""
    event = Event()
    event.step_stop.index = index
    return event


def completed(identifier: str = "", status: Status = COMPLETED) -> Event:
    """Return the last event."""
    event = Event()
    event.completed.interaction.id = identifier
    event.completed.interaction.status = status
    return event


def whole(*said: str, identifier: str = "") -> list[Event]:
    """Return everything that tells one answer, each text a delta."""
    deltas = [text(one) for one in said]
    return [created(identifier), start(), *deltas, stop(), completed(identifier)]


class RelayPuppet:
    """A server on strings.

    `say` queues a batch, an exception, or None for the end of a stream; streams take
    from the queue in the order in which they are read. `asked` has the requests,
    `followed` where streams of interactions that are there were to begin.
    """

    def __init__(self, keeping: Keeping, *batches: Said) -> None:
        self.keeping = keeping
        self.endpoint = "r"
        self.accepts = Accepts()
        self.asked: list[Request] = []
        self.followed: list[str | None] = []
        self.cancelled: list[str] = []
        self.closed = 0
        self.there: Interaction | None = None
        """What `get` answers; None: it is not there."""
        self._said: asyncio.Queue[Said] = asyncio.Queue()
        for batch in batches:
            self.say(batch)

    def say(self, batch: Said) -> None:
        """Say this next."""
        self._said.put_nowait(batch)

    async def taken(self) -> None:
        """Wait until everything that was said has been taken, and more is asked for."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self._said.join()

    async def create(self, request: Request, *, call: Call) -> Interaction:
        """Answer with what is there."""
        self.asked.append(request)
        return self._there()

    async def stream_create(
        self, request: Request, *, call: Call
    ) -> AsyncIterator[Sequence[Event]]:
        """Say what is queued."""
        self.asked.append(request)
        async for batch in self._stream():
            yield batch

    async def get(
        self, remote_id: str, *, include_input: bool, call: Call
    ) -> Interaction:
        """Return what is there."""
        return self._there()

    async def stream(
        self,
        remote_id: str,
        *,
        last_event_id: str | None,
        include_input: bool,
        call: Call,
    ) -> AsyncIterator[Sequence[Event]]:
        """Say what is queued."""
        self.followed.append(last_event_id)
        async for batch in self._stream():
            yield batch

    async def cancel(self, remote_id: str, *, call: Call) -> Interaction:
        """Note it."""
        self.cancelled.append(remote_id)
        return self._there()

    async def delete(self, remote_id: str, *, call: Call) -> None:
        """Forget what is there."""
        self.there = None

    def _there(self) -> Interaction:
        if self.there is None:
            raise UpstreamNotFoundError("Gone.", metadata={"http_status": "404"})
        answer = Interaction()
        answer.CopyFrom(self.there)
        return answer

    async def _stream(self) -> AsyncIterator[Sequence[Event]]:
        try:
            while True:
                batch = await self._said.get()
                if batch is None:
                    self._said.task_done()
                    return
                if isinstance(batch, Exception):
                    self._said.task_done()
                    raise batch
                yield batch
                self._said.task_done()
        finally:
            self.closed += 1


class One:
    """The only server there is; it has every model."""

    def __init__(self, relay: RelayPuppet) -> None:
        self._relay = relay

    def __bool__(self) -> bool:
        """Say that there is one."""
        return True

    def find(self, request: Request) -> Target | None:
        """Return it."""
        return Target(self._relay, request.model)

    def named(self, endpoint: str) -> RelayPuppet | None:
        """Return it if it is called so."""
        return self._relay if endpoint == self._relay.endpoint else None
