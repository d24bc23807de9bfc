"""The whole gateway over a real socket: what every answer has, and what is refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from google.rpc import code_pb2

from openinteractions.gateway.app import Gateway
from openinteractions.gateway.revisions import Revision
from openinteractions.gateway.schema import SchemaError
from openinteractions.v1.interaction_pb2 import (
    INTERACTION_STATUS_COMPLETED,
    Interaction,
)
from openinteractions.v1.interaction_service_pb2 import (
    CreateInteractionRequest,
    GetInteractionRequest,
    ListInteractionsResponse,
)
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import SERVICE, Face, Service, face, failed
from tests.gateway.protos import compile_file

CREATE = "/v1beta/interactions"
HI = {"model": "m", "input": "Hi"}
LEGACY = {"x_goog_api_client": "google-genai-sdk/1.75.0 gl-python/3.11"}


def answered() -> Interaction:
    interaction = Interaction(id="v1_a", status=INTERACTION_STATUS_COMPLETED, model="m")
    interaction.steps.add().model_output.content.add().text.text = "Hello."
    return interaction


STEPS = {
    "id": "v1_a",
    "status": "completed",
    "model": "m",
    "steps": [
        {"type": "model_output", "content": [{"type": "text", "text": "Hello."}]}
    ],
}
OUTPUTS = {
    "id": "v1_a",
    "status": "completed",
    "model": "m",
    "role": "model",
    "outputs": [{"type": "text", "text": "Hello."}],
}


@pytest.fixture
async def gateway() -> AsyncIterator[Face]:
    async with face(max_body_bytes=1000) as made:
        yield made


async def test_create_answers_with_the_interaction(gateway: Face) -> None:
    gateway.service.answer = answered()

    assert await gateway.ask("POST", CREATE, HI) == (200, STEPS)
    request = CreateInteractionRequest(model="m")
    request.input.text = "Hi"
    assert gateway.service.calls == [("CreateInteraction", request)]


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("GET", "/v1/interactions/v1_a", "GetInteraction"),
        ("POST", "/v1/interactions/v1_a/cancel", "CancelInteraction"),
    ],
)
async def test_get_and_cancel_answer_in_the_revision_of_the_client(
    gateway: Face, verb: str, path: str, method: str
) -> None:
    gateway.service.answer = answered()

    assert await gateway.ask(verb, path) == (200, STEPS)
    assert await gateway.ask(verb, path, **LEGACY) == (200, OUTPUTS)
    assert [name for name, _ in gateway.service.calls] == [method, method]


async def test_the_default_revision_is_a_setting() -> None:
    async with face(default_revision=Revision.OUTPUTS) as gateway:
        gateway.service.answer = answered()
        assert await gateway.ask("POST", CREATE, HI) == (200, OUTPUTS)
        steps = {"Api_Revision": "2026-05-20"}
        assert await gateway.ask("POST", CREATE, HI, **steps) == (200, STEPS)


async def test_an_interaction_without_steps_has_an_empty_list(gateway: Face) -> None:
    gateway.service.answer = Interaction(id="v1_a")

    assert await gateway.ask("POST", CREATE, HI) == (200, {"id": "v1_a", "steps": []})
    older = {"id": "v1_a", "outputs": []}
    assert await gateway.ask("POST", CREATE, HI, **LEGACY) == (200, older)


async def test_delete_answers_with_an_empty_object(gateway: Face) -> None:
    gateway.service.answer = Empty()

    assert await gateway.ask("DELETE", "/v1/interactions/v1_a") == (200, {})


async def test_a_list_has_no_revision(gateway: Face) -> None:
    gateway.service.answer = ListInteractionsResponse(
        interactions=[Interaction(id="a")]
    )

    page = {"interactions": [{"id": "a"}]}
    assert await gateway.ask("GET", "/v1/interactions", **LEGACY) == (200, page)


async def test_an_answer_has_the_exact_content_type_and_the_request_id(
    gateway: Face,
) -> None:
    gateway.service.headers = {"x-openinteractions-ignored": "seed", "other": "x"}
    named = {"x-request-id": "mine"}
    async with gateway.http.post(CREATE, json=HI, headers=named) as response:
        assert response.status == 200
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-request-id"] == "mine"
        assert response.headers["x-openinteractions-ignored"] == "seed"
        assert "other" not in response.headers
    assert gateway.service.metadata == {
        "x-request-id": "mine",
        "x-openinteractions-origin": f"http://127.0.0.1:{gateway.port}",
    }


async def test_a_key_of_any_source_arrives(gateway: Face) -> None:
    for query, headers in [
        ("?key=k", {}),
        ("", {"x_goog_api_key": "k"}),
        ("", {"authorization": "Bearer k"}),
    ]:
        await gateway.ask("POST", CREATE + query, HI, **headers)
        values = set(gateway.service.metadata.values())
        assert values & {"k", "Bearer k"}


UNKNOWN_CALLERS = [
    ("POST", "/v1/interactions", b"Content-Length: 1000000\r\n"),
    ("POST", "/v1/interactions", b"Content-Length: 9\r\nExpect: 100-continue\r\n"),
    ("POST", "/v1/interactions", b"Content-Encoding: br\r\nContent-Length: 9\r\n"),
    ("GET", "/v1/interactions/a?stream=2", b""),
    ("GET", "/v1/interactions/a?x=%ff", b""),
    ("GET", "/v1/interactions/%ff", b""),
    ("PUT", "/v1/interactions", b""),
]


@pytest.mark.parametrize(("verb", "path", "lines"), UNKNOWN_CALLERS)
async def test_nothing_is_judged_before_the_caller_is_known(
    gateway: Face, verb: str, path: str, lines: bytes
) -> None:
    gateway.service.refusal = failed(
        code_pb2.UNAUTHENTICATED, "UNAUTHENTICATED", "No key."
    )
    head = f"{verb} {path} HTTP/1.1\r\nHost: x\r\n".encode()
    async with asyncio.timeout(WAIT_SECONDS):
        reader, _ = await gateway.raw(head + lines + b"\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
    assert gateway.service.calls == []


async def test_health_needs_no_key(gateway: Face) -> None:
    gateway.service.refusal = failed(code_pb2.UNAUTHENTICATED, "UNAUTHENTICATED")

    assert await gateway.ask("GET", "/healthz") == (200, {"status": "live"})


async def test_a_failure_has_the_documented_body_and_one_line_in_the_log(
    gateway: Face, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "openinteractions.gateway")
    gateway.service.answer = failed(
        code_pb2.RESOURCE_EXHAUSTED, "RATE_LIMITED", "Slow down.", retry_after="7"
    )
    headers = {"x-request-id": "r1", "x-goog-api-key": "secret"}
    async with gateway.http.post(
        CREATE + "?key=hidden", json=HI, headers=headers
    ) as response:
        assert response.status == 429
        assert response.headers["retry-after"] == "7"
        assert response.headers["x-request-id"] == "r1"
        assert response.headers["content-type"] == "application/json"
        error = {"message": "Slow down.", "code": "too_many_requests"}
        assert await response.json() == {"error": error}
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == (
        "request r1 failed: POST /v1beta/interactions: 429 too_many_requests: "
        "'Slow down.'"
    )


async def test_a_surprise_is_a_500_that_says_nothing(
    gateway: Face, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.service.answer = ValueError("a secret")

    error = {"message": "Internal error.", "code": "internal_error"}
    assert await gateway.ask("POST", CREATE, HI) == (500, {"error": error})
    (record,) = caplog.records
    assert record.exc_info is not None


REFUSED = [
    ("GET", "/", 404, "not_found"),
    ("GET", "//", 404, "not_found"),
    ("GET", "/v1/interactions/a/b/c", 404, "not_found"),
    ("PUT", "/v1/interactions", 405, "method_not_allowed"),
    ("OPTIONS", "/v1/interactions/a", 405, "method_not_allowed"),
    ("PATCH", "/healthz", 405, "method_not_allowed"),
    ("GET", "/v1/interactions/a?stream=2", 400, "invalid_request"),
    ("GET", "/v1/interactions/a?x=%ff", 400, "invalid_request"),
]


@pytest.mark.parametrize(("verb", "path", "status", "code"), REFUSED)
async def test_what_is_not_there_is_refused_in_json(
    gateway: Face, verb: str, path: str, status: int, code: str
) -> None:
    found, body = await gateway.ask(verb, path)

    assert (found, body["error"]["code"]) == (status, code)
    assert gateway.service.calls == []


async def test_a_wrong_method_is_told_the_right_ones(gateway: Face) -> None:
    async with gateway.http.put("/v1/interactions") as response:
        assert response.headers["allow"] == "GET, POST"
    async with gateway.http.head("/v1/interactions/a") as response:
        assert response.status == 405
        assert await response.read() == b""


async def test_a_turn_with_other_members_is_refused_by_their_name(
    gateway: Face,
) -> None:
    turn = {"role": "user", "content": "Hi", "foo" * 100: 1}
    status, body = await gateway.ask("POST", CREATE, {"model": "m", "input": [turn]})

    assert (status, body["error"]["code"]) == (400, "invalid_request")
    assert body["error"]["message"].startswith("'input[0].foofoo")
    assert body["error"]["message"].endswith("…' is no member of a turn.")
    assert len(body["error"]["message"]) < 150


async def test_a_body_over_the_limit_is_refused_unread(gateway: Face) -> None:
    head = (
        b"POST /v1/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    async with asyncio.timeout(WAIT_SECONDS):
        reader, writer = await gateway.raw(head)
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def chunks() -> AsyncIterator[bytes]:
    yield b'{"model":"'
    for _ in range(11):
        yield b"m" * 100
    yield b'"}'


async def test_a_chunked_body_over_the_limit_is_refused(gateway: Face) -> None:
    async with gateway.http.post(CREATE, data=chunks()) as response:
        assert response.status == 413
        body = await response.json()
    assert body == {
        "error": {
            "message": "The request body is larger than 1000 bytes.",
            "code": "request_too_large",
        }
    }


async def test_a_request_without_a_body_may_have_a_content_type(gateway: Face) -> None:
    named = {"Content-Type": "application/json"}
    url = "/v1/interactions/a/cancel"
    async with gateway.http.post(url, headers=named) as response:
        assert response.status == 200


async def test_health_and_readiness_have_paths_of_their_own() -> None:
    state = {"ready": False}
    async with face(ready=lambda: state["ready"]) as gateway:
        assert await gateway.ask("GET", "/healthz") == (200, {"status": "live"})
        status, body = await gateway.ask("GET", "/readyz")
        assert (status, body["error"]["code"]) == (503, "unavailable")
        state["ready"] = True
        assert await gateway.ask("GET", "/readyz") == (200, {"status": "ready"})
        async with gateway.http.head("/healthz") as response:
            assert response.status == 200


async def test_the_document_names_the_public_url() -> None:
    async with face(public_url="https://ai.example.com") as gateway:
        status, document = await gateway.ask("GET", "/openapi.json")

    assert status == 200
    assert document["servers"] == [{"url": "https://ai.example.com"}]


async def test_a_client_that_leaves_cancels_the_call(gateway: Face) -> None:
    gateway.service.answer = asyncio.Event()
    async with asyncio.timeout(WAIT_SECONDS):
        _, writer = await gateway.raw(
            b"GET /v1/interactions/a HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        await gateway.service.started.wait()
        assert not gateway.service.left.is_set()
        writer.close()
        await gateway.service.left.wait()


async def test_a_connection_is_used_again(gateway: Face) -> None:
    request = b"GET /v1/interactions/a HTTP/1.1\r\nHost: x\r\n\r\n"
    async with asyncio.timeout(WAIT_SECONDS):
        reader, writer = await gateway.raw(request)
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(len(b'{"steps":[]}'))
            writer.write(request)
        writer.close()


def test_a_service_without_a_json_form_stops_the_start() -> None:
    file = compile_file(
        """message A { fixed32 a = 1; } service S { rpc X(A) returns (A) {
        option (google.api.http) = {get: "/v1/as"}; } }"""
    )

    with pytest.raises(SchemaError):
        Gateway(Service(), services=[file.services_by_name["S"]])


async def test_absolute_targets_are_understood(gateway: Face) -> None:
    target = (
        b"GET http://x/v1/interactions/a?include_input=true HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    async with asyncio.timeout(WAIT_SECONDS):
        reader, writer = await gateway.raw(target)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()
    request: Any = GetInteractionRequest(id="a", include_input=True)
    assert gateway.service.calls == [("GetInteraction", request)]


def test_the_gateway_serves_what_it_is_given() -> None:
    assert SERVICE.full_name == "openinteractions.v1.InteractionService"
