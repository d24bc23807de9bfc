"""The HTTP server below the gateway: aiohttp's, with three things put right.

The Python SDKs 1.55 to 2.8 send two `User-Agent` lines (contract §1.3), which aiohttp's
parser refuses; the second is renamed before it sees them. What the parser refuses is
answered in the documented form, like every other error. And clients that neither send
the head of a request to its end nor read their answers are left (see `stalls`).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod, LineTooLong
from aiohttp.web_protocol import RequestHandler

from openinteractions.gateway.clients import REQUEST_ID, SECOND_AGENT, new_request_id
from openinteractions.gateway.errors import Reason, RefusedError, clip
from openinteractions.gateway.stalls import Stall, Wait
from openinteractions.gateway.status import failure

_LOG = logging.getLogger("openinteractions.gateway")

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\n(?:transfer-encoding|upgrade):", re.IGNORECASE)
_AGENT = re.compile(rb"\r\nuser-agent:", re.IGNORECASE)
_RENAMED = b"\r\n" + SECOND_AGENT.encode() + b":"

# The parser has its own words for what it does not know; so have we, when we see it.
_COMMON = (b"POST ", b"GET ", b"DELETE ")
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) \S+ HTTP/1\.[01]\r\n")

# No path has more than these.
_ALLOWED = ("DELETE", "GET", "HEAD", "POST", "PUT")

# aiohttp has no exception of its own for it.
_TOO_MANY = "Too many headers"

SWEEP_SECONDS = 1.0
"""How often all connections are looked at."""

_LARGEST_HEAD = 64 * 1024
_NO_HTTP = b"\0"


class Connection(RequestHandler):
    """One connection of a client."""

    __slots__ = ("_body", "_head", "_stall", "_strange", "_too_large")

    def connection_made(self, transport: object) -> None:
        """Take over a new connection."""
        self._head = b""
        self._body: int | None = 0
        self._strange = b""
        self._too_large = False
        self._stall = Stall()
        super().connection_made(transport)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Take the next bytes; the head of a request is passed on whole.

        Where a head begins is counted, not asked of the parser: a client may send the
        next request before the handler of the last one has come to its end.
        """
        if not data:
            # So a parser that was paused by a slow reader is told to go on.
            super().data_received(data)
            return
        if self._too_large:
            return
        if self._body is None and self._idle():
            self._body = 0
        if self._head:
            data = self._head + data
            self._head = b""
        begin = 0  # of what is not looked at yet
        while self._body is not None and begin < len(data):
            if self._body:
                taken = min(self._body, len(data) - begin)
                self._body -= taken
                begin += taken
                continue
            end = data.find(_END, begin)
            if (len(data) if end < 0 else end) - begin > _LARGEST_HEAD:
                self._too_large = True
                # By itself: the parser would forget what comes before it.
                super().data_received(data[:begin])
                data = _NO_HTTP
                break
            if end < 0:
                data, self._head = data[:begin], data[begin:]
                break
            end += len(_END)
            self._strange = strange_method(data, begin, end)
            self._body = body_bytes(data, begin, end)
            renamed = one_agent(data, begin, end)
            begin = end + len(renamed) - len(data)
            data = renamed
        if data:
            super().data_received(data)

    def resume_writing(self) -> None:
        """Go on with an answer that its client reads again."""
        self._stall = Stall()
        super().resume_writing()

    def sweep(self, now: float) -> None:
        """Close the connection if its client has kept it waiting for too long."""
        wait, left = self._awaited()
        if self._stall.lasts(wait, left, now) and self.transport is not None:
            _LOG.info("connection closed: its client %s", wait.value)
            self.transport.abort()

    def _awaited(self) -> tuple[Wait, int]:
        """Return what the client is to do, and how much of it is left to do."""
        if self.transport is None:
            return Wait.NOTHING, 0
        unsent = self.transport.get_write_buffer_size()
        answered = not self._request_in_progress
        if unsent and (answered or self._paused):
            return Wait.READING, unsent
        if answered and (self._head or not self._request_count):
            return Wait.HEAD, -self._request_count  # a new request is progress
        return Wait.NOTHING, 0

    def _idle(self) -> bool:
        """Whether the next byte begins a request, after a body of unknown length."""
        return self._waiter is not None and not self._waiter.done()

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - all of it is aiohttp's signature
        status: int = 500,  # noqa: ARG002
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the parser refuses, and close the connection."""
        refusal = self._refusal(exc)
        failed = failure(refusal)
        identifier = new_request_id()
        _LOG.info("request %s refused: %s %r", identifier, failed.message, message)
        response = web.Response(
            status=failed.status,
            body=orjson.dumps(failed.body("")),
            headers={
                "Content-Type": "application/json",
                REQUEST_ID: identifier,
                "Server": "openinteractions",
            }
            | failed.headers,
        )
        response.force_close()
        return response

    def _refusal(self, error: BaseException | None) -> RefusedError:
        reason = Reason.ERROR_REASON_INVALID_REQUEST
        if self._too_large:
            limit = f"larger than {_LARGEST_HEAD} bytes"
            return RefusedError(reason, f"The head of the request is {limit}.")
        if isinstance(error, LineTooLong):
            limit = f"longer than {self.max_line_size} bytes"
            return RefusedError(reason, f"The URL or a header is {limit}.")
        if _TOO_MANY in str(error):
            limit = f"more than {self.max_headers} headers"
            return RefusedError(reason, f"The request has {limit}.")
        if isinstance(error, BadHttpMethod) and self._strange:
            return RefusedError(
                Reason.ERROR_REASON_METHOD_NOT_ALLOWED,
                f"This path has no method {clip(self._strange.decode())}.",
                headers={"Allow": ", ".join(_ALLOWED)},
            )
        return RefusedError(reason, "The request is not valid HTTP.")


def strange_method(data: bytes, begin: int, end: int) -> bytes:
    """Return the method of a head, unless it is a common one or the head is no HTTP.

    The head is what lies from `begin` to `end`.
    """
    if data.startswith(_COMMON, begin):
        return b""
    line = _LINE.match(data, begin, end)
    return line[1] if line else b""


def body_bytes(data: bytes, begin: int, end: int) -> int | None:
    """Return how many bytes of body follow a head; None when it does not say.

    The head is what lies from `begin` to `end`.
    """
    if _CHUNKED.search(data, begin, end):
        return None
    found = _LENGTH.search(data, begin, end)
    return int(found[1]) if found else 0


def one_agent(data: bytes, begin: int, end: int) -> bytes:
    """Return the data with every `User-Agent` of a head but the first renamed.

    The head is what lies from `begin` to `end`.
    """
    first = _AGENT.search(data, begin, end)
    if first is None or _AGENT.search(data, first.end(), end) is None:
        return data
    rest = _AGENT.sub(_RENAMED, data[first.end() : end])
    return data[: first.end()] + rest + data[end:]


class Server(web.Server):
    """Makes the connections of a gateway.

    The handler is cancelled when its client leaves. Bodies come as they were sent.
    """

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
    ) -> None:
        super().__init__(
            handler, handler_cancellation=True, access_log=None, auto_decompress=False
        )
        self.on_lost: Callable[[], None] | None = None
        """Called whenever a connection has ended."""
        self._next_sweep: asyncio.TimerHandle | None = None

    def __call__(self) -> RequestHandler:
        """Return the protocol for one more connection."""
        return Connection(self, loop=self._loop, **self._kwargs)

    def connection_made(
        self, handler: RequestHandler, transport: asyncio.Transport
    ) -> None:
        """Note a new connection."""
        super().connection_made(handler, transport)
        if self._next_sweep is None:
            self._next_sweep = self._loop.call_later(SWEEP_SECONDS, self._sweep_often)

    def sweep(self, now: float) -> None:
        """Leave the clients that have kept their connections waiting for too long.

        Each call looks at all connections; `now` is the time of the loop.
        """
        for connection in self.connections:
            if isinstance(connection, Connection):
                connection.sweep(now)

    def _sweep_often(self) -> None:
        self._next_sweep = None
        if self._connections:
            self.sweep(self._loop.time())
            self._next_sweep = self._loop.call_later(SWEEP_SECONDS, self._sweep_often)

    def connection_lost(
        self, handler: RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Forget a connection."""
        super().connection_lost(handler, exc)
        if self.on_lost is not None:
            self.on_lost()
