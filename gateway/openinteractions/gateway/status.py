"""Failures to HTTP: status, body and headers.

Both kinds of failures come out alike, those of the service (a google.rpc.Status) and
the gateway's own (a `RefusedError`). The table of HTTP statuses and error words is the
annotations of `ErrorReason`; nothing else knows one, but for what another server with
this same API has answered: that has its status and word in the metadata.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from google.rpc import code_pb2, error_details_pb2, status_pb2

from openinteractions.gateway.errors import Origin, Reason, RefusedError, as_it_is
from openinteractions.gateway.options import error_shape
from openinteractions.gateway.paths import is_of_files
from openinteractions.gateway.upstream import StatusError
from openinteractions.v1.error_reason_pb2 import ErrorReason

DOMAIN = "openinteractions"
"""The domain of the reasons that `ErrorReason` lists."""

_PASSED_ON = frozenset({"retry-after", "x-openinteractions-ignored"})

_STATUS = "http_status"
"""The member of an error's metadata with the status of another server's answer."""

_INTERNAL = "Internal error."

# What a message of the service begins with if a member of the input is at fault.
_PATH = re.compile(r"\Ainput(?:\[\d+\]|\.\w+)+")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed request as its client sees it."""

    status: int
    code: str
    """The word of the failure, such as `not_found`."""

    message: str
    grpc_code: int
    headers: dict[str, str]
    passed_on: dict[str, Any] = field(default_factory=dict)
    """The error as another server with this same API said it."""

    @property
    def error(self) -> dict[str, Any]:
        """The error as bodies and events carry it (contract §7.1)."""
        if self.passed_on:
            return self.passed_on
        return {"message": self.message, "code": self.code}

    def body(self, path: str) -> dict[str, Any]:
        """Return the JSON body of the response to a request for a path.

        Errors of files are read by other code in the SDKs than those of interactions,
        and look as those of Google's older services (contract §7.2).
        """
        if not is_of_files(path):
            return {"error": self.error}
        word = code_pb2.Code.Name(cast("code_pb2.Code", self.grpc_code))
        error = {"code": self.status, "message": self.message, "status": word}
        return {"error": error}


def failure(error: Exception, origin: Origin = as_it_is) -> Failure:
    """Return how a failure appears; one of no known kind is an internal error.

    Args:
        error: the failure.
        origin: where the client wrote what the service knows by a path.
    """
    if isinstance(error, RefusedError):
        return _failure(error.reason, error.message, error.headers)
    if isinstance(error, StatusError):
        headers = {
            name: value for name, value in error.headers.items() if name in _PASSED_ON
        }
        message = _PATH.sub(lambda path: origin(path[0]), error.status.message)
        info = _info(error.status)
        if info is not None and _STATUS in info.metadata:
            return _passed_on(error.status, info.metadata, message, headers)
        return _failure(_reason(error.status, info), message, headers)
    return _failure(Reason.ERROR_REASON_INTERNAL, _INTERNAL, {})


def _failure(reason: ErrorReason, message: str, headers: dict[str, str]) -> Failure:
    shape = _SHAPES[reason]
    return Failure(
        shape.http_status, shape.code, message or _INTERNAL, shape.grpc_code, headers
    )


def _passed_on(
    status: status_pb2.Status,
    metadata: Mapping[str, str],
    message: str,
    headers: dict[str, str],
) -> Failure:
    said = orjson.loads(metadata.get("error", "{}"))
    if said.get("message") == status.message:
        said["message"] = message
    return Failure(
        int(metadata[_STATUS]),
        metadata.get("code", ""),
        message,
        status.code,
        headers,
        said,
    )


def _info(status: status_pb2.Status) -> error_details_pb2.ErrorInfo | None:
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info) and info.domain == DOMAIN and info.reason in _BY_NAME:
            return info
    return None


def _reason(
    status: status_pb2.Status, info: error_details_pb2.ErrorInfo | None
) -> ErrorReason:
    if info is not None:
        return _BY_NAME[info.reason]
    return _BY_CODE.get(status.code, Reason.ERROR_REASON_INTERNAL)


_VALUES = ErrorReason.DESCRIPTOR.values
_SHAPES = {value.number: error_shape(value) for value in _VALUES}
_BY_NAME = cast("dict[str, ErrorReason]", dict(Reason.items()))
# A status without a reason of ours comes from something between us and the service. The
# first reason with its code is the plainest, except where that is about model servers.
_BY_CODE: dict[int, ErrorReason] = {
    _SHAPES[reason].grpc_code: reason
    for reason in sorted(_BY_NAME.values(), reverse=True)
} | {
    code_pb2.OUT_OF_RANGE: Reason.ERROR_REASON_INVALID_REQUEST,
    code_pb2.ALREADY_EXISTS: Reason.ERROR_REASON_INVALID_REQUEST,
    code_pb2.ABORTED: Reason.ERROR_REASON_UNAVAILABLE,
    code_pb2.UNAVAILABLE: Reason.ERROR_REASON_UNAVAILABLE,
    code_pb2.INTERNAL: Reason.ERROR_REASON_INTERNAL,
}
