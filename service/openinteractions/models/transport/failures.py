"""Upstream failures: the one table from what a model server did to our errors.

Every message names the endpoint and never a key. What the server itself said is
passed on, trimmed and masked, when it is about the request; about credentials or its
own trouble it stays in our log. Design §8 has the table.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import aiohttp
import orjson

from openinteractions.core import errors
from openinteractions.models.transport import retry_after
from openinteractions.models.transport.halves import whole

MAX_MESSAGE = 500
"""Characters of the server's own words that are passed on."""

_MIN_SECRET = 6
_KEYLIKE = re.compile(r"(?i)\bbearer\s+[^\s\"',]+|\b(?:sk|gsk|xai|hf)[-_][\w-]{8,}")
_STATUS = re.compile(r"[45][0-9]{2}\Z")
_FILTERED = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "moderation_blocked",
        "responsibleaipolicyviolation",
    }
)
_BY_WORD = {
    "insufficient_quota": 402,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "timeout": 408,
}
"""The status that a word amounts to where no status stands beside it."""

AnyError = TypeVar("AnyError", bound=errors.BackendError)

log = logging.getLogger(__name__)


class Failures:
    """Makes the errors of one endpoint.

    Args:
        endpoint: its name in the configuration.
        secrets: texts that no message may have: keys, values of headers.
    """

    def __init__(self, endpoint: str, secrets: Iterable[str] = ()) -> None:
        self.endpoint = endpoint
        found = sorted({s for s in secrets if len(s) >= _MIN_SECRET}, key=len)
        self._secrets = tuple(reversed(found))

    def from_status(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> errors.BackendError:
        """Return the error for an answer whose status is not a success."""
        details = _details(body)
        wait = retry_after.read(headers)
        return self._make(status, _words(details), _message(details, body), wait)

    def from_body(self, error: Any) -> errors.BackendError:
        """Return the error for an error object within an answer that began well."""
        details = error if isinstance(error, dict) else {"message": error}
        words = _words(details)
        numbers = (details.get(name) for name in ("status", "code"))
        status = next((number for number in map(_status, numbers) if number), 0)
        if not status:
            status = next((_BY_WORD[word] for word in words if word in _BY_WORD), 0)
        return self._make(status, words, _message(details, b""), None)

    def from_exception(self, error: Exception) -> errors.BackendError:
        """Return the error for a connection that failed."""
        log.warning("endpoint %r: %s", self.endpoint, self.mask(repr(error)))
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return self._error(
                errors.UpstreamTimeoutError, "did not accept the connection in time"
            )
        if isinstance(error, TimeoutError):
            return self._error(errors.UpstreamTimeoutError, "did not answer in time")
        if isinstance(error, aiohttp.ClientConnectorError):
            return self._error(
                errors.UpstreamUnreachableError, "cannot be reached just now"
            )
        if isinstance(error, aiohttp.ClientPayloadError):
            return self.broken("broke off its answer")
        return self.broken("closed the connection without a whole answer")

    def blocked(self, message: str = "") -> errors.ContentBlockedError:
        """Return the error for content that the server's filter stopped."""
        return self._error(
            errors.ContentBlockedError, "filtered the content", self._said(message)
        )

    def broken(self, what: str) -> errors.UpstreamFailedError:
        """Return the error for an answer that is none; `what` continues the name."""
        return self._error(errors.UpstreamFailedError, what)

    def mask(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _KEYLIKE.sub("***", text)

    def _make(
        self, status: int, words: frozenset[str], message: str, wait: float | None
    ) -> errors.BackendError:
        if words & _FILTERED:
            return self.blocked(message)
        said = self._said(message)
        if "insufficient_quota" in words:
            status = 402
        kind, what, passed_on = _row(status)
        if not passed_on:
            # Nobody else will ever read it.
            log.warning("endpoint %r answered %d: %s", self.endpoint, status, said)
        text = what.format(status=status)
        return self._error(kind, text, said if passed_on else "", wait)

    def _error(
        self,
        kind: type[AnyError],
        what: str,
        said: str = "",
        wait: float | None = None,
    ) -> AnyError:
        text = f'The model server "{self.endpoint}" {what}'
        text = f"{text}: {said}" if said else f"{text}."
        metadata = {"endpoint": self.endpoint}
        return kind(text, metadata=metadata, retry_after=wait)

    def _said(self, message: str) -> str:
        # Masked before it is cut: half a key is still one.
        text = whole(self.mask(" ".join(message.split())))
        return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


_Row = tuple[type[errors.BackendError], str, bool]

_ROWS: dict[int, _Row] = {
    401: (
        errors.UpstreamCredentialsError,
        "refused the key that this server has for it",
        False,
    ),
    402: (
        errors.UpstreamQuotaError,
        "reports that the quota of this server's account is used up",
        False,
    ),
    403: (
        errors.UpstreamCredentialsError,
        "does not allow this with the key that this server has for it",
        False,
    ),
    404: (errors.UpstreamNotFoundError, "does not know the model", True),
    408: (errors.UpstreamTimeoutError, "did not answer in time", False),
    429: (errors.UpstreamRateLimitedError, "limits the rate of requests", False),
}


def _row(status: int) -> _Row:
    """Return class, words, and whether the server's own message is passed on."""
    if row := _ROWS.get(status):
        return row
    if 400 <= status < 500:  # noqa: PLR2004 - the client errors of HTTP
        return errors.UpstreamRefusedError, "refused the request", True
    what = "failed with status {status}" if status else "failed while it answered"
    return errors.UpstreamFailedError, what, False


def _status(value: Any) -> int:
    number = int(value) if isinstance(value, str) and _STATUS.match(value) else value
    good = isinstance(number, int) and 400 <= number < 600  # noqa: PLR2004
    return number if good else 0


def _details(body: bytes) -> dict[str, Any]:
    """Find the error object in a body; servers wrap it in several ways."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return {}
    error = found.get("error")
    if isinstance(error, dict):
        return error
    return {**found, "message": error} if isinstance(error, str) else found


def _message(details: Mapping[str, Any], body: bytes) -> str:
    for name in ("message", "detail", "msg"):
        found = details.get(name)
        if isinstance(found, str):
            return found
        if found:
            return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    if details or body.lstrip()[:1] == b"<":
        return ""
    return body.decode("utf-8", "replace")


def _words(details: Mapping[str, Any]) -> frozenset[str]:
    inner = details.get("innererror") or details.get("inner_error")
    found = [details.get("code"), details.get("type")]
    if isinstance(inner, dict):
        found.append(inner.get("code"))
    return frozenset(word.lower() for word in found if isinstance(word, str))
