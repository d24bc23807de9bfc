"""The HTTP server below the gateway: aiohttp's, with two things put right.

The Python SDKs 1.55 to 2.8 send two `User-Agent` lines (contract §1.3), which aiohttp's
parser refuses; the second is renamed before it sees them. And what is no HTTP at all is
answered in the documented form, like every other error.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from openinteractions.gateway.clients import SECOND_AGENT
from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.status import failure

_LOG = logging.getLogger("openinteractions.gateway")

_END = b"\r\n\r\n"
_AGENT = re.compile(rb"\r\nuser-agent:", re.IGNORECASE)
_RENAMED = b"\r\n" + SECOND_AGENT.encode() + b":"

# A head that is larger goes to the parser as it is; that refuses it.
_LARGEST_HEAD = 64 * 1024


class Connection(RequestHandler):
    """One connection of a client."""

    __slots__ = ("_head",)

    def connection_made(self, transport: object) -> None:
        """Take over a new connection."""
        self._head = b""
        super().connection_made(transport)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Take the next bytes; the head of a request is passed on whole."""
        if self._head or self._idle():
            data = self._head + data
            end = data.find(_END)
            if end < 0 and len(data) < _LARGEST_HEAD:
                self._head = data
                return
            self._head = b""
            data = one_agent(data, end)
        super().data_received(data)

    def _idle(self) -> bool:
        """Whether the next byte begins a request."""
        if not self._request_count:
            return True
        return self._waiter is not None and not self._waiter.done()

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - all of it is aiohttp's signature
        status: int = 500,  # noqa: ARG002
        exc: BaseException | None = None,  # noqa: ARG002
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the parser refuses, and close the connection."""
        reason = Reason.ERROR_REASON_INVALID_REQUEST
        failed = failure(RefusedError(reason, "The request is not valid HTTP."))
        _LOG.info("refused a request that is not valid HTTP: %r", message)
        response = web.Response(
            status=failed.status,
            body=orjson.dumps(failed.body),
            content_type="application/json",
        )
        response.force_close()
        return response


def one_agent(data: bytes, end: int) -> bytes:
    """Return a head, which ends at `end`, with every second `User-Agent` renamed."""
    first = _AGENT.search(data, 0, end)
    if first is None or _AGENT.search(data, first.end(), end) is None:
        return data
    rest = _AGENT.sub(_RENAMED, data[first.end() : end])
    return data[: first.end()] + rest + data[end:]


class Server(web.Server):
    """Makes the connections of a gateway.

    The handler is cancelled when its client leaves.
    """

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
    ) -> None:
        super().__init__(handler, handler_cancellation=True, access_log=None)

    def __call__(self) -> RequestHandler:
        """Return the protocol for one more connection."""
        return Connection(self, loop=self._loop, **self._kwargs)
