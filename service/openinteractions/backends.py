"""Makes what answers requests: models, servers that speak this API, the egress door.

Part of the composition root (see `server`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from openinteractions.config import Config, ConfigError, Egress
from openinteractions.core.errors import UnavailableError
from openinteractions.gateway.lenient import LenientCodec
from openinteractions.models.embedded import weights
from openinteractions.models.embedded.model import EmbeddedHost
from openinteractions.models.embedded.server import Computer
from openinteractions.models.gemini.relays import Servers
from openinteractions.models.registry import Registry
from openinteractions.tools.egress import Addresses, Door
from openinteractions.v1.event_pb2 import InteractionEvent
from openinteractions.v1.interaction_pb2 import Interaction
from openinteractions.v1.interaction_service_pb2 import CreateInteractionRequest


def models(
    config: Config, computer: Callable[[str], Computer] | None = None
) -> Registry:
    """Make the models of all dialects.

    `computer` returns the process of an embedded endpoint that another process owns.

    Raises:
        ConfigError: the weights of the embedded model are missing.
    """
    if any(endpoint.dialect == "embedded" for endpoint in config.endpoints.values()):
        try:
            weights.find()
        except UnavailableError as error:
            raise ConfigError(error.message) from None
    return Registry(
        config.endpoints,
        config.models,
        api_key=config.api_key,
        embedded=partial(EmbeddedHost, elsewhere=computer),
    )


def egress(settings: Egress) -> Door:
    """Make the door through which callers' URLs are read."""
    return Door(
        Addresses(settings.networks, settings.hosts),
        enabled=settings.enabled,
        timeout_seconds=settings.timeout_seconds,
        max_bytes=settings.max_bytes,
    )


def relays(config: Config) -> Servers:
    """Make the servers that speak this API themselves, and give them its JSON form."""
    return Servers(
        config.endpoints,
        config.models,
        config.agents,
        api_key=config.api_key,
        codec=LenientCodec((CreateInteractionRequest, Interaction, InteractionEvent)),
    )
