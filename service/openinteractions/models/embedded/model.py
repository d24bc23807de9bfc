"""The `embedded` dialect: a small model that needs neither a server nor a key.

The OpenAI-compatible server inside the wheel `xllamacpp` runs in a process of its own
and is spoken to like any other: `chat`, with calls by constrained decoding. Its own
process, because it compiles what callers write (schemas, patterns) with native code,
and what kills that must not end everything else; because loading holds Python's lock;
and because ending it gives the memory back. It listens on loopback with a random key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

from openinteractions.config import settings
from openinteractions.core.errors import DomainError
from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.models import support
from openinteractions.models.chat.model import Chat
from openinteractions.models.constrained.bounds import Bounds
from openinteractions.models.constrained.model import Constrained
from openinteractions.models.embedded.server import (
    Computer,
    EmbeddedServer,
    Running,
    default_threads,
)
from openinteractions.models.profile import Profile, Tools
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import interaction_service_pb2, step_pb2

PROFILE = Profile(
    tools=Tools.CONSTRAINED,
    parallel_calls=False,
    reasoning=False,
    reasoning_effort=False,
    vision=False,
    audio=False,
    video=False,
    files=False,
)
"""What the embedded model can do."""

BOUNDS = Bounds(
    string_characters=100,
    array_items=5,
    repeated_calls=False,
    instruction="You are a helpful assistant.",
)
"""Without these the small model fills texts and lists until its context is full, calls
a function again and again once it has returned, and, with the instruction of its own
template, answers the capital of France in a loop of made-up French."""

UPSTREAM = "embedded"
"""The name of the model at its server, which has only one."""

log = logging.getLogger(__name__)


class Embedded:
    """The embedded model.

    Args:
        name: what the configuration calls the endpoint; errors name it so.
        server: its process; started at first use, shared by all its models.
    """

    def __init__(self, name: str, server: Computer) -> None:
        self._name = name
        self._server = server
        self._running: Running | None = None
        self._endpoint: Endpoint | None = None
        self._model: Constrained | None = None
        self._connecting = asyncio.Lock()
        self._accepts = PROFILE.accepts(by_url=frozenset())

    @property
    def accepts(self) -> Accepts:
        """What media it takes: none, but it is told the text of documents."""
        return self._accepts

    def check(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Sequence[str]:
        """Return the members that the model will ignore (see `ports.Model`)."""
        ignored = support.check(request, PROFILE)
        Constrained.check_schemas(request)
        return ignored

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Ask for one whole answer."""
        return await (await self._connect()).generate(request)

    async def stream(
        self, request: ModelRequest
    ) -> AsyncIterator[Sequence[ModelEvent]]:
        """Ask for an answer piece by piece (see `ports.Model`)."""
        model = await self._connect()
        batches = model.stream(request)
        try:
            async for batch in batches:
                yield batch
        finally:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()

    async def start(self) -> None:
        """Have everything ready, so that the first answer is as quick as any.

        Raises:
            UnavailableError: the wheel or the weights are missing or damaged.
            BackendError: the process does not serve.
        """
        await self.generate(_one_token())

    async def close(self) -> None:
        """Close the connections; the process is its owner's to stop."""
        endpoint, self._endpoint = self._endpoint, None
        self._running = self._model = None
        if endpoint is not None:
            await endpoint.close()

    async def _connect(self) -> Constrained:
        """Return the model at the running server, a new one after a restart."""
        async with self._connecting:
            running = await self._server.start()
            if self._model is None or running != self._running:
                await self.close()
                self._endpoint = Endpoint(
                    self._name, base_url=running.base_url, api_key=running.key
                )
                chat = Chat(self._endpoint, upstream=UPSTREAM, profile=PROFILE)
                self._model = Constrained(chat, endpoint=self._name, bounds=BOUNDS)
                self._running = running
            return self._model


class EmbeddedHost:
    """An endpoint of the `embedded` dialect: one process for all its models.

    Args:
        name: what the configuration calls it.
        configured: its settings.
        elsewhere: returns, for an endpoint's name, the process that another process
            starts and ends; without it, there is one of its own.
    """

    def __init__(
        self,
        name: str,
        configured: settings.Endpoint,
        *,
        elsewhere: Callable[[str], Computer] | None = None,
    ) -> None:
        self._name = name
        threads = configured.threads or default_threads()
        self._server: Computer = (
            elsewhere(name) if elsewhere else EmbeddedServer(name, threads=threads)
        )
        self._models: list[Embedded] = []
        self._warming: asyncio.Task[None] | None = None

    def model(self, _: settings.Model) -> Embedded:
        """Return a model; starts nothing. There is nothing to configure about it."""
        model = Embedded(self._name, self._server)
        self._models.append(model)
        return model

    def warm(self) -> None:
        """Have the models ready soon, so that the first caller need not wait."""
        self._warming = asyncio.create_task(self._warm())

    async def close(self) -> None:
        """Close the connections and stop the process."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])
        for model in self._models:
            await model.close()
        await self._server.close()

    async def _warm(self) -> None:
        try:
            for model in self._models:
                await model.start()
        except DomainError as error:
            log.warning("the embedded model does not start: %s", error.message)


def _one_token() -> ModelRequest:
    request = interaction_service_pb2.CreateInteractionRequest()
    request.generation_config.max_output_tokens = 1
    step = step_pb2.Step()
    step.user_input.content.add().text.text = "Hi"
    return ModelRequest(request, [step])
