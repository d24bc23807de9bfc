"""How calls over gRPC fail: with a status, its details, and what goes along."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2

from openinteractions.core.errors import UpstreamFailedError, UpstreamRateLimitedError
from openinteractions.v1 import interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.rig import ask
from tests.rpc.face import MAX_MESSAGE_BYTES, SERVICE, Face, delete, failure, get

Code = grpc.StatusCode


async def test_an_error_names_its_reason_and_the_member(face: Face) -> None:
    for call in (
        face.stub.CreateInteraction(ask(cached_content="x"), timeout=WAIT_SECONDS),
        face.stub.StreamCreateInteraction(ask(cached_content="x")),
    ):
        failed = await failure(call)

        assert failed.code == Code.INVALID_ARGUMENT
        assert failed.details == [
            error_details_pb2.ErrorInfo(
                reason="ERROR_REASON_NOT_SUPPORTED",
                domain="openinteractions",
                metadata={"field": "cached_content"},
            ),
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field="cached_content", description=failed.message
                    )
                ]
            ),
        ]


@pytest.mark.parametrize("method", ["CreateInteraction", "StreamCreateInteraction"])
async def test_a_limited_rate_says_when_to_come_back(face: Face, method: str) -> None:
    face.say(
        UpstreamRateLimitedError(
            "Slow down.", retry_after=1.5, metadata={"endpoint": "gpu"}
        )
    )
    failed = await failure(getattr(face.stub, method)(ask()))

    assert failed.code == Code.RESOURCE_EXHAUSTED
    assert failed.trailers["retry-after"] == "2"
    assert failed.info.reason == "ERROR_REASON_RATE_LIMITED"
    assert failed.info.metadata == {"endpoint": "gpu"}
    delay = failed.details[1]
    assert isinstance(delay, error_details_pb2.RetryInfo)
    assert delay.retry_delay.ToMilliseconds() == 1500


async def test_what_does_not_exist_is_not_found(face: Face) -> None:
    replay = interaction_service_pb2.StreamInteractionRequest(id="none")
    cancel = interaction_service_pb2.CancelInteractionRequest(id="none")
    for call in (
        face.stub.GetInteraction(get("none"), timeout=WAIT_SECONDS),
        face.stub.DeleteInteraction(delete("none"), timeout=WAIT_SECONDS),
        face.stub.CancelInteraction(cancel, timeout=WAIT_SECONDS),
        face.stub.StreamInteraction(replay),
    ):
        failed = await failure(call)
        assert (failed.code, failed.info.reason) == (
            Code.NOT_FOUND,
            "ERROR_REASON_NOT_FOUND",
        )


async def test_a_fault_of_the_server_tells_nothing(face: Face) -> None:
    face.say(ZeroDivisionError("the secret"))
    failed = await failure(face.stub.CreateInteraction(ask(), timeout=WAIT_SECONDS))

    assert (failed.code, failed.message) == (Code.INTERNAL, "Internal error.")


async def test_a_long_message_arrives_cut_and_with_its_details(face: Face) -> None:
    face.say(UpstreamFailedError("ü" * 100_000, field="input"))
    failed = await failure(face.stub.CreateInteraction(ask(), timeout=WAIT_SECONDS))

    assert failed.message == "ü" * 500 + "…"
    assert failed.info.reason == "ERROR_REASON_UPSTREAM_FAILED"
    assert len(failed.details) == 2


@pytest.mark.parametrize(
    "serialized",
    [
        pytest.param(b"\xff\xff\xff", id="no message"),
        pytest.param(b"\x0a\x02\xc3\x28", id="not UTF-8"),
    ],
)
async def test_bytes_that_are_no_message_are_the_callers_mistake(
    face: Face, serialized: bytes
) -> None:
    channel: Any = face.channel
    for dial, name in (
        (channel.unary_unary, "CreateInteraction"),
        (channel.unary_stream, "StreamCreateInteraction"),
    ):
        failed = await failure(dial(f"/{SERVICE}/{name}")(serialized))

        assert failed.code == Code.INVALID_ARGUMENT
        assert failed.info.reason == "ERROR_REASON_INVALID_REQUEST"


async def test_members_that_are_not_known_are_refused_with_their_path(
    face: Face,
) -> None:
    request = ask(rest='{"colour": "blue"}')
    failed = await failure(face.stub.CreateInteraction(request, timeout=WAIT_SECONDS))

    assert failed.message == "Unknown parameter 'colour'."
    assert failed.info.metadata == {"field": "colour"}


async def test_messages_above_the_limit_are_refused(face: Face) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await face.stub.CreateInteraction(
            ask("x" * (MAX_MESSAGE_BYTES + 1)), timeout=WAIT_SECONDS
        )

    assert caught.value.code() == Code.RESOURCE_EXHAUSTED


async def test_a_method_that_does_not_exist_is_unimplemented(face: Face) -> None:
    channel: Any = face.channel
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(f"/{SERVICE}/Nothing")(b"")

    assert caught.value.code() == Code.UNIMPLEMENTED
