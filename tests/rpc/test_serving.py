"""The gRPC server itself: its port, its health, its end, and what it describes."""

from __future__ import annotations

import asyncio

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from openinteractions.rpc.server import REFLECTION
from openinteractions.v1 import interaction_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.rig import ask
from tests.rpc.face import SERVICE, Face, events, serving

KEYS = ("first", "second")
Status = interaction_pb2.InteractionStatus


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
