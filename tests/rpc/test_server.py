"""The gRPC server, spoken to by the generated Python client."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import empty_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from openinteractions.core.errors import UpstreamFailedError, UpstreamRateLimitedError
from openinteractions.core.fold import fold
from openinteractions.core.model_events import Text
from openinteractions.rpc.server import REFLECTION
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.engine.rig import ask, names
from tests.rpc.face import (
    MAX_MESSAGE_BYTES,
    WAIT_SECONDS,
    Face,
    events,
    serving,
    taken_apart,
)

Code = grpc.StatusCode
Status = interaction_pb2.InteractionStatus
SERVICE = "openinteractions.v1.InteractionService"
EVENTS = [
    "created",
    "status_update",
    "step_start",
    "step_delta",
    "step_delta",
    "step_stop",
    "completed",
]


def get(identifier: str) -> interaction_service_pb2.GetInteractionRequest:
    return interaction_service_pb2.GetInteractionRequest(id=identifier)


def delete(identifier: str) -> interaction_service_pb2.DeleteInteractionRequest:
    return interaction_service_pb2.DeleteInteractionRequest(id=identifier)


async def test_an_interaction_is_created_fetched_listed_and_deleted(
    face: Face,
) -> None:
    face.say()
    created = await face.stub.CreateInteraction(ask(), timeout=WAIT_SECONDS)
    assert created.status == Status.INTERACTION_STATUS_COMPLETED
    assert [step.WhichOneof("kind") for step in created.steps] == ["model_output"]
    assert created.steps[0].model_output.content[0].text.text == "Hello"

    fetched = await face.stub.GetInteraction(get(created.id), timeout=WAIT_SECONDS)
    assert fetched.steps[0].user_input.content[0].text.text == "hi"
    assert fetched.steps[1:] == created.steps
    page = await face.stub.ListInteractions(
        interaction_service_pb2.ListInteractionsRequest(), timeout=WAIT_SECONDS
    )
    assert [entry.id for entry in page.interactions] == [created.id]
    gone = await face.stub.DeleteInteraction(delete(created.id), timeout=WAIT_SECONDS)
    assert gone == empty_pb2.Empty()
    with pytest.raises(grpc.aio.AioRpcError):
        await face.stub.GetInteraction(get(created.id), timeout=WAIT_SECONDS)


async def test_a_stream_has_every_event_and_folds_to_the_interaction(
    face: Face,
) -> None:
    face.say()
    seen = await events(face.stub.StreamCreateInteraction(ask()))
    assert names(seen) == EVENTS
    folded = fold(seen)

    fetched = await face.stub.GetInteraction(get(folded.id), timeout=WAIT_SECONDS)
    assert fetched.steps[1:] == folded.steps
    assert fetched.status == folded.status == Status.INTERACTION_STATUS_COMPLETED


async def test_a_replay_goes_on_after_the_last_event(face: Face) -> None:
    face.say()
    seen = await events(face.stub.StreamCreateInteraction(ask()))
    request = interaction_service_pb2.StreamInteractionRequest(
        id=seen[0].created.interaction.id, last_event_id=seen[4].event_id
    )

    assert await events(face.stub.StreamInteraction(request)) == seen[5:]


async def test_events_arrive_while_the_model_still_speaks(face: Face) -> None:
    call = face.stub.StreamCreateInteraction(ask())
    face.say([Text("Hel")])
    assert names(await events(call, 4)) == EVENTS[:4]
    face.say([Text("lo")], None)

    assert "completed" in names(await events(call))


@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
async def test_what_the_model_ignores_is_named_beside_the_answer(
    face: Face, stream: bool
) -> None:
    request = ask()
    request.generation_config.seed = 7
    face.say()
    if stream:
        call = face.stub.StreamCreateInteraction(request)
        await events(call)
    else:
        call = face.stub.CreateInteraction(request, timeout=WAIT_SECONDS)
        await call
    metadata = await headers(call)

    assert metadata["x-openinteractions-ignored"] == "generation_config.seed"


async def test_nothing_ignored_is_not_mentioned(face: Face) -> None:
    face.say()
    call = face.stub.CreateInteraction(ask(), timeout=WAIT_SECONDS)
    await call

    assert list(await headers(call)) == ["x-request-id"]


@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
async def test_every_response_carries_the_request_id(face: Face, stream: bool) -> None:
    face.say()
    metadata = (("x-request-id", "mine-1"),)
    if stream:
        call = face.stub.StreamCreateInteraction(ask(), metadata=metadata)
        await events(call)
    else:
        call = face.stub.CreateInteraction(
            ask(), metadata=metadata, timeout=WAIT_SECONDS
        )
        await call
    assert (await headers(call))["x-request-id"] == "mine-1"

    failing = face.stub.GetInteraction(
        get("none"), metadata=metadata, timeout=WAIT_SECONDS
    )
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await failing
    assert taken_apart(caught.value).trailers["x-request-id"] == "mine-1"


async def headers(call: Any) -> dict[str, str]:
    """What goes along: in front of a stream, and behind a single answer."""
    return dict(await call.initial_metadata()) | dict(await call.trailing_metadata())


async def failure(call: Any) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (events(call) if hasattr(call, "read") else call)
    return taken_apart(caught.value)


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
    assert failed.details[1].retry_delay.ToMilliseconds() == 1500


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


async def test_messages_above_4_mib_pass_in_both_directions(face: Face) -> None:
    large = "x" * (6 * 1024 * 1024)
    face.say([Text(large)], None)
    created = await face.stub.CreateInteraction(ask(large), timeout=WAIT_SECONDS)
    assert created.steps[0].model_output.content[0].text.text == large

    fetched = await face.stub.GetInteraction(get(created.id), timeout=WAIT_SECONDS)
    assert fetched.steps[0].user_input.content[0].text.text == large


async def test_messages_above_the_limit_are_refused(face: Face) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await face.stub.CreateInteraction(
            ask("x" * (MAX_MESSAGE_BYTES + 1)), timeout=WAIT_SECONDS
        )

    assert caught.value.code() == Code.RESOURCE_EXHAUSTED


async def test_a_call_whose_deadline_passes_is_cancelled(face: Face) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await face.stub.CreateInteraction(ask(), timeout=0.2)
    assert caught.value.code() == Code.DEADLINE_EXCEEDED

    await asyncio.wait_for(face.rig.puppet.closed.wait(), WAIT_SECONDS)
    assert list(await face.rig.store.list("", limit=9, before=None)) == []


async def test_a_call_that_its_caller_cancels_is_cancelled(face: Face) -> None:
    call = face.stub.CreateInteraction(ask())
    await asyncio.wait_for(face.rig.puppet.called.wait(), WAIT_SECONDS)
    call.cancel()

    await asyncio.wait_for(face.rig.puppet.closed.wait(), WAIT_SECONDS)
    assert list(await face.rig.store.list("", limit=9, before=None)) == []


async def test_a_stream_that_is_not_stored_ends_when_its_caller_leaves(
    face: Face,
) -> None:
    face.say([Text("Hel")])
    call = face.stub.StreamCreateInteraction(ask(store=False))
    await events(call, 1)
    call.cancel()

    await asyncio.wait_for(face.rig.puppet.closed.wait(), WAIT_SECONDS)


async def test_a_stored_stream_goes_on_when_its_caller_leaves(face: Face) -> None:
    face.say([Text("Hel")])
    call = face.stub.StreamCreateInteraction(ask())
    (event,) = await events(call, 1)
    call.cancel()
    face.say([Text("lo")], None)
    replay = interaction_service_pb2.StreamInteractionRequest(
        id=event.created.interaction.id
    )
    seen = await events(face.stub.StreamInteraction(replay))

    assert fold(seen).steps[0].model_output.content[0].text.text == "Hello"


async def test_a_method_that_does_not_exist_is_unimplemented(face: Face) -> None:
    channel: Any = face.channel
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(f"/{SERVICE}/Nothing")(b"")

    assert caught.value.code() == Code.UNIMPLEMENTED


KEYS = ("first", "second")


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param((("x-goog-api-key", "first"),), id="x-goog-api-key"),
        pytest.param((("authorization", "Bearer first"),), id="bearer"),
        pytest.param((("key", "first"),), id="key"),
    ],
)
async def test_a_key_opens_its_own_interactions(metadata: Any) -> None:
    async with serving(KEYS) as face:
        face.say()
        created = await face.stub.CreateInteraction(
            ask(), metadata=metadata, timeout=WAIT_SECONDS
        )
        again = (("x-goog-api-key", "first"),)
        await face.stub.GetInteraction(
            get(created.id), metadata=again, timeout=WAIT_SECONDS
        )
        other = face.stub.GetInteraction(
            get(created.id), metadata=(("key", "second"),), timeout=WAIT_SECONDS
        )

        assert (await failure(other)).code == Code.NOT_FOUND


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param((), id="none"),
        pytest.param((("x-goog-api-key", "third"),), id="wrong"),
        pytest.param((("x-goog-api-key", "first "), ("key", "")), id="nearly"),
        pytest.param((("authorization", "Basic first"),), id="another scheme"),
    ],
)
async def test_without_a_good_key_nothing_is_done(metadata: Any) -> None:
    async with serving(KEYS) as face:
        for call in (
            face.stub.CreateInteraction(ask(), metadata=metadata, timeout=WAIT_SECONDS),
            face.stub.StreamCreateInteraction(ask(), metadata=metadata),
        ):
            failed = await failure(call)
            assert (failed.code, failed.info.reason) == (
                Code.UNAUTHENTICATED,
                "ERROR_REASON_UNAUTHENTICATED",
            )
            assert "x-request-id" in failed.trailers
        assert face.rig.puppet.asked == []


async def test_health_is_told_without_a_key_until_the_server_stops() -> None:
    async with serving(KEYS) as face:
        stub = health_pb2_grpc.HealthStub(face.channel)
        for service in ("", SERVICE):
            request = health_pb2.HealthCheckRequest(service=service)
            answer = await stub.Check(request, timeout=WAIT_SECONDS)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        async with asyncio.timeout(WAIT_SECONDS):
            seen = [(await watch.read()).status]
            stopping = asyncio.create_task(face.server.stop(WAIT_SECONDS))
            seen.append((await watch.read()).status)
            watch.cancel()
            await stopping

    assert seen == [
        health_pb2.HealthCheckResponse.SERVING,
        health_pb2.HealthCheckResponse.NOT_SERVING,
    ]


async def test_a_call_that_runs_finishes_while_the_server_stops(face: Face) -> None:
    call = face.stub.CreateInteraction(ask(), timeout=WAIT_SECONDS)
    await asyncio.wait_for(face.rig.puppet.called.wait(), WAIT_SECONDS)
    stopping = asyncio.create_task(face.server.stop(WAIT_SECONDS))
    face.say()

    assert (await call).status == Status.INTERACTION_STATUS_COMPLETED
    await asyncio.wait_for(stopping, WAIT_SECONDS)


async def test_a_port_that_is_taken_is_an_error(face: Face) -> None:
    async with serving() as second:
        with pytest.raises(OSError, match=f"cannot listen on {face.target}"):
            await second.server.start(face.target)


@pytest.mark.parametrize("service", REFLECTION)
async def test_reflection_lists_and_describes_the_service(
    face: Face, service: str
) -> None:
    dial = face.channel.stream_stream(
        f"/{service}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
    ]
    listed, described = await events(dial(iter(requests)))

    assert SERVICE in [s.name for s in listed.list_services_response.service]
    files = described.file_descriptor_response.file_descriptor_proto
    assert any(b"interaction_service.proto" in file for file in files)
