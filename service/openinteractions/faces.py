"""Makes the two faces of a server, has them listen, and ends them.

Part of the composition root (see `server`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiohttp import web

from openinteractions.config import Address, Config, ConfigError
from openinteractions.gateway.app import PATIENCE, Gateway
from openinteractions.gateway.hosts import Hosts
from openinteractions.gateway.origins import Origins
from openinteractions.gateway.revisions import Revision
from openinteractions.gateway.room import Room
from openinteractions.gateway.stalls import READING_SECONDS
from openinteractions.gateway.upstream import StatusError
from openinteractions.rpc import files as file_rpcs
from openinteractions.rpc import interactions as interaction_rpcs
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.local import LocalUpstream
from openinteractions.rpc.server import GrpcServer
from openinteractions.rpc.stalls import Patience
from openinteractions.running import Engine
from openinteractions.workers.door import Inside
from openinteractions.workers.member import Member
from openinteractions.workers.ports import BACKLOG

WRITE_SECONDS = 1.0
"""How long the last bytes of answers may take, after all work has ended."""

_REVISIONS = {"steps": Revision.STEPS, "outputs": Revision.OUTPUTS}


class Faces:
    """HTTP and gRPC.

    Args:
        config: the configuration.
        engine: what is served.
        ready: what `/readyz` is asked for.
        member: of which server this process is a worker; its parent has the ports.
    """

    def __init__(
        self,
        config: Config,
        engine: Engine,
        *,
        ready: Callable[[], bool],
        member: Member | None = None,
    ) -> None:
        services = [
            interaction_rpcs.handlers(engine.interactions),
            file_rpcs.handlers(engine.files, engine.uploads),
        ]
        authentication = Authentication(config.accepted_keys)
        self._config = config
        room = Room(config.server.max_bodies_bytes)
        self._process, self._opened = engine.process, engine.opened
        self._grpc = GrpcServer(
            services,
            authentication,
            max_message_bytes=config.server.max_body_bytes,
            room=room,
            passing_on=engine.passes_on,
            shared_port=member is not None,
            patience=Patience(events=PATIENCE.drop, bytes=READING_SECONDS),
        )
        upstream = LocalUpstream(services, authentication, failure=StatusError)
        passing_on = engine.passes_on
        gateway = _gateway(config, upstream, ready, room, passing_on=passing_on)
        self._server = gateway.server()
        self._http = web.ServerRunner(self._server, shutdown_timeout=WRITE_SECONDS)
        self._member = member
        self._door: Inside | None = None

    async def listen(self, stack: AsyncExitStack) -> tuple[Address, Address]:
        """Open both faces until the stack is closed, and return where they are.

        Raises:
            ConfigError: an address cannot be listened on.
        """
        await self._http.setup()
        stack.push_async_callback(self._http.cleanup)
        if self._member is None:
            http = await self._listen_http()
        else:
            http = self._open_door(self._member.door)
        wanted = self._config.server.grpc_address
        try:
            port = await self._grpc.start(str(wanted), self._opened)
        except OSError as error:
            raise ConfigError(f"server.grpc: {error}") from None
        stack.push_async_callback(self._grpc.stop, 0)
        return http, Address(wanted.host, port)

    async def _listen_http(self) -> Address:
        wanted = self._config.server.http_address
        site = web.TCPSite(self._http, wanted.host, wanted.port, backlog=BACKLOG)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"server.http: cannot listen on {wanted}: {error}"
            ) from None
        return Address(wanted.host, self._http.addresses[0][1])

    def _open_door(self, end: socket.socket) -> Address:
        """Take the connections that the parent has accepted."""
        loop = asyncio.get_running_loop()
        self._door = Inside(
            end, lambda one: loop.connect_accepted_socket(self._server, one)
        )
        self._server.on_lost = self._door.ended
        self._door.start()
        return self._config.server.http_address

    async def finish(self) -> None:
        """Take no more calls and let those that run end, all within one grace."""
        grace = self._config.server.shutdown_grace_seconds
        if self._door is not None:
            self._door.close()
        await asyncio.gather(
            *(site.stop() for site in list(self._http.sites)),
            self._grpc.stop(grace + WRITE_SECONDS),
            self._process.hand_over(grace),
        )


def _gateway(
    config: Config,
    upstream: LocalUpstream,
    ready: Callable[[], bool],
    room: Room,
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
        room=room,
        public_url=server.public_url,
        ready=ready,
        hosts=Hosts(server.public_url) if config.auth is None else None,
        origins=Origins(server.public_url, server.trusted_proxies),
        passing_on=passing_on,
    )
