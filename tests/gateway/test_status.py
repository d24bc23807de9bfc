"""Failures of both kinds, as clients see them."""

from __future__ import annotations

from typing import cast

import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2

from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.status import failure
from openinteractions.gateway.upstream import StatusError
from openinteractions.v1.error_reason_pb2 import ErrorReason

# Statuses that the client libraries send again (contract §1.5).
SENT_AGAIN = {408, 409, 429}


def from_service(
    code: int, reason: str = "", domain: str = "openinteractions"
) -> StatusError:
    status = status_pb2.Status(code=code, message="It failed.")
    status.details.add().Pack(error_details_pb2.BadRequest())
    if reason:
        info = error_details_pb2.ErrorInfo(reason=reason, domain=domain)
        status.details.add().Pack(info)
    return StatusError(status)


def reason_of(name: str) -> ErrorReason:
    return cast("ErrorReason", ErrorReason.Value(name))


BY_REASON = [
    ("INVALID_REQUEST", 400, "invalid_request"),
    ("NOT_SUPPORTED", 400, "invalid_request"),
    ("UNAUTHENTICATED", 401, "unauthenticated"),
    ("PERMISSION_DENIED", 403, "permission_denied"),
    ("NOT_FOUND", 404, "not_found"),
    ("METHOD_NOT_ALLOWED", 405, "method_not_allowed"),
    ("TOO_LARGE", 413, "request_too_large"),
    ("RATE_LIMITED", 429, "too_many_requests"),
    ("CANCELLED", 499, "cancelled"),
    ("CONTENT_BLOCKED", 400, "content_blocked"),
    ("INTERNAL", 500, "internal_error"),
    ("UPSTREAM_FAILED", 502, "bad_gateway"),
    ("UNAVAILABLE", 503, "unavailable"),
    ("UPSTREAM_TIMEOUT", 504, "gateway_timeout"),
]


@pytest.mark.parametrize(("reason", "status", "code"), BY_REASON)
def test_a_reason_fixes_status_and_word(reason: str, status: int, code: str) -> None:
    name = f"ERROR_REASON_{reason}"
    body = {"error": {"message": "It failed.", "code": code}}

    service = failure(from_service(code_pb2.UNKNOWN, name))
    own = failure(RefusedError(reason_of(name), "It failed."))

    assert (service.status, service.body("/v1/interactions")) == (status, body)
    assert own == service


BY_CODE = [
    (code_pb2.CANCELLED, 499),
    (code_pb2.UNKNOWN, 500),
    (code_pb2.INVALID_ARGUMENT, 400),
    (code_pb2.DEADLINE_EXCEEDED, 504),
    (code_pb2.NOT_FOUND, 404),
    (code_pb2.ALREADY_EXISTS, 400),
    (code_pb2.PERMISSION_DENIED, 403),
    (code_pb2.RESOURCE_EXHAUSTED, 429),
    (code_pb2.FAILED_PRECONDITION, 400),
    (code_pb2.ABORTED, 503),
    (code_pb2.OUT_OF_RANGE, 400),
    (code_pb2.UNIMPLEMENTED, 405),
    (code_pb2.INTERNAL, 500),
    (code_pb2.UNAVAILABLE, 503),
    (code_pb2.DATA_LOSS, 500),
    (code_pb2.UNAUTHENTICATED, 401),
]


@pytest.mark.parametrize(("code", "status"), BY_CODE)
@pytest.mark.parametrize(
    ("reason", "domain"), [("", ""), ("STALE", "openinteractions"), ("X", "other")]
)
def test_without_a_reason_of_ours_the_code_decides(
    code: int, status: int, reason: str, domain: str
) -> None:
    assert failure(from_service(code, reason, domain)).status == status


def test_a_lasting_mistake_is_not_sent_again() -> None:
    lasting = ["INVALID_REQUEST", "NOT_SUPPORTED", "UNKNOWN_MODEL", "TOO_LARGE"]
    lasting += ["FAILED_PRECONDITION", "UNAUTHENTICATED", "PERMISSION_DENIED"]
    lasting += ["NOT_FOUND", "METHOD_NOT_ALLOWED", "CONTENT_BLOCKED"]
    lasting += ["UPSTREAM_REFUSED", "UPSTREAM_CREDENTIALS"]
    for reason in lasting:
        number = reason_of(f"ERROR_REASON_{reason}")
        status = failure(RefusedError(number, "No.")).status
        assert status < 500
        assert status not in SENT_AGAIN


def test_only_known_headers_of_a_failure_are_passed_on() -> None:
    error = from_service(code_pb2.RESOURCE_EXHAUSTED)
    error.headers = {"retry-after": "7", "server": "x"}

    assert failure(error).headers == {"retry-after": "7"}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("input[0].call_id: no such call.", "<input[0].call_id>: no such call."),
        ("input[0].content[1].text is required.", "<input[0].content[1].text> is"),
        ("input: is empty.", "input: is empty."),
        ("inputs are many.", "inputs are many."),
        ("No input[0] here.", "No input[0] here."),
        ("", "Internal error."),
    ],
)
def test_the_path_that_a_message_begins_with_is_the_clients(
    message: str, shown: str
) -> None:
    status = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message=message)
    failed = failure(StatusError(status), lambda path: f"<{path}>")

    assert failed.message.startswith(shown)


def test_the_headers_of_a_refusal_are_passed_on() -> None:
    error = RefusedError(
        Reason.ERROR_REASON_METHOD_NOT_ALLOWED, "No.", headers={"Allow": "GET"}
    )

    assert failure(error).headers == {"Allow": "GET"}


def test_a_surprise_is_an_internal_error_that_says_nothing() -> None:
    failed = failure(ValueError("a secret"))

    assert (failed.status, failed.error) == (
        500,
        {"message": "Internal error.", "code": "internal_error"},
    )


def test_a_failure_without_words_gets_some() -> None:
    failed = failure(StatusError(status_pb2.Status(code=code_pb2.NOT_FOUND)))

    assert failed.error == {"message": "Internal error.", "code": "not_found"}
