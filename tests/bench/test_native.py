"""The programs that put load on servers count right; how fast they are is no matter."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from bench.build import build
from tests.clock import WAIT_SECONDS

pytestmark = [
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="the programs need Linux"
    ),
    pytest.mark.skipif(shutil.which("cc") is None, reason="cc not found"),
]


def request_file(folder: Path, model: str, *, stream: bool = False) -> Path:
    body = {"model": model, "messages": [], "stream": stream}
    file = folder / "body.json"
    file.write_text(json.dumps(body), "utf-8")
    return file


def results(*command: object) -> list[dict[str, Any]]:
    done = subprocess.run(
        list(map(str, command)),
        check=True,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def backend() -> Iterator[int]:
    with subprocess.Popen([build("backend")], stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


def load(port: int, body: Path, *arguments: object) -> dict[str, Any]:
    path = "/v1/chat/completions"
    fixed = ["--port", port, "--path", path, "--body", body, "--seconds", 30]
    started, result = results(build("load"), *fixed, *arguments)
    assert started == {"at": "measuring"}
    return result


def test_every_request_is_counted_once(backend: int, tmp_path: Path) -> None:
    body = request_file(tmp_path, "tokens-8")

    result = load(backend, body, "--connections", 4, "--count", 100)

    assert (result["finished"], result["failed"]) == (100, 0)
    assert result["latency_ms"]["p50"] <= result["latency_ms"]["max"]


@pytest.mark.parametrize("model", ["tokens-20", "tokens-20-at-1000"])
def test_every_event_of_a_stream_is_counted(
    backend: int, tmp_path: Path, model: str
) -> None:
    body = request_file(tmp_path, model, stream=True)

    result = load(backend, body, "--connections", 3, "--per-connection", 2, "--events")

    # The role, the tokens, the end; [DONE] is no event.
    assert result["fewest_events"] == result["most_events"] == 22
    assert (result["finished"], result["events"]) == (6, 6 * 22)


def test_failures_are_told_with_what_the_server_says(
    backend: int, tmp_path: Path
) -> None:
    body = request_file(tmp_path, "unknown")

    result = load(backend, body, "--count", 5)

    assert (result["finished"], result["failed"]) == (0, 5)
    assert "no such path or model" in result["failure"]


def test_a_server_that_is_not_there_ends_the_load(tmp_path: Path) -> None:
    body = request_file(tmp_path, "tokens-8")

    result = load(9, body)

    assert result["finished"] == 0
    assert "no connection" in result["failure"]


class Streams(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Answers any method with messages of different sizes; `Fail` fails."""

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        fails = str(details.method).endswith("/Fail")

        async def answer(
            request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
        ) -> AsyncIterator[bytes]:
            assert request == b"a request"
            for size in range(0, 40_000, 1000):
                if fails and size:
                    await context.abort(grpc.StatusCode.INTERNAL, "wrong")
                yield b"x" * size

        return grpc.unary_stream_rpc_method_handler(answer)


async def grpc_load(tmp_path: Path, method: str, seconds: float) -> dict[str, Any]:
    server = grpc.aio.server(handlers=[Streams()])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    body = tmp_path / "body"
    body.write_bytes(b"a request")
    arguments = ["--port", port, "--body", body, "--method", f"/test.Test/{method}"]
    arguments += ["--streams", 5, "--connections", 2, "--seconds", seconds]
    program = build("grpc")
    try:
        lines = await asyncio.to_thread(results, program, *arguments, "--messages", 40)
    finally:
        await server.stop(None)
    return lines[-1]


async def test_every_grpc_message_is_counted(tmp_path: Path) -> None:
    seconds = 0.25
    # A slow machine may finish nothing in so short a time.
    while not (result := await grpc_load(tmp_path, "Stream", seconds))["finished"]:
        seconds *= 2
        assert seconds < WAIT_SECONDS, "no call finishes"

    assert result["failed"] == 0
    assert result["fewest_events"] == result["most_events"] == 40


async def test_a_grpc_call_that_fails_is_no_success(tmp_path: Path) -> None:
    result = await grpc_load(tmp_path, "Fail", 30)  # it gives up long before

    assert result["finished"] == 0
    assert result["failed"] > 0
