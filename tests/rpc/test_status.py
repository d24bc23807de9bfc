"""Errors of the domain as `google.rpc.Status`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.rpc import error_details_pb2

from openinteractions.core import errors
from openinteractions.rpc.status import to_status
from openinteractions.v1 import error_reason_pb2
from tests.rpc.face import details


def classes(parent: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from classes(child)


@pytest.mark.parametrize("kind", list(classes(errors.DomainError)))
def test_every_error_has_its_code_and_reason(kind: type[errors.DomainError]) -> None:
    status = to_status(kind("What went wrong."))

    assert status.message == "What went wrong."
    assert status.code == errors.shape(kind.reason).grpc_code != 0
    assert details(status) == [
        error_details_pb2.ErrorInfo(
            reason=error_reason_pb2.ErrorReason.Name(kind.reason),
            domain="openinteractions",
        )
    ]


def test_a_member_and_a_wait_are_details_of_their_own() -> None:
    error = errors.RequestError(
        "Too hot.", field="heat", metadata={"endpoint": "gpu"}, retry_after=0.25
    )
    info, bad, retry = details(to_status(error))

    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert info.metadata == {"field": "heat", "endpoint": "gpu"}
    assert isinstance(bad, error_details_pb2.BadRequest)
    assert [(v.field, v.description) for v in bad.field_violations] == [
        ("heat", "Too hot.")
    ]
    assert isinstance(retry, error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == 250
    assert error.metadata == {"endpoint": "gpu"}


@pytest.mark.parametrize(
    ("message", "cut"),
    [
        pytest.param("12345", "12345", id="short enough"),
        pytest.param("123456", "12345…", id="too long"),
        pytest.param("üüü", "üü…", id="not within a character"),
    ],
)
def test_a_long_message_is_cut_where_that_is_asked_for(message: str, cut: str) -> None:
    error = errors.RequestError(message, field="a")

    assert to_status(error).message == message
    assert to_status(error, longest_bytes=5).message == cut
