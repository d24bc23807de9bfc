"""A model that says what a test tells it to, when the test tells it to.

It fills the engine's `Model` port; the real adapters are held to the port by their own
acceptance suite. Nothing here waits for time: a test decides every next batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from openinteractions.core.errors import NotSupportedError, UnknownModelError
from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.ports import Accepts, Model, ModelRequest
from openinteractions.v1 import interaction_service_pb2
from tests.clock import WAIT_SECONDS

Said = Sequence[ModelEvent] | Exception | None


class Puppet:
    """A model on strings.

    `say` queues a batch, an exception, or None for the end; `asked` has what the model
    was asked, `closed` is set when its stream is closed.
    """

    def __init__(self, *batches: Said) -> None:
        self._said: asyncio.Queue[Said] = asyncio.Queue()
        self.asked: list[ModelRequest] = []
        self.accepts = Accepts()
        self.called = asyncio.Event()
        self._calls = asyncio.Semaphore(0)
        self.closed = asyncio.Event()
        for batch in batches:
            self.say(batch)

    def say(self, batch: Said) -> None:
        """Say this next."""
        self._said.put_nowait(batch)

    async def was_asked(self, times: int) -> None:
        """Wait until it has been asked that many times more."""
        async with asyncio.timeout(WAIT_SECONDS):
            for _ in range(times):
                await self._calls.acquire()

    async def taken(self) -> None:
        """Wait until everything that was said has been taken, and more is asked for."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self._said.join()

    def check(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Sequence[str]:
        """Ignore seeds, refuse cached content."""
        if request.HasField("cached_content"):
            raise NotSupportedError("cached_content", field="cached_content")
        seeded = request.generation_config.HasField("seed")
        return ["generation_config.seed"] if seeded else []

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Say everything that is queued, up to the end."""
        said: list[ModelEvent] = []
        async for batch in self.stream(request):
            said += batch
        return said

    async def stream(
        self, request: ModelRequest
    ) -> AsyncIterator[Sequence[ModelEvent]]:
        """Say what is queued, one batch at a time."""
        self.asked.append(request)
        self.called.set()
        self._calls.release()
        try:
            while True:
                batch = await self._said.get()
                if batch is None:
                    self._said.task_done()
                    return
                if isinstance(batch, Exception):
                    raise batch
                yield batch
                self._said.task_done()
        finally:
            self.closed.set()


class Puppets:
    """Models by name."""

    def __init__(self, **models: Model) -> None:
        self._models = models

    def resolve(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Model:
        """Return the model of the request's name."""
        name = request.model
        if name not in self._models:
            raise UnknownModelError(f"model: {name}", field="model")
        return self._models[name]
