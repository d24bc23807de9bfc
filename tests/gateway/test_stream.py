"""Streams over a real socket: when headers go out, what is written, how they end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from google.rpc import code_pb2

from openinteractions.gateway.app import Gateway, Patience
from openinteractions.v1.event_pb2 import InteractionEvent
from openinteractions.v1.interaction_service_pb2 import StreamInteractionRequest
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import Face, Service, delta, face, failed

CREATE = "/v1beta/interactions"
ASK = {"model": "m", "input": "Hi", "stream": True}
LEGACY = {"x_goog_api_client": "google-genai-sdk/1.75.0 gl-python/3.11"}
DONE = "event: done\ndata: [DONE]\n\n"
HEAD = b"\r\n\r\n"
AT_ONCE = Patience(stream_headers=0, comment=0.01)

A = (
    'event: step.delta\ndata: {"event_type":"step.delta","index":0,'
    '"delta":{"type":"text","text":"A"}}\n\n'
)
B = A.replace('"A"', '"B"')


@pytest.fixture
async def gateway() -> AsyncIterator[Face]:
    async with face() as made:
        yield made


@pytest.fixture
async def restless() -> AsyncIterator[Face]:
    """A gateway that waits for nothing."""
    async with face(patience=AT_ONCE) as made:
        yield made


async def test_events_are_written_in_order_and_done_is_last(gateway: Face) -> None:
    gateway.service.batches = [[delta("A")], [delta("B"), delta("A")], []]

    assert await gateway.read("POST", CREATE, ASK) == A + B + A + DONE
    (method, _), *_ = gateway.service.calls
    assert method == "StreamCreateInteraction"


async def test_a_stream_has_its_headers(gateway: Face) -> None:
    gateway.service.batches = [[delta("A")]]
    gateway.service.headers = {"x-openinteractions-ignored": "seed"}
    named = {"x-request-id": "mine"}
    async with gateway.http.post(CREATE, json=ASK, headers=named) as response:
        assert response.status == 200
        found = {name.lower(): value for name, value in response.headers.items()}
    assert found["content-type"] == "text/event-stream"
    assert found["cache-control"] == "no-cache"
    assert found["x-accel-buffering"] == "no"
    assert found["x-request-id"] == "mine"
    assert found["x-openinteractions-ignored"] == "seed"
    assert found["transfer-encoding"] == "chunked"


async def test_a_stream_without_events_is_done(gateway: Face) -> None:
    assert await gateway.read("POST", CREATE, ASK) == DONE


async def test_an_early_failure_is_an_http_error(gateway: Face) -> None:
    gateway.service.batches = [failed(code_pb2.NOT_FOUND, "NOT_FOUND")]

    error = {"message": "It failed.", "code": "not_found"}
    assert await gateway.ask("POST", CREATE, ASK) == (404, {"error": error})
    assert gateway.service.left.is_set()


FAILED = (
    'event: error\ndata: {"event_type":"error","error":'
    '{"message":"It failed.","code":"bad_gateway"}}\n\n'
)


async def test_a_later_failure_is_an_event(
    gateway: Face, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "openinteractions.gateway")
    gateway.service.batches = [
        [delta("A")],
        failed(code_pb2.INTERNAL, "UPSTREAM_FAILED"),
    ]

    text = await gateway.read("POST", CREATE, ASK, x_request_id="r1")
    assert text == A + FAILED + DONE
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == (
        "request r1 failed: POST /v1beta/interactions: 502 bad_gateway: 'It failed.'"
    )


async def test_a_later_surprise_is_an_internal_error(gateway: Face) -> None:
    gateway.service.batches = [[delta("A")], [InteractionEvent()]]

    text = await gateway.read("POST", CREATE, ASK)
    assert (
        text
        == A
        + (
            'event: error\ndata: {"event_type":"error","error":'
            '{"message":"Internal error.","code":"internal_error"}}\n\n'
        )
        + DONE
    )


async def test_headers_do_not_wait_for_ever(restless: Face) -> None:
    held = asyncio.Event()
    restless.service.batches = [held, failed(code_pb2.INTERNAL, "UPSTREAM_FAILED")]
    async with restless.http.post(CREATE, json=ASK) as response:
        assert response.status == 200
        held.set()
        text = await response.text()
    assert text.endswith(FAILED + DONE)


async def test_silence_is_filled_with_comments(restless: Face) -> None:
    held = asyncio.Event()
    restless.service.batches = [[delta("A")], held, [delta("B")]]
    comment = b": keep-alive\n\n"
    async with restless.http.post(CREATE, json=ASK) as response:
        found = await response.content.readuntil(comment)
        found += await response.content.readuntil(comment)
        held.set()
        found += await response.content.read()
    text = found.decode()
    assert text.replace(comment.decode(), "") == A + B + DONE
    assert text.startswith(A + comment.decode())


async def test_a_client_that_does_not_read_is_dropped() -> None:
    patience = Patience(stream_headers=0, comment=0.01, drop=0.01)
    endless = [[delta("A" * 1_000_000)]] * 200
    async with face(patience=patience) as made:
        made.service.batches = [*endless, asyncio.Event()]
        async with made.http.post(CREATE, json=ASK) as response:
            await response.content.readexactly(1)
            # The client's own buffer is full, and then those between the two.
            async with asyncio.timeout(WAIT_SECONDS):
                await made.service.left.wait()


async def test_the_first_event_is_not_kept_back(gateway: Face) -> None:
    held = asyncio.Event()
    gateway.service.batches = [[delta("A")], held]
    async with gateway.http.post(CREATE, json=ASK) as response:
        assert await response.content.readexactly(len(A)) == A.encode()
        held.set()
        assert await response.text() == DONE


async def test_a_client_that_leaves_closes_the_stream(gateway: Face) -> None:
    gateway.service.batches = [[delta("A")], asyncio.Event()]
    async with asyncio.timeout(WAIT_SECONDS):
        async with gateway.http.post(CREATE, json=ASK) as response:
            await response.content.readexactly(len(A))
            assert not gateway.service.left.is_set()
            response.close()
        await gateway.service.left.wait()


async def test_a_client_that_leaves_before_the_first_event_closes_it(
    gateway: Face,
) -> None:
    gateway.service.batches = [asyncio.Event()]
    async with asyncio.timeout(WAIT_SECONDS):
        request = b"GET /v1/interactions/a?stream=true HTTP/1.1\r\nHost: x\r\n\r\n"
        _, writer = await gateway.raw(request)
        await gateway.service.started.wait()
        writer.close()
        await gateway.service.left.wait()


async def test_a_client_that_does_not_read_holds_the_stream_back(gateway: Face) -> None:
    large = [delta("x" * (1 << 20))]
    gateway.service.batches = [large] * 100
    async with asyncio.timeout(WAIT_SECONDS):
        request = b"GET /v1/interactions/a?stream=true HTTP/1.1\r\nHost: x\r\n\r\n"
        reader, writer = await gateway.raw(request)
        await reader.readuntil(HEAD)
        taken = -1
        while taken != gateway.service.taken:  # until nothing moves any more
            taken = gateway.service.taken
            for _ in range(100):
                await asyncio.sleep(0)
        assert taken < 100
        writer.transport.abort()
        await gateway.service.left.wait()
    assert gateway.service.taken < 100


async def test_a_connection_that_breaks_under_a_write_ends_the_stream(
    gateway: Face, caplog: pytest.LogCaptureFixture
) -> None:
    def break_off() -> None:
        for connection in gateway.server.connections:
            connection.force_close()

    gateway.service.batches = [[delta("A")], break_off, [delta("B")], [delta("A")]]
    async with asyncio.timeout(WAIT_SECONDS):
        with pytest.raises(aiohttp.ClientError):
            await gateway.read("POST", CREATE, ASK)
        await gateway.service.left.wait()
    assert gateway.service.taken == 2
    assert caplog.records == []


async def test_http_1_0_gets_the_stream_unchunked(gateway: Face) -> None:
    gateway.service.batches = [[delta("A")]]
    async with asyncio.timeout(WAIT_SECONDS):
        reader, writer = await gateway.raw(
            b"GET /v1/interactions/a?stream=true HTTP/1.0\r\nHost: x\r\n\r\n"
        )
        await reader.readuntil(HEAD)
        assert (await reader.read()).decode() == A + DONE
        writer.close()


def created() -> list[InteractionEvent]:
    event = InteractionEvent(event_id="t0")
    event.created.interaction.id = "v1_a"
    start = InteractionEvent(event_id="t1")
    start.step_start.index = 0
    start.step_start.step.model_output.SetInParent()
    return [event, start]


async def test_an_older_client_reads_older_events(gateway: Face) -> None:
    gateway.service.batches = [created(), [delta("A", "t2")]]

    text = await gateway.read("POST", CREATE, ASK, **LEGACY)
    names = [line for line in text.splitlines() if line.startswith("event: ")]
    assert names == [
        "event: interaction.start",
        "event: content.start",
        "event: content.delta",
        "event: done",
    ]


async def test_an_older_client_reads_a_later_failure(gateway: Face) -> None:
    gateway.service.batches = [
        created(),
        [delta("A", "t2")],
        failed(code_pb2.INTERNAL, "UPSTREAM_FAILED"),
    ]

    text = await gateway.read("POST", CREATE, ASK, **LEGACY)
    assert text.endswith("\n\n" + DONE)
    assert '"error":{"message":"It failed.","code":"bad_gateway"}' in text


async def test_calls_are_whole_in_older_events(gateway: Face) -> None:
    start = InteractionEvent()
    start.step_start.index = 0
    start.step_start.step.function_call.id = "c"
    start.step_start.step.function_call.name = "f"
    start.step_start.step.function_call.arguments = "{}"
    pieces = []
    for piece in ('{"a":', "\n1}"):
        event = InteractionEvent()
        event.step_delta.index = 0
        event.step_delta.delta.arguments_delta.arguments = piece
        pieces.append(event)
    stop = InteractionEvent()
    stop.step_stop.index = 0
    gateway.service.batches = [[start], pieces, [stop]]

    text = await gateway.read("POST", CREATE, ASK, **LEGACY)
    assert '"arguments":{"a":1}' in text


RESUMED = [("e1", {}, "e1"), ("e1", LEGACY, "e1")]
RESUMED += [("e1~0-1.2~", {}, "e1"), ("e1~0-1.2~", LEGACY, "e1")]


@pytest.mark.parametrize(("token", "headers", "asked"), RESUMED)
async def test_a_stream_resumes_with_the_token_of_the_service(
    gateway: Face, token: str, headers: dict[str, str], asked: str
) -> None:
    path = f"/v1/interactions/a?stream=true&last_event_id={token}"

    assert await gateway.read("GET", path, **headers) == DONE
    request: Any = StreamInteractionRequest(id="a", last_event_id=asked)
    assert gateway.service.calls == [("StreamInteraction", request)]


async def test_a_token_that_no_stream_has_sent_is_refused(gateway: Face) -> None:
    path = "/v1/interactions/a?stream=true&last_event_id=e1~x"
    status, body = await gateway.ask("GET", path)

    assert (status, body["error"]["message"]) == (
        400,
        "'last_event_id' is not a token of this stream.",
    )
    assert gateway.service.calls == []


class Iterating(Service):
    """A service whose streams are no generators."""

    def stream(self, *arguments: Any) -> Any:
        found = super().stream(*arguments)

        class Plain:
            def __aiter__(self) -> Any:
                return self

            def __anext__(self) -> Any:
                return found.__anext__()

        return Plain()


async def test_a_stream_need_not_be_a_generator() -> None:
    service = Iterating()
    service.batches = [[delta("A")]]
    made = lambda _, **settings: Gateway(service, **settings)  # noqa: E731
    async with face(made) as gateway:
        assert await gateway.read("POST", CREATE, ASK) == A + DONE
