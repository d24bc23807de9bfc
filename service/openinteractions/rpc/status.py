"""Errors of the domain as `google.rpc.Status`.

The reason, its domain and the member at fault go along as details; codes come from the
table at `ErrorReason`. Nothing else in this face mentions codes.
"""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from openinteractions.core.errors import DomainError, shape
from openinteractions.v1 import error_reason_pb2

DOMAIN = "openinteractions"
"""The domain of the reasons that `ErrorReason` lists."""

NANOSECONDS = 1_000_000_000


def to_status(
    error: DomainError, *, longest_bytes: int | None = None
) -> status_pb2.Status:
    """Return an error with its details: ErrorInfo, then BadRequest and RetryInfo.

    A message of more than `longest_bytes` is cut.
    """
    message = _cut(error.message, longest_bytes)
    status = status_pb2.Status(code=shape(error.reason).grpc_code, message=message)
    info = error_details_pb2.ErrorInfo(
        reason=error_reason_pb2.ErrorReason.Name(error.reason),
        domain=DOMAIN,
        metadata=error.metadata,
    )
    if error.field is not None:
        info.metadata["field"] = error.field
    status.details.add().Pack(info)
    if error.field is not None:
        bad = error_details_pb2.BadRequest()
        bad.field_violations.add(field=error.field, description=message)
        status.details.add().Pack(bad)
    if error.retry_after is not None:
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_after * NANOSECONDS))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def _cut(message: str, longest_bytes: int | None) -> str:
    encoded = message.encode()
    if longest_bytes is None or len(encoded) <= longest_bytes:
        return message
    return encoded[:longest_bytes].decode(errors="ignore") + "…"
