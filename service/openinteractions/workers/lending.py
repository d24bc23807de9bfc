"""The embedded model of all workers: started by the parent, once, when one needs it.

A worker asks before each use, so it learns of a restart; an answer costs nothing
beside what is then computed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from openinteractions.config.settings import Endpoint
from openinteractions.workers.messages import Lent, Line

if TYPE_CHECKING:
    from openinteractions.models.embedded.server import EmbeddedServer


class Lender:
    """The parent's side."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints
        self._servers: dict[str, EmbeddedServer] = {}
        self._lending: set[asyncio.Task[None]] = set()

    def lend(self, endpoint: str, to: Line) -> None:
        """Tell a worker where the model of an endpoint is, soon."""
        task = asyncio.create_task(self._lend(endpoint, to))
        self._lending.add(task)
        task.add_done_callback(self._lending.discard)

    async def close(self) -> None:
        """Stop the models."""
        for task in self._lending:
            task.cancel()
        for server in self._servers.values():
            await server.close()

    async def _lend(self, endpoint: str, to: Line) -> None:
        # Most configurations have none, and the parent is small without.
        from openinteractions.core.errors import DomainError, UnavailableError
        from openinteractions.models.embedded.server import (
            EmbeddedServer,
            default_threads,
        )

        server = self._servers.get(endpoint)
        if server is None:
            threads = self._endpoints[endpoint].threads or default_threads()
            server = self._servers[endpoint] = EmbeddedServer(endpoint, threads=threads)
        try:
            running = await server.start()
        except DomainError as error:
            missing = isinstance(error, UnavailableError)
            to.say(Lent(endpoint, problem=error.message, missing=missing))
        else:
            to.say(Lent(endpoint, running.base_url, running.key))
