"""Failures of a server that speaks the API itself: they keep status, word and message.

A caller sees what it would have seen at the server: the errors carry it in their
metadata. What is no answer at all, such as a refused connection, is an error as those
of any model server are.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson

from openinteractions.core import errors
from openinteractions.models.transport import failures, retry_after

MAX_ERROR = 2000
"""Bytes of JSON up to which an error object passes whole: it travels in trailers."""

log = logging.getLogger(__name__)

_CLASSES: dict[int, type[errors.BackendError]] = {
    403: errors.UpstreamQuotaError,
    404: errors.UpstreamNotFoundError,
    408: errors.UpstreamTimeoutError,
    429: errors.UpstreamRateLimitedError,
    503: errors.UpstreamUnreachableError,
    504: errors.UpstreamTimeoutError,
}
"""The kinds of errors by status, for those who see no status."""

_WORDS = {
    400: "invalid_request",
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    429: "too_many_requests",
    499: "cancelled",
    500: "internal_error",
    502: "bad_gateway",
    503: "unavailable",
    504: "gateway_timeout",
}
"""The words of errors whose server says none (contract §7.1)."""


class PassedOn(failures.Failures):
    """Makes the errors of one endpoint."""

    def from_status(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> errors.BackendError:
        """Return the error for an answer whose status is not a success."""
        if not 400 <= status < 600:  # noqa: PLR2004 - the errors of HTTP
            return self.broken(f"answered with status {status}")
        if status in (401, 403):
            # It is this server's key that is at fault, and nobody else is told.
            log.warning("endpoint %r refused this server's key", self.endpoint)
        error = self._object(body)
        said = error.get("message")
        message = said if isinstance(said, str) and said else self._text(status, body)
        metadata = {
            "endpoint": self.endpoint,
            "http_status": str(status),
            "code": _word(status, error),
        }
        whole = orjson.dumps(error)
        if error and len(whole) <= MAX_ERROR:
            metadata["error"] = whole.decode()
        return _class(status, metadata["code"])(
            message, metadata=metadata, retry_after=retry_after.read(headers)
        )

    def _object(self, body: bytes) -> dict[str, Any]:
        """Return the error object of a body; empty when it has none.

        In a list, as one of Google's front ends has it, not every client finds it.
        """
        try:
            found = orjson.loads(self.mask(body.decode()))
        except ValueError:
            return {}
        if isinstance(found, list) and found:
            found = found[0]
        error = found.get("error") if isinstance(found, dict) else None
        return error if isinstance(error, dict) else {}

    def _text(self, status: int, body: bytes) -> str:
        text = self.mask(body.decode("utf-8", "replace")).strip()
        if text and text[0] not in "<{[":
            return text[: failures.MAX_MESSAGE]
        return f'The model server "{self.endpoint}" answered with status {status}.'


def _word(status: int, error: Mapping[str, Any]) -> str:
    code = error.get("code")
    if isinstance(code, str) and code:
        return code
    fallback = "invalid_request" if status < 500 else "internal_error"  # noqa: PLR2004
    return _WORDS.get(status, fallback)


def _class(status: int, word: str) -> type[errors.BackendError]:
    if word == "content_blocked":
        return errors.ContentBlockedError
    if status in _CLASSES:
        return _CLASSES[status]
    if status < 500:  # noqa: PLR2004
        return errors.UpstreamRefusedError
    return errors.UpstreamFailedError
