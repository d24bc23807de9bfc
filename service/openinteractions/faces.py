"""Makes the two faces of a server, has them listen, and ends them.

Part of the composition root (see `server`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiohttp import web

from openinteractions.config import Address, Config, ConfigError
from openinteractions.gateway.app import Gateway
from openinteractions.gateway.hosts import Hosts
from openinteractions.gateway.origins import Origins
from openinteractions.gateway.revisions import Revision
from openinteractions.gateway.upstream import StatusError
from openinteractions.rpc import files as file_rpcs
from openinteractions.rpc import interactions as interaction_rpcs
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.local import LocalUpstream
from openinteractions.rpc.server import GrpcServer
from openinteractions.running import Engine

WRITE_SECONDS = 1.0
"""How long the last bytes of answers may take, after all work has ended."""

_REVISIONS = {"steps": Revision.STEPS, "outputs": Revision.OUTPUTS}


class Faces:
    """HTTP and gRPC.

    Args:
        config: the configuration.
        engine: what is served.
        ready: what `/readyz` is asked for.
    """

    def __init__(
        self, config: Config, engine: Engine, *, ready: Callable[[], bool]
    ) -> None:
        services = [
            interaction_rpcs.handlers(engine.interactions),
            file_rpcs.handlers(engine.files, engine.uploads),
        ]
        authentication = Authentication(config.accepted_keys)
        self._config = config
        self._supervisor = engine.supervisor
        self._grpc = GrpcServer(
            services,
            authentication,
            max_message_bytes=config.server.max_body_bytes,
            passing_on=engine.passes_on,
        )
        upstream = LocalUpstream(services, authentication, failure=StatusError)
        gateway = _gateway(config, upstream, ready, passing_on=engine.passes_on)
        self._http = web.ServerRunner(gateway.server(), shutdown_timeout=WRITE_SECONDS)

    async def listen(self, stack: AsyncExitStack) -> tuple[Address, Address]:
        """Open both faces until the stack is closed, and return where they listen.

        Raises:
            ConfigError: an address cannot be listened on.
        """
        await self._http.setup()
        stack.push_async_callback(self._http.cleanup)
        server = self._config.server
        wanted = server.http_address
        site = web.TCPSite(self._http, wanted.host, wanted.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"server.http: cannot listen on {wanted}: {error}"
            ) from None
        try:
            port = await self._grpc.start(str(server.grpc_address))
        except OSError as error:
            raise ConfigError(f"server.grpc: {error}") from None
        stack.push_async_callback(self._grpc.stop, 0)
        bound = self._http.addresses[0][1]
        return Address(wanted.host, bound), Address(server.grpc_address.host, port)

    async def finish(self) -> None:
        """Take no more calls and let those that run end, all within one grace."""
        grace = self._config.server.shutdown_grace_seconds
        await asyncio.gather(
            *(site.stop() for site in list(self._http.sites)),
            self._grpc.stop(grace + WRITE_SECONDS),
            self._supervisor.close(grace),
        )


def _gateway(
    config: Config,
    upstream: LocalUpstream,
    ready: Callable[[], bool],
    *,
    passing_on: bool,
) -> Gateway:
    """Make the HTTP face."""
    server = config.server
    return Gateway(
        upstream,
        services=[interaction_rpcs.SERVICE, file_rpcs.SERVICE],
        default_revision=_REVISIONS[server.default_revision],
        max_body_bytes=server.max_body_bytes,
        public_url=server.public_url,
        ready=ready,
        hosts=Hosts(server.public_url) if config.auth is None else None,
        origins=Origins(server.public_url, server.trusted_proxies),
        passing_on=passing_on,
    )
