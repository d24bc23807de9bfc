"""`buf curl`, which knows nothing of the service but what reflection tells it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clock import WAIT_SECONDS
from tests.rpc.face import Face

BUF = Path(sys.executable).parent / "buf"
SERVICE = "openinteractions.v1.InteractionService"


async def curl(face: Face, *arguments: str) -> tuple[int, str, str]:
    """Run `buf curl` and return its status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def call(
    face: Face, method: str, request: dict[str, Any], *arguments: str
) -> tuple[int, list[Any], Any]:
    """Call an RPC and return the exit status, the messages and the error."""
    status, out, err = await curl(
        face,
        *arguments,
        *("--data", json.dumps(request)),
        f"http://{face.target}/{SERVICE}/{method}",
    )
    decoder, messages, place = json.JSONDecoder(), [], 0
    while out[place:].strip():
        place += len(out[place:]) - len(out[place:].lstrip())
        message, place = decoder.raw_decode(out, place)
        messages.append(message)
    # gRPC's own log may come before the error.
    return status, messages, json.loads(err[err.index("{") :]) if status else None


@pytest.mark.parametrize("protocol", ["grpc-v1", "grpc-v1alpha"])
async def test_the_methods_are_listed(face: Face, protocol: str) -> None:
    status, out, err = await curl(
        face,
        *("--reflect-protocol", protocol),
        "--list-methods",
        f"http://{face.target}",
    )

    assert (status, err) == (0, "")
    assert f"{SERVICE}/CreateInteraction" in out.splitlines()
    assert f"{SERVICE}/StreamInteraction" in out.splitlines()


async def test_an_interaction_is_created_and_fetched(face: Face) -> None:
    face.say()
    request = {"model": "m", "input": {"text": "hi"}}
    status, (created,), _ = await call(face, "CreateInteraction", request)
    assert status == 0
    assert created["status"] == "INTERACTION_STATUS_COMPLETED"
    text = {"modelOutput": {"content": [{"text": {"text": "Hello"}}]}}
    assert created["steps"] == [text]

    _, (fetched,), _ = await call(face, "GetInteraction", {"id": created["id"]})
    assert fetched["steps"][1:] == created["steps"]


async def test_a_stream_is_read_to_its_end(face: Face) -> None:
    face.say()
    request = {"model": "m", "input": {"text": "hi"}}
    status, events, _ = await call(face, "StreamCreateInteraction", request)

    assert status == 0
    assert "created" in events[0]
    assert "completed" in events[-1]
    assert all("eventId" in event for event in events)


async def test_an_error_has_its_details(face: Face) -> None:
    status, messages, error = await call(face, "GetInteraction", {"id": "none"})

    assert (status, messages) == (40, [])  # 8 times the gRPC code
    assert error["code"] == "not_found"
    assert [detail["type"] for detail in error["details"]] == ["google.rpc.ErrorInfo"]
