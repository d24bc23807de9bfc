"""The two faces over one engine and one file: what one makes, the other has."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
import pytest
from aiohttp import web
from google.protobuf import json_format

from openinteractions.core.errors import UpstreamRateLimitedError
from openinteractions.core.fold import fold
from openinteractions.core.model_events import CallFragment, Finish, FinishReason
from openinteractions.engine.interactions import Interactions
from openinteractions.engine.media import Media
from openinteractions.engine.plan import Planner
from openinteractions.engine.process import Process
from openinteractions.engine.supervisor import Supervisor
from openinteractions.gateway.app import Gateway
from openinteractions.gateway.upstream import StatusError
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.interactions import SERVICE, handlers
from openinteractions.rpc.local import LocalUpstream
from openinteractions.rpc.server import GrpcServer
from openinteractions.storage.events.local import Hub
from openinteractions.storage.events.memory import MemoryLog
from openinteractions.storage.sqlite import SqliteStore
from openinteractions.tools.documents.reader import Documents
from openinteractions.v1 import interaction_service_pb2, interaction_service_pb2_grpc
from tests import media
from tests.clock import WAIT_SECONDS
from tests.engine.outside import Web
from tests.engine.puppet import Puppet, Puppets
from tests.engine.rig import Clock, ask
from tests.rpc.face import ANSWER, Failure, events, taken_apart

KEYS = ("first", "second")


@dataclass
class Faces:
    """A server with both faces, and a client of each with the first key."""

    puppet: Puppet
    http: aiohttp.ClientSession
    stub: Any

    def say(self) -> None:
        """Have the model say hello next."""
        for batch in ANSWER:
            self.puppet.say(batch)

    async def rest(
        self, method: str, path: str, body: object = None, *, key: str = "first"
    ) -> tuple[int, Any]:
        """Send a request and return the status and the JSON body."""
        async with self.http.request(
            method, path, json=body, headers={"x-goog-api-key": key}
        ) as response:
            return response.status, await response.json()

    async def rpc(self, method: str, request: object) -> Any:
        """Call an RPC."""
        metadata = (("x-goog-api-key", "first"),)
        call = getattr(self.stub, method)
        return await call(request, metadata=metadata, timeout=WAIT_SECONDS)

    async def rpc_failure(self, method: str, request: object) -> Failure:
        """Call an RPC that must fail."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.rpc(method, request)
        return taken_apart(caught.value)


@asynccontextmanager
async def gateway(upstream: LocalUpstream) -> AsyncIterator[str]:
    """Serve the HTTP face and yield its URL."""
    face = Gateway(upstream, services=[SERVICE])
    runner = web.ServerRunner(face.server())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def faces(tmp_path: Path) -> AsyncIterator[Faces]:
    puppet, supervisor = Puppet(), Supervisor()
    store = await SqliteStore.open(tmp_path / "interactions.db")
    numbers = itertools.count(1)
    planner = Planner(
        models=Puppets(m=puppet),
        store=store,
        media=Media(egress=Web(), reader=Documents()),
        clock=Clock(),
        entropy=lambda size: next(numbers).to_bytes(size),
    )
    process = Process(
        planner=planner,
        store=store,
        supervisor=supervisor,
        signals=Hub().join(supervisor.lease.process),
        log=MemoryLog(),
        clock=Clock(),
    )
    answering = handlers(
        Interactions(
            planner=planner, store=store, supervisor=supervisor, process=process
        )
    )
    authentication = Authentication(KEYS)
    server = GrpcServer([answering], authentication, max_message_bytes=1 << 20)
    port = await server.start("127.0.0.1:0")
    local = LocalUpstream([answering], authentication, failure=StatusError)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        stack.push_async_callback(supervisor.close, 0)
        stack.push_async_callback(server.stop, 0)
        url = await stack.enter_async_context(gateway(local))
        timeout = aiohttp.ClientTimeout(WAIT_SECONDS)
        http = aiohttp.ClientSession(url, timeout=timeout)
        await stack.enter_async_context(http)
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        await stack.enter_async_context(channel)
        stub = interaction_service_pb2_grpc.InteractionServiceStub(channel)
        yield Faces(puppet, http, stub)


def get(identifier: str) -> interaction_service_pb2.GetInteractionRequest:
    return interaction_service_pb2.GetInteractionRequest(id=identifier)


