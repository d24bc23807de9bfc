"""The endpoint of the embedded model: one process for all the names it answers."""

from __future__ import annotations

import asyncio
import logging

from openinteractions.config import settings
from openinteractions.core.errors import DomainError
from openinteractions.engine.ports import Model
from openinteractions.models.embedded import Embedded, default_threads
from openinteractions.models.embedded_server import EmbeddedServer

log = logging.getLogger(__name__)


class EmbeddedHost:
    """An endpoint of the `embedded` dialect (see `registry.Host`)."""

    def __init__(self, name: str, configured: settings.Endpoint) -> None:
        threads = configured.threads or default_threads()
        self._name = name
        self._server = EmbeddedServer(name, threads=threads)
        self._models: list[Embedded] = []
        self._warming: asyncio.Task[None] | None = None

    def model(self, settings: settings.Model) -> Model:  # noqa: ARG002 - all are one
        """Return the model; whatever it is called, there is only the one."""
        model = Embedded(self._name, self._server)
        self._models.append(model)
        return model

    def warm(self) -> None:
        """Start the process now, so that the first caller need not wait for it."""
        self._warming = asyncio.create_task(self._start())

    async def close(self) -> None:
        """End the process."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        for model in self._models:
            await model.close()
        await self._server.close()

    async def _start(self) -> None:
        try:
            await self._server.start()
        except DomainError as error:
            log.warning("the embedded model does not start: %s", error.message)
