"""Answers to clients that give up after a minute without headers."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.rpc import code_pb2

from openinteractions.gateway import revisions
from openinteractions.gateway.app import Patience
from openinteractions.gateway.unary import UnaryCaller
from openinteractions.v1.interaction_pb2 import Interaction
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import Face, face, failed

CREATE = "/v1beta/interactions"
HI = {"model": "m", "input": "Hi"}
SCRIPT = "google-genai-sdk/2.8.0 gl-node/v22"
OLD_SCRIPT = "google-genai-sdk/1.33.0 gl-node/v22"
DONE = {"id": "v1_a", "steps": []}


@pytest.fixture
async def gateway() -> AsyncIterator[Face]:
    """A gateway that waits for nothing."""
    async with face(patience=Patience(unary_headers=0, space=0.01)) as made:
        yield made


async def late(
    gateway: Face, client: str, answer: Interaction | Exception
) -> tuple[int, str]:
    """Answer only when the client has its headers and two spaces."""
    held = gateway.service.answer = asyncio.Event()
    gateway.service.after = answer
    named = {"x-goog-api-client": client, "x-request-id": "r1"}
    async with gateway.http.post(CREATE, json=HI, headers=named) as response:
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-request-id"] == "r1"
        text = (await response.content.readexactly(2)).decode()
        assert text == "  "
        held.set()
        text += await response.text()
        return response.status, text


async def test_a_late_answer_comes_after_spaces(gateway: Face) -> None:
    status, text = await late(gateway, SCRIPT, Interaction(id="v1_a"))

    assert (status, json.loads(text)) == (200, DONE)


async def test_a_late_failure_is_a_failed_interaction(gateway: Face) -> None:
    error = failed(code_pb2.INTERNAL, "UPSTREAM_FAILED")
    body = {
        "object": "interaction",
        "status": "failed",
        "errors": [{"message": "It failed.", "code": "bad_gateway"}],
        "steps": [],
    }

    status, text = await late(gateway, SCRIPT, error)
    assert (status, json.loads(text)) == (200, body)


async def test_a_late_failure_is_told_in_the_revision_of_the_client(
    gateway: Face,
) -> None:
    error = failed(code_pb2.INTERNAL, "UPSTREAM_FAILED")

    status, text = await late(gateway, OLD_SCRIPT, error)
    body = json.loads(text)
    assert (status, body["status"], body["outputs"]) == (200, "failed", [])


async def test_an_early_answer_is_an_ordinary_one() -> None:
    async with face() as gateway:
        gateway.service.answer = Interaction(id="v1_a")
        named = {"x_goog_api_client": SCRIPT}
        assert await gateway.ask("POST", CREATE, HI, **named) == (200, DONE)
        gateway.service.answer = failed(code_pb2.NOT_FOUND, "NOT_FOUND")
        status, _ = await gateway.ask("POST", CREATE, HI, **named)
        assert status == 404


@pytest.mark.parametrize("client", [SCRIPT, "other"])
@pytest.mark.parametrize(("size", "aside"), [(10, False), (2_000_000, True)])
async def test_the_loop_goes_on_while_a_large_answer_is_written(
    client: str, size: int, monkeypatch: pytest.MonkeyPatch, *, aside: bool
) -> None:
    threads: list[threading.Thread] = []
    render = revisions.render

    def noted(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return render(*arguments)

    monkeypatch.setattr(revisions, "render", noted)
    answer = Interaction(id="v1_a")
    answer.steps.add().model_output.content.add().image.data = bytes(size)
    async with face() as gateway:
        gateway.service.answer = answer
        named = {"x-goog-api-client": client}
        status, value = await gateway.ask("POST", CREATE, HI, **named)

    assert status == 200
    assert base64.b64decode(value["steps"][0]["content"][0]["data"]) == bytes(size)
    assert [thread is not threading.main_thread() for thread in threads] == [aside]


@pytest.mark.parametrize("client", [SCRIPT, "other"])
async def test_a_large_answer_is_asked_for_its_size_once(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Large:
        """A message is serialized whenever it is asked for its size."""

        def ByteSize(self) -> int:
            asked.append(1)
            return 2_000_000

    async def unary(*_: object) -> Large:
        return Large()

    async with face() as gateway:
        monkeypatch.setattr(gateway.service, "unary", unary)
        monkeypatch.setattr(UnaryCaller, "_write", lambda *_: b"{}")
        named = {"x-goog-api-client": client}
        assert await gateway.ask("POST", CREATE, HI, **named) == (200, {})
    assert asked == [1]


async def test_others_wait_for_the_status(gateway: Face) -> None:
    held = gateway.service.answer = asyncio.Event()
    gateway.service.after = failed(code_pb2.NOT_FOUND, "NOT_FOUND")
    asking = asyncio.create_task(gateway.ask("POST", CREATE, HI))
    await gateway.service.started.wait()
    held.set()

    status, _ = await asking
    assert status == 404


async def test_an_impatient_client_that_leaves_cancels_the_call(gateway: Face) -> None:
    gateway.service.answer = asyncio.Event()
    named = {"x-goog-api-client": SCRIPT}
    async with asyncio.timeout(WAIT_SECONDS):
        async with gateway.http.post(CREATE, json=HI, headers=named) as response:
            await response.content.readexactly(2)
            response.close()
        await gateway.service.left.wait()