async def test_what_grpc_creates_rest_fetches_continues_and_deletes(
    faces: Faces,
) -> None:
    faces.say()
    created = await faces.rpc("CreateInteraction", ask())

    status, fetched = await faces.rest("GET", f"/v1beta/interactions/{created.id}")
    assert (status, fetched["status"]) == (200, "completed")
    assert fetched["steps"] == [
        {"type": "user_input", "content": [{"type": "text", "text": "hi"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "Hello"}]},
    ]
    faces.say()
    more = {"model": "m", "input": "more", "previous_interaction_id": created.id}
    status, _ = await faces.rest("POST", "/v1beta/interactions", more)
    assert status == 200
    assert len(faces.puppet.asked[1].steps) == 3
    deleted = await faces.rest("DELETE", f"/v1/interactions/{created.id}")
    assert deleted == (200, {})
    gone = await faces.rpc_failure("GetInteraction", get(created.id))
    assert gone.info.reason == "ERROR_REASON_NOT_FOUND"


async def test_what_rest_creates_grpc_fetches_continues_and_deletes(
    faces: Faces,
) -> None:
    faces.say()
    status, created = await faces.rest(
        "POST", "/v1/interactions", {"model": "m", "input": "hi"}
    )
    assert status == 200

    fetched = await faces.rpc("GetInteraction", get(created["id"]))
    assert fetched.steps[0].user_input.content[0].text.text == "hi"
    assert fetched.steps[1].model_output.content[0].text.text == "Hello"
    faces.say()
    continued = await faces.rpc(
        "CreateInteraction", ask("more", previous_interaction_id=created["id"])
    )
    assert len(faces.puppet.asked[1].steps) == 3
    assert continued.previous_interaction_id == created["id"]
    await faces.rpc(
        "DeleteInteraction",
        interaction_service_pb2.DeleteInteractionRequest(id=created["id"]),
    )
    status, _ = await faces.rest("GET", f"/v1/interactions/{created['id']}")
    assert status == 404


async def test_free_form_json_is_the_same_on_both_faces(faces: Faces) -> None:
    arguments = '{"z":1,"a":{"n":9007199254740993,"t":"ü"},"b":[true,null]}'
    faces.puppet.say([CallFragment(0, "call1", "f", arguments)])
    faces.puppet.say([Finish(FinishReason.CALLS)])
    faces.puppet.say(None)
    body = {"model": "m", "input": "hi", "tools": [{"type": "function", "name": "f"}]}
    _, created = await faces.rest("POST", "/v1/interactions", body)
    call = created["steps"][0]
    assert (
        json.dumps(call["arguments"], ensure_ascii=False, separators=(",", ":"))
        == arguments
    )

    fetched = await faces.rpc("GetInteraction", get(created["id"]))
    assert fetched.steps[1].function_call.arguments == arguments


async def test_media_reach_the_model_alike_and_are_kept_as_they_were_sent(
    faces: Faces,
) -> None:
    data = media.png()
    inline = {"type": "image", "data": base64.b64encode(data).decode()}
    faces.say()
    body = {"model": "m", "input": [{"type": "text", "text": "hi"}, inline]}
    _, created = await faces.rest("POST", "/v1/interactions", body)
    request = ask()
    contents = request.input.contents.items
    contents.add().text.text = "hi"
    contents.add().image.data = data
    faces.say()
    await faces.rpc("CreateInteraction", request)

    by_rest, by_grpc = (list(asked.steps) for asked in faces.puppet.asked)
    assert by_rest == by_grpc
    assert by_rest[0].user_input.content[1].image.mime_type == "image/png"
    _, fetched = await faces.rest("GET", f"/v1/interactions/{created['id']}")
    assert fetched["steps"][0]["content"] == body["input"]


async def test_media_that_cannot_be_had_fail_alike(faces: Faces) -> None:
    body = {"model": "m", "input": {"type": "image", "uri": "gs://bucket/cat.png"}}
    status, failed = await faces.rest("POST", "/v1/interactions", body)
    request = ask()
    request.input.content.image.uri = "gs://bucket/cat.png"
    failure = await faces.rpc_failure("CreateInteraction", request)

    assert status == 400
    assert failed["error"]["message"].startswith("input.uri: it is no http")
    assert failure.info.reason == "ERROR_REASON_INVALID_REQUEST"


async def test_a_stream_of_one_face_is_replayed_by_the_other(faces: Faces) -> None:
    faces.say()
    metadata = (("x-goog-api-key", "first"),)
    seen = await events(faces.stub.StreamCreateInteraction(ask(), metadata=metadata))
    folded = fold(seen)

    async with faces.http.get(
        f"/v1/interactions/{folded.id}?stream=true&last_event_id={seen[4].event_id}",
        headers={"x-goog-api-key": "first"},
    ) as response:
        text = await response.text()
    replayed = [
        json.loads(line.removeprefix("data: "))
        for line in text.splitlines()
        if line.startswith("data: {")
    ]
    assert [event["event_type"] for event in replayed] == [
        "step.stop",
        "interaction.completed",
    ]
    assert [event["event_id"] for event in replayed] == [
        event.event_id for event in seen[5:]
    ]


