"""The gateway: HTTP requests in, responses out.

Holds the stages together and has no logic of its own. One handler takes every request;
the paths that are no RPC are `/healthz` (live), `/readyz` (ready to serve) and
`/openapi.json`. Of a request for anything else nothing is judged before the key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import orjson
from aiohttp import web
from google.protobuf.descriptor import Descriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from openinteractions.gateway import clients, openapi
from openinteractions.gateway.binding import PEER, REFUSAL, Binder, Call
from openinteractions.gateway.body import read_body
from openinteractions.gateway.codec import Codec
from openinteractions.gateway.connection import Server
from openinteractions.gateway.download import Downloader
from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.hosts import Hosts
from openinteractions.gateway.origins import ORIGIN, Origins
from openinteractions.gateway.paths import is_upload
from openinteractions.gateway.query import parse_query, shown_key
from openinteractions.gateway.revisions import Revision
from openinteractions.gateway.room import SMALL_BYTES, Room
from openinteractions.gateway.routes import RAW, Routes
from openinteractions.gateway.stream import StreamCaller
from openinteractions.gateway.unary import UnaryCaller
from openinteractions.gateway.upload import Uploads
from openinteractions.gateway.upstream import LARGEST_MESSAGE, Upstream

_FILES = "openinteractions.v1.FileService"

LARGEST_BODIES = 512 * 1024 * 1024
"""Bytes of large bodies that may be under way at once, by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long clients are left without a byte, in seconds."""

    stream_headers: float = 12
    """Until the headers of a stream go out without a first event. The service begins
    a stream after ten seconds at the latest; this is for one that does not."""

    comment: float = 15
    """Of silence in a stream, until a comment is sent."""

    drop: float = 60
    """Until a client is dropped that reads nothing at all; it can resume."""

    unary_headers: float = 45
    """Until a client that gives up after 60 s gets the headers of its answer."""

    space: float = 15
    """Between the spaces that such a client gets from then on."""


PATIENCE = Patience()


class Gateway:
    """The HTTP/JSON face of some services.

    Args:
        upstream: the services.
        services: what they are called and how HTTP reaches them.
        default_revision: what a client reads that does not say.
        max_body_bytes: the largest request body.
        room: for the large ones of all requests that are under way.
        public_url: where clients find the server, for the OpenAPI document.
        ready: whether the server can serve; asked by `/readyz`.
        hosts: the names under which the server answers; None for all.
        origins: tells the URL under which a client knows the server.
        passing_on: whether requests may go on to servers that take what is not known
            here; see `Binder`.
        patience: how long clients are left without a byte.

    Raises:
        SchemaError: a message has no JSON form.
        RouteError: an RPC cannot be served over HTTP.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        services: Sequence[ServiceDescriptor],
        default_revision: Revision = Revision.STEPS,
        max_body_bytes: int = LARGEST_MESSAGE,
        room: Room | None = None,
        public_url: str | None = None,
        ready: Callable[[], bool] = lambda: True,
        hosts: Hosts | None = None,
        origins: Origins | None = None,
        passing_on: bool = False,
        patience: Patience = PATIENCE,
    ) -> None:
        self._hosts = hosts
        self._default_revision = default_revision
        self._max_body_bytes = max_body_bytes
        self._room = room or Room(LARGEST_BODIES)
        self._reading = asyncio.Lock()
        self._ready = ready
        self._routes = Routes(services)
        codec = _codec(self._routes, lenient=passing_on)
        self._binder = Binder(codec, self._routes.all, passing_on=passing_on)
        self._upstream = upstream
        self._unary = _unary(upstream, codec, patience)
        self._stream = _stream(upstream, codec, patience)
        self._download = Downloader(upstream)
        self._uploads = None
        if any(service.full_name == _FILES for service in services):
            self._uploads = Uploads(upstream, rebased=public_url is not None)
        self._origins = origins or Origins(public_url)
        document = openapi.document(self._routes.all, server=public_url or "/")
        self._pages = {
            "/healthz": self._live,
            "/readyz": self._readiness,
            "/openapi.json": _page(orjson.dumps(document)),
        }

    def server(self) -> Server:
        """Return an aiohttp server, for `aiohttp.web.ServerRunner`.

        To be called in the event loop that is to run it.
        """
        return Server(self.handle)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request; whatever fails is an answer too."""
        path, _, query = request.raw_path.partition("?")
        exchange = Exchange(request, path, clients.request_id(request.headers))
        try:
            page = self._pages.get(path)
            if page is not None:
                return _shown(exchange, page)
            self._receive(exchange, query)
            if self._uploads is not None and "/upload/" in path and is_upload(path):
                return await self._uploads.answer(exchange, query)
            call = await self._call(exchange, query)
            exchange.origin = call.origin
            if call.refusal is not None:
                said = {REFUSAL: quote(call.refusal)}
                exchange.metadata = {**exchange.metadata, **said}
            if getattr(call.message, "background", False):
                peer = {PEER: request.remote or ""}
                exchange.metadata = {**exchange.metadata, **peer}
            if call.streams:
                if call.raw:
                    return await self._download.answer(exchange, call)
                return await self._stream.answer(exchange, call)
            return await self._unary.answer(exchange, call)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a request
            return exchange.failed(error)
        finally:
            if self._room.shares:
                self._room.leave(request)

    def _receive(self, exchange: Exchange, query: str) -> None:
        request = exchange.request
        if self._hosts is not None:
            self._hosts.check(request.headers)
        metadata = clients.metadata(
            request.headers, shown_key(query), exchange.identifier
        )
        metadata[ORIGIN] = self._origins.of(request)
        exchange.metadata = metadata

    async def _call(self, exchange: Exchange, query: str) -> Call:
        request = exchange.request
        self._upstream.admit(exchange.metadata)
        route, variables = self._routes.find(request.method, exchange.path)
        parameters = parse_query(query)
        exchange.revision = clients.revision(request.headers, self._default_revision)
        body = b""
        if request.body_exists:
            body = await read_body(request, self._max_body_bytes, self._room)
        bind = self._binder.bind
        if len(body) <= SMALL_BYTES:
            return bind(route, variables, parameters, body)
        # On a thread, for others are not to wait for it; one at a time, for threads
        # would wait for each other, and the loop for all of them.
        async with self._reading:
            return await asyncio.to_thread(bind, route, variables, parameters, body)

    def _live(self, exchange: Exchange) -> web.Response:
        return exchange.json(b'{"status":"live"}')

    def _readiness(self, exchange: Exchange) -> web.Response:
        if not self._ready():
            raise RefusedError(
                Reason.ERROR_REASON_UNAVAILABLE, "The server is not ready."
            )
        return exchange.json(b'{"status":"ready"}')


def _unary(upstream: Upstream, codec: Codec, patience: Patience) -> UnaryCaller:
    return UnaryCaller(
        upstream,
        codec,
        headers_after=patience.unary_headers,
        space_every=patience.space,
    )


def _stream(upstream: Upstream, codec: Codec, patience: Patience) -> StreamCaller:
    return StreamCaller(
        upstream,
        codec,
        headers_after=patience.stream_headers,
        comment_after=patience.comment,
        drop_after=patience.drop,
    )


_Page = Callable[[Exchange], web.Response]


def _page(body: bytes) -> _Page:
    return lambda exchange: exchange.json(body)


def _shown(exchange: Exchange, page: _Page) -> web.Response:
    if exchange.request.method not in {"GET", "HEAD"}:
        raise RefusedError(
            Reason.ERROR_REASON_METHOD_NOT_ALLOWED,
            f"This path has no method {exchange.request.method}.",
            headers={"Allow": "GET, HEAD"},
        )
    return page(exchange)


def _codec(routes: Routes, *, lenient: bool) -> Codec:
    served = [
        method
        for route in routes.all
        for method in (route.method, route.stream)
        if method is not None
    ]
    answers = (method.output_type for method in served)
    return Codec(
        decoded=_types(method.input_type for method in served),
        encoded=_types(answer for answer in answers if answer.full_name != RAW),
        lenient=lenient,
    )


def _types(descriptors: Iterable[Descriptor]) -> list[type[Message]]:
    return [GetMessageClass(descriptor) for descriptor in descriptors]
