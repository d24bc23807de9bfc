"""The gRPC server: the services, reflection and health on one port.

Unencrypted: for the same machine, a private network, or behind a proxy with TLS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.call import Handlers
from openinteractions.rpc.guard import guard
from openinteractions.rpc.roomy import Room, roomy
from openinteractions.rpc.stalls import PATIENCE, Patience, Stalls
from openinteractions.rpc.strict import strict
from openinteractions.rpc.transport import generic_handler

Health = health_pb2.HealthCheckResponse

REFLECTION = ("grpc.reflection.v1.ServerReflection", reflection.SERVICE_NAME)
"""Both versions of the protocol; they differ in nothing but the name. Only the second
is listed: the first has no descriptor here, which clients would ask for."""

OPTIONS: tuple[tuple[str, int], ...] = (
    # Finds callers that are gone without a word, through middleboxes too.
    ("grpc.keepalive_time_ms", 120_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Callers may look for us as often as every ten seconds, between calls as well.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
)


class GrpcServer:
    """The gRPC face. Belongs to the event loop in which it is made."""

    def __init__(
        self,
        services: Sequence[Handlers],
        authentication: Authentication,
        *,
        max_message_bytes: int,
        room: Room | None = None,
        passing_on: bool = False,
        shared_port: bool = False,
        patience: Patience = PATIENCE,
    ) -> None:
        """Make the server.

        `max_message_bytes` holds in either direction; large requests wait for `room`;
        `passing_on` says whether requests may go on to servers that take what is not
        known here; `shared_port` whether others of this user may listen on its port:
        the system then gives each of them some of the connections; `patience` how long
        clients may take nothing of a stream.
        """
        self._services = tuple(handlers.service.full_name for handlers in services)
        self._telling: asyncio.Task[None] | None = None
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]
        self._server = grpc.aio.server(
            options=(
                *OPTIONS,
                ("grpc.so_reuseport", int(shared_port)),
                ("grpc.max_send_message_length", max_message_bytes),
                ("grpc.max_receive_message_length", max_message_bytes),
            )
        )
        stalls = Stalls(patience)
        self._server.add_generic_rpc_handlers(
            tuple(
                generic_handler(
                    guard(_taking(handlers, room, passing_on), authentication), stalls
                )
                for handlers in services
            )
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._add_reflection()

    def _add_reflection(self) -> None:
        servicer = reflection.aio.ReflectionServicer(  # type: ignore[attr-defined]
            (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        )
        handler = grpc.stream_stream_rpc_method_handler(
            servicer.ServerReflectionInfo,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=(
                reflection_pb2.ServerReflectionResponse.SerializeToString
            ),
        )
        self._server.add_generic_rpc_handlers(
            tuple(
                grpc.method_handlers_generic_handler(
                    name, {"ServerReflectionInfo": handler}
                )
                for name in REFLECTION
            )
        )

    async def start(
        self, address: str, opened: asyncio.Future[None] | None = None
    ) -> int:
        """Listen on `host:port` and return the port, which port 0 lets the system pick.

        The health service says that it is not serving until `opened` is done.

        Raises:
            OSError: the address cannot be had.
        """
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: {error}") from error
        await self._server.start()
        if opened is None or opened.done():
            await self._tell(Health.SERVING)
        else:
            await self._tell(Health.NOT_SERVING)
            self._telling = asyncio.create_task(self._tell_later(opened))
        return port

    async def _tell(self, health: int) -> None:
        for service in ("", *self._services):
            await self._health.set(service, health)

    async def _tell_later(self, opened: asyncio.Future[None]) -> None:
        await asyncio.wait({opened})
        if not opened.cancelled() and opened.exception() is None:
            await self._tell(Health.SERVING)

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls, wait for those that run, then cancel the rest."""
        if self._telling is not None:
            self._telling.cancel()
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)


def _taking(handlers: Handlers, room: Room | None, passing_on: bool) -> Handlers:  # noqa: FBT001
    """Return the handlers for what comes from outside."""
    taking = strict(handlers, passing_on=passing_on)
    return taking if room is None else roomy(taking, room)