@pytest.mark.parametrize(
    ("body", "request_json"),
    [
        pytest.param(
            {"model": "m", "input": "hi", "colour": 1},
            {"model": "m", "input": {"text": "hi"}, "rest": '{"colour": 1}'},
            id="a member that is not known",
        ),
        pytest.param(
            {"model": "m", "input": [{"type": "text", "text": "hi", "x": 1}]},
            {
                "model": "m",
                "input": {
                    "contents": {
                        "items": [{"text": {"text": "hi", "rest": '{"x": 1}'}}]
                    }
                },
            },
            id="a member that is not known, deep inside",
        ),
        pytest.param(
            {"model": "nobody", "input": "hi"},
            {"model": "nobody", "input": {"text": "hi"}},
            id="a model that is not configured",
        ),
        pytest.param(
            {"model": "m", "input": "hi", "cached_content": "x"},
            {"model": "m", "input": {"text": "hi"}, "cached_content": "x"},
            id="something that the model cannot do",
        ),
        pytest.param({"model": "m"}, {"model": "m"}, id="no input"),
    ],
)
async def test_both_faces_refuse_the_same_with_the_same_words(
    faces: Faces, body: object, request_json: dict[str, Any]
) -> None:
    status, refused = await faces.rest("POST", "/v1/interactions", body)
    request = json_format.ParseDict(
        request_json, interaction_service_pb2.CreateInteractionRequest()
    )
    failed = await faces.rpc_failure("CreateInteraction", request)

    assert (status, failed.code) == (400, grpc.StatusCode.INVALID_ARGUMENT)
    assert refused["error"] == {"code": "invalid_request", "message": failed.message}


async def test_a_limited_rate_looks_alike_on_both_faces(faces: Faces) -> None:
    limited = UpstreamRateLimitedError("Slow down.", retry_after=3)
    faces.puppet.say(limited)
    faces.puppet.say(limited)
    async with faces.http.post(
        "/v1/interactions",
        json={"model": "m", "input": "hi"},
        headers={"x-goog-api-key": "first", "x-request-id": "r1"},
    ) as response:
        assert response.status == 429
        assert response.headers["retry-after"] == "3"
        assert response.headers["x-request-id"] == "r1"
    failed = await faces.rpc_failure("CreateInteraction", ask())

    assert failed.code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert failed.trailers["retry-after"] == "3"


TEXT = {"type": "text", "text": "Hi"}
RESULT = {"type": "function_result", "call_id": "x", "name": "f", "result": "22"}
PLACES = [
    pytest.param([TEXT, RESULT], "input[1].call_id", id="contents"),
    pytest.param(
        [
            {"role": "user", "content": "Hi"},
            {"role": "user", "content": [TEXT, RESULT]},
        ],
        "input[1].content[1].call_id",
        id="turns",
    ),
    pytest.param(
        [{"type": "user_input", "content": [TEXT]}, RESULT],
        "input[1].call_id",
        id="steps",
    ),
    pytest.param(
        {"role": "user", "content": [TEXT, {"type": "text"}]},
        "input.content[1].text",
        id="one turn",
    ),
]


@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
@pytest.mark.parametrize(("value", "path"), PLACES)
async def test_what_the_service_refuses_is_named_where_the_client_wrote_it(
    faces: Faces, value: object, path: str, *, stream: bool
) -> None:
    body = {"model": "m", "input": value, "stream": stream}
    status, answer = await faces.rest("POST", "/v1/interactions", body)

    assert (status, answer["error"]["code"]) == (400, "invalid_request")
    assert re.match(re.escape(path) + r"[: ]", answer["error"]["message"])


@pytest.mark.parametrize("key", ["first", "wrong"])
async def test_one_good_key_is_enough(faces: Faces, key: str) -> None:
    faces.say()
    body = {"model": "m", "input": "Hi"}
    path = "/v1/interactions?key="
    assert (await faces.rest("POST", f"{path}second", body, key=key))[0] == 200
    refused, _ = await faces.rest("POST", f"{path}third", "no object", key="wrong")
    assert refused == 401


async def test_a_key_is_the_same_owner_on_both_faces(faces: Faces) -> None:
    faces.say()
    created = await faces.rpc("CreateInteraction", ask())
    path = f"/v1/interactions/{created.id}"
    outcomes = await asyncio.gather(
        *(faces.rest("GET", path, key=key) for key in ("first", "second", "third"))
    )

    assert [status for status, _ in outcomes] == [200, 404, 401]
