"""What a failed call of the gRPC face leaves in the log."""

from __future__ import annotations

import logging

import grpc.aio
import pytest

from openinteractions.core.errors import UpstreamFailedError
from openinteractions.v1 import interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.rig import ask
from tests.rpc.face import Face, events

NAME = "openinteractions.rpc.transport"
METADATA = (("x-request-id", "r1"),)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "openinteractions.rpc")
    return caplog


async def fail(face: Face, method: str, request: object) -> None:
    call = getattr(face.stub, method)(request, metadata=METADATA, timeout=WAIT_SECONDS)
    with pytest.raises(grpc.aio.AioRpcError):
        await (events(call) if method.startswith("Stream") else call)


METHODS = ["CreateInteraction", "StreamCreateInteraction"]


async def test_a_failed_call_is_one_line_with_its_request_id(
    face: Face, log: pytest.LogCaptureFixture
) -> None:
    request = interaction_service_pb2.GetInteractionRequest(id="a\nb")
    await fail(face, "GetInteraction", request)

    ((name, level, line),) = log.record_tuples
    assert (name, level) == (NAME, logging.INFO)
    assert line.startswith("GetInteraction r1 failed: not_found: ")
    assert "\n" not in line


@pytest.mark.parametrize("method", METHODS)
async def test_a_failure_of_a_model_server_is_a_warning(
    face: Face, log: pytest.LogCaptureFixture, method: str
) -> None:
    face.rig.puppet.say(UpstreamFailedError("It is down."))
    await fail(face, method, ask())

    line = f"{method} r1 failed: bad_gateway: 'It is down.'"
    assert log.record_tuples == [(NAME, logging.WARNING, line)]
    assert log.records[0].exc_info is None


@pytest.mark.parametrize("method", METHODS)
async def test_what_nobody_foresaw_is_logged_whole(
    face: Face, log: pytest.LogCaptureFixture, method: str
) -> None:
    face.rig.puppet.say(ZeroDivisionError("the secret"))
    await fail(face, method, ask())

    line = f"{method} r1 failed: internal_error: 'Internal error.'"
    assert log.record_tuples == [(NAME, logging.ERROR, line)]
    assert log.records[0].exc_info is not None
    assert isinstance(log.records[0].exc_info[1], ZeroDivisionError)


async def test_a_call_that_succeeds_leaves_no_line(
    face: Face, log: pytest.LogCaptureFixture
) -> None:
    face.say()
    await face.stub.CreateInteraction(ask(), timeout=WAIT_SECONDS)

    assert log.records == []
