"""The errors of the domain: one class for each way in which a call can fail.

    DomainError
    ├── RequestError                 the caller's mistake; names the member
    │   ├── NotSupportedError        asks for what this server or model cannot do
    │   ├── TooLargeError            has more bytes than the limit
    │   └── UnknownModelError        no such model is configured
    ├── PreconditionError            the thing's status does not allow it
    ├── UnauthenticatedError         the key is missing or wrong
    ├── NotFoundError                no such thing, or another key's
    ├── NotReadError                 the caller takes nothing of a streamed answer
    ├── CancelledError               the caller left, or the interaction was cancelled
    ├── UnavailableError             this server cannot work just now
    ├── QueueFullError               too much waits already
    ├── InternalError                this server's own fault
    └── BackendError                 the model's server; never names its key
        ├── ContentBlockedError      it filtered the content
        ├── UpstreamRefusedError     it refused the request
        ├── UpstreamCredentialsError it refused our key
        ├── UpstreamQuotaError       our account may not
        ├── UpstreamRateLimitedError it limits the rate
        ├── UpstreamNotFoundError    it does not know the model
        ├── UpstreamFailedError      it failed, or its answer is none
        ├── UpstreamUnreachableError
        └── UpstreamTimeoutError

Each class fixes an `ErrorReason`; the reason's annotations in `error_reason.proto`
are the only table of gRPC codes, HTTP statuses and error words.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

from openinteractions.json.v1 import annotations_pb2
from openinteractions.v1 import error_pb2, error_reason_pb2

Reason = error_reason_pb2.ErrorReason


class DomainError(Exception):
    """A call failed for a reason that the caller may know.

    Attributes:
        reason: the `ErrorReason` value.
        message: what went wrong, for a person; no internals, no secrets.
        field: the JSON path of the member at fault, such as
            `generation_config.temperature` or `input[0].content`, or None.
        metadata: facts documented at the reason, such as `endpoint`. What a server
            with this same API answered has its `http_status` and `code`, and the
            whole `error` as JSON text where that is short.
        retry_after: seconds to wait before another try, or None.
    """

    reason: ClassVar[error_reason_pb2.ErrorReason] = Reason.ERROR_REASON_INTERNAL

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        metadata: dict[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.metadata = metadata or {}
        self.retry_after = retry_after


class RequestError(DomainError):
    """A member of the request is wrong; `field` names it."""

    reason = Reason.ERROR_REASON_INVALID_REQUEST


class NotSupportedError(RequestError):
    """The request asks for something that this server or model cannot do."""

    reason = Reason.ERROR_REASON_NOT_SUPPORTED


class TooLargeError(RequestError):
    """What was sent has more bytes than the limit."""

    reason = Reason.ERROR_REASON_TOO_LARGE


class UnknownModelError(RequestError):
    """No model of that name is configured."""

    reason = Reason.ERROR_REASON_UNKNOWN_MODEL


class PreconditionError(DomainError):
    """The interaction, or the upload, is in a status that does not allow the call."""

    reason = Reason.ERROR_REASON_FAILED_PRECONDITION


class UnauthenticatedError(DomainError):
    """The key is missing or wrong."""

    reason = Reason.ERROR_REASON_UNAUTHENTICATED


class NotFoundError(DomainError):
    """The thing does not exist, or belongs to another key."""

    reason = Reason.ERROR_REASON_NOT_FOUND


class NotReadError(DomainError):
    """The caller has taken nothing of a streamed answer for too long."""

    reason = Reason.ERROR_REASON_NOT_READ


class CancelledError(DomainError):
    """The caller left, or the interaction was cancelled."""

    reason = Reason.ERROR_REASON_CANCELLED


class UnavailableError(DomainError):
    """This server cannot work just now."""

    reason = Reason.ERROR_REASON_UNAVAILABLE


class QueueFullError(DomainError):
    """So many interactions wait already that no more are taken."""

    reason = Reason.ERROR_REASON_RATE_LIMITED


class InternalError(DomainError):
    """A fault of this server; the log has the details, the caller has not."""

    reason = Reason.ERROR_REASON_INTERNAL


class BackendError(DomainError):
    """The model's server is at fault; `metadata["endpoint"]` names it."""

    reason = Reason.ERROR_REASON_UPSTREAM_FAILED


class ContentBlockedError(BackendError):
    """The model's server filtered the content."""

    reason = Reason.ERROR_REASON_CONTENT_BLOCKED


class UpstreamRefusedError(BackendError):
    """The model's server refused the request."""

    reason = Reason.ERROR_REASON_UPSTREAM_REFUSED


class UpstreamCredentialsError(BackendError):
    """The model's server refused this server's own key."""

    reason = Reason.ERROR_REASON_UPSTREAM_CREDENTIALS


class UpstreamQuotaError(BackendError):
    """The account at the model's server has no quota left."""

    reason = Reason.ERROR_REASON_PERMISSION_DENIED


class UpstreamRateLimitedError(BackendError):
    """The model's server limits the rate; `retry_after` is what it said."""

    reason = Reason.ERROR_REASON_RATE_LIMITED


class UpstreamNotFoundError(BackendError):
    """The model's server does not know the model."""

    reason = Reason.ERROR_REASON_NOT_FOUND


class UpstreamFailedError(BackendError):
    """The model's server failed, or answered something that is no answer."""

    reason = Reason.ERROR_REASON_UPSTREAM_FAILED


class UpstreamUnreachableError(BackendError):
    """The model's server cannot be reached."""

    reason = Reason.ERROR_REASON_UPSTREAM_UNREACHABLE


class UpstreamTimeoutError(BackendError):
    """The model's server did not answer in time."""

    reason = Reason.ERROR_REASON_UPSTREAM_TIMEOUT


def shape(reason: error_reason_pb2.ErrorReason) -> annotations_pb2.ErrorShape:
    """Return how errors of this reason appear on each face."""
    value = error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_number[reason]
    # The generated stubs type an extension as a plain field descriptor.
    extension = cast("Any", annotations_pb2.error)
    return cast("annotations_pb2.ErrorShape", value.GetOptions().Extensions[extension])


def to_error(error: DomainError) -> error_pb2.Error:
    """Return the error as interactions and their events carry it."""
    code = error.metadata.get("code") or shape(error.reason).code
    return error_pb2.Error(code=code, message=error.message)
