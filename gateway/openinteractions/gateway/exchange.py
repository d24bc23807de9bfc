"""One HTTP request and its answer, as the stages after routing see it.

Holds what every answer needs: the identifier of the request, the metadata of the RPC,
and the revision that the client reads.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from openinteractions.gateway.clients import REQUEST_ID
from openinteractions.gateway.errors import Origin, RefusedError, as_it_is
from openinteractions.gateway.revisions import Revision
from openinteractions.gateway.status import Failure, failure
from openinteractions.gateway.upstream import StatusError

_LOG = logging.getLogger("openinteractions.gateway")

_PASSED_ON = frozenset({"x-openinteractions-ignored"})
_JSON = "application/json"
_SERVER_FAULT = 500


@dataclass(slots=True)
class Exchange:
    """A request that is being answered."""

    request: web.BaseRequest
    path: str
    """The path, without the query: that may hold a key."""

    identifier: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Of the RPC."""

    revision: Revision = Revision.STEPS
    """In which the answer goes out."""

    origin: Origin = as_it_is
    """Where the client wrote what the RPC's message has at a path."""

    headers: dict[str, str] = field(default_factory=dict)
    """What the service adds to the response."""

    def response_headers(self, content_type: str) -> dict[str, str]:
        """Return the headers of the response."""
        made = {
            "Content-Type": content_type,
            REQUEST_ID: self.identifier,
            "Server": "openinteractions",
        }
        if self.headers:
            for name in _PASSED_ON & self.headers.keys():
                made[name] = self.headers[name]
        return made

    def json(self, body: bytes, *, status: int = 200) -> web.Response:
        """Return a response with a JSON body."""
        headers = self.response_headers(_JSON)
        return web.Response(body=body, status=status, headers=headers)

    def failed(self, error: Exception) -> web.Response:
        """Return the response for a failure, and log it."""
        failed = self.note(error)
        response = self.json(orjson.dumps(failed.body(self.path)), status=failed.status)
        response.headers.update(failed.headers)
        return response

    def note(self, error: Exception) -> Failure:
        """Log a failure in one line, with what nobody foresaw behind it.

        A service in the same process leaves that to its gateway.
        """
        failed = failure(error, self.origin)
        _LOG.log(
            logging.ERROR if failed.status >= _SERVER_FAULT else logging.INFO,
            "request %s failed: %s %s: %d %s: %r",
            self.identifier,
            self.request.method,
            self.path,
            failed.status,
            failed.code,
            failed.message,
            exc_info=_surprise(error),
        )
        return failed

    def note_left(self, error: StatusError, what: str) -> None:
        """Log what a request leaves behind that has failed, and fails by itself."""
        text = "request %s left %s: %r"
        cause = error.__cause__
        _LOG.warning(text, self.identifier, what, error.status.message, exc_info=cause)


def _surprise(error: Exception) -> BaseException | None:
    """Return what nobody foresaw about a failure, if that is why there is one."""
    if isinstance(error, RefusedError):
        return None
    return error.__cause__ if isinstance(error, StatusError) else error
