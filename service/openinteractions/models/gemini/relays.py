"""The configured servers of this dialect, and the models and agents that they have.

Exact names beat `*`. Servers are made when they are first asked for, and live until
the relays are closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from openinteractions.config import settings
from openinteractions.core.errors import UnknownModelError
from openinteractions.engine.relay_ports import Keeping, Target
from openinteractions.models.gemini import target
from openinteractions.models.gemini.codec import Codec
from openinteractions.models.gemini.failures import PassedOn
from openinteractions.models.gemini.server import Server
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest

ANY = "*"
DIALECT = "gemini"

_LISTED = 20
"""How many names an error lists."""


class Servers:
    """The servers of a configuration (see `engine.relay_ports.Relays`).

    Args:
        endpoints: the configured endpoints by name, those of other dialects too.
        models: the configured models by the names that clients send.
        agents: the configured agents by the names that clients send.
        api_key: returns the key of the named endpoint, or None.
        codec: the API's JSON form.
    """

    def __init__(
        self,
        endpoints: Mapping[str, settings.Endpoint],
        models: Mapping[str, settings.Model],
        agents: Mapping[str, settings.Agent],
        *,
        api_key: Callable[[str], str | None],
        codec: Codec,
    ) -> None:
        self._endpoints = {
            name: endpoint
            for name, endpoint in endpoints.items()
            if endpoint.dialect == DIALECT
        }
        self._models = models
        self._agents = agents
        self._api_key = api_key
        self._codec = codec
        self._open: dict[str, Server] = {}

    def __bool__(self) -> bool:
        """Say whether any is configured."""
        return bool(self._endpoints)

    def find(self, request: Request) -> Target | None:
        """Return where a request's model or agent is (see `Relays.find`)."""
        if not self._endpoints or bool(request.model) is bool(request.agent):
            return None
        if request.agent:
            return self._find_agent(request.agent)
        model = self._models.get(request.model) or self._models.get(ANY)
        if model is None or model.endpoint not in self._endpoints:
            return None
        return Target(self._server(model.endpoint), model.upstream or request.model)

    def named(self, endpoint: str) -> Server | None:
        """Return the server of an endpoint, or None when it is not configured."""
        return self._server(endpoint) if endpoint in self._endpoints else None

    async def close(self) -> None:
        """Close every connection; what is under way there breaks off."""
        servers = list(self._open.values())
        self._open.clear()
        for server in servers:
            await server.close()

    def _find_agent(self, name: str) -> Target | None:
        if not self._agents:
            return None
        agent = self._agents.get(name) or self._agents.get(ANY)
        if agent is None:
            known = sorted(self._agents)
            listed = ", ".join(known[:_LISTED])
            more = ", …" if len(known) > _LISTED else ""
            raise UnknownModelError(
                f"agent: no agent is called {name[:200]!r}; known are: {listed}{more}.",
                field="agent",
            )
        return Target(self._server(agent.endpoint), agent.upstream or name)

    def _server(self, name: str) -> Server:
        server = self._open.get(name)
        if server is None:
            server = self._open[name] = self._make(name, self._endpoints[name])
        return server

    def _make(self, name: str, configured: settings.Endpoint) -> Server:
        key = self._api_key(name)
        secrets = [*configured.headers.values(), *([key] if key else [])]
        endpoint = Endpoint(
            name,
            base_url=configured.base_url or target.GOOGLE,
            connect_timeout=configured.connect_timeout_seconds,
            first_byte_timeout=configured.first_byte_timeout_seconds,
            between_chunks_timeout=configured.between_chunks_timeout_seconds,
            target=target.find(configured.base_url, key, configured.headers),
            failures=PassedOn(name, secrets),
        )
        keeping = Keeping(configured.store or Keeping.BOTH.value)
        return Server(endpoint, self._codec, keeping=keeping)
