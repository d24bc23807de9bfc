"""The whole server as processes that share a PostgreSQL database."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from openinteractions.storage.migrate import migrations
from openinteractions.v1 import (
    interaction_service_pb2,
    interaction_service_pb2_grpc,
)
from tests.clock import WAIT_SECONDS
from tests.postgres import PASSWORD, Postgres, create, own
from tests.test_server import (
    SCRIPTED,
    SOURCE_ROOTS,
    Server,
    serving,
    start,
    wait_for_line,
)

NAMES = ", ".join(step.name for step in migrations("postgres"))


@pytest.fixture
def url(postgres: str) -> str:
    """The URL of a new database."""
    return asyncio.run(create(postgres))


@pytest.fixture
def alone() -> Iterator[Postgres]:
    """A server to stop."""
    with own() as server:
        yield server


def configuration(url: str) -> str:
    store = f'url = "{url}"\n[objects]\nurl = "file:objects"'
    return SCRIPTED.replace('url = "sqlite:///store.db"', store)


def early(folder: Path, postgres: Postgres) -> str:
    """Return a configuration of a server that starts before its database does."""
    text = migrated(folder, postgres.url())
    postgres.stop()
    return text


def command(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openinteractions", name],
        cwd=folder,
        env={"PYTHONPATH": SOURCE_ROOTS},
        check=False,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )


def migrated(folder: Path, url: str) -> str:
    """Prepare a database; return the configuration."""
    text = configuration(url)
    (folder / "openinteractions.toml").write_text(text)
    assert command(folder, "migrate").returncode == 0
    return text


def test_a_database_is_made_by_its_command_and_not_by_serving(
    tmp_path: Path, url: str
) -> None:
    (tmp_path / "openinteractions.toml").write_text(configuration(url))
    bare = url.replace(f":{PASSWORD}", "")
    process = start(tmp_path)
    assert process.wait(WAIT_SECONDS) == 2
    process.communicate()
    assert (tmp_path / "log").read_text() == (
        f"openinteractions: store.url: the database {bare} cannot be used: "
        "it is empty; run `openinteractions migrate`\n"
    )

    said = [command(tmp_path, "migrate") for _ in range(2)]
    assert [one.stderr for one in said] == ["", ""]
    assert [one.stdout for one in said] == [
        f"openinteractions: {bare}: applied {NAMES}\n",
        f"openinteractions: {bare}: nothing to do\n",
    ]
    checked = command(tmp_path, "check")
    assert f'url = "{bare}"\n' in checked.stdout
    assert PASSWORD not in checked.stdout + checked.stderr


def test_what_one_server_stores_another_has(tmp_path: Path, url: str) -> None:
    text = migrated(tmp_path, url)
    other = tmp_path / "other"
    other.mkdir()
    (other / "objects").symlink_to(tmp_path / "objects")
    with serving(tmp_path, text) as here, serving(other, text) as there:
        assert f"store {url.replace(f':{PASSWORD}', '')};" in here.line
        assert PASSWORD not in here.line
        _, first = here.call("POST", "/v1/interactions", {"model": "m", "input": "one"})
        body = {"model": "m", "input": "two", "previous_interaction_id": first["id"]}
        events = streamed(there.http, body)
        second = events[0]["interaction"]["id"]
        _, fetched = here.call("GET", f"/v1/interactions/{second}")
        assert fetched["status"] == "completed"
        assert fetched["steps"][-1]["content"] == [{"type": "text", "text": "two"}]
        _, page = there.call("GET", "/v1/interactions")
        assert [one["id"] for one in page["interactions"]] == [second, first["id"]]
        again = resumed(here.http, second)
        assert [one["event_type"] for one in again][-1] == "interaction.completed"
        assert there.call("DELETE", f"/v1/interactions/{first['id']}")[0] == 200
        assert here.call("GET", f"/v1/interactions/{first['id']}")[0] == 404
        assert here.end(signal.SIGKILL) == -signal.SIGKILL
        assert there.end(signal.SIGTERM) == 0
    with serving(tmp_path, text) as here:
        assert here.call("GET", f"/v1/interactions/{second}") == (200, fetched)
    assert "Traceback" not in (other / "log").read_text()


def streamed(http: str, body: dict[str, object]) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{http}/v1/interactions", json.dumps(body | {"stream": True}).encode()
    )
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as stream:
        return parsed(stream.read())


def resumed(http: str, identifier: str) -> list[dict[str, Any]]:
    url = f"{http}/v1/interactions/{identifier}?stream=true"
    with urllib.request.urlopen(url, timeout=WAIT_SECONDS) as stream:
        return parsed(stream.read())


def parsed(stream: bytes) -> list[dict[str, Any]]:
    return [
        json.loads(line[5:])
        for line in stream.splitlines()
        if line.startswith(b"data: {")
    ]


def test_media_and_files_lie_beside_the_database(tmp_path: Path, url: str) -> None:
    text = migrated(tmp_path, url)
    with serving(tmp_path, text) as server:
        request = urllib.request.Request(
            f"{server.http}/upload/v1beta/files",
            b"a letter",
            {
                "X-Goog-Upload-Protocol": "raw",
                "Content-Type": "text/plain",
            },
        )
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            file = json.load(answer)["file"]
        assert server.call("GET", f"/v1beta/{file['name']}")[1] == file
        with urllib.request.urlopen(
            f"{server.http}/v1beta/{file['name']}:download?alt=media",
            timeout=WAIT_SECONDS,
        ) as answer:
            assert answer.read() == b"a letter"
        assert server.call("DELETE", f"/v1beta/{file['name']}")[0] == 200
        assert server.call("GET", f"/v1beta/{file['name']}")[0] == 404


def refusal(server: Server, method: str, path: str, body: object) -> tuple[int, str]:
    """Return the status of an answer and when to ask again."""
    sent = json.dumps(body).encode() if body else None
    request = urllib.request.Request(server.http + path, sent, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=WAIT_SECONDS)
    with caught.value as answer:
        return answer.code, answer.headers["Retry-After"]


def test_requests_fail_while_the_database_is_away_and_then_go_on(
    tmp_path: Path, alone: Postgres
) -> None:
    text = migrated(tmp_path, alone.url())
    body = {"model": "m", "input": "hello"}
    with serving(tmp_path, text) as server:
        _, created = server.call("POST", "/v1/interactions", body)
        alone.stop(signal.SIGQUIT)
        for method, path, sent in (
            ("POST", "/v1/interactions", body),
            ("GET", f"/v1/interactions/{created['id']}", None),
        ):
            assert refusal(server, method, path, sent) == (503, "1")
        assert server.call("GET", "/healthz")[0] == 200
        alone.start()
        status, fetched = server.call("GET", f"/v1/interactions/{created['id']}")
        assert (status, fetched["status"]) == (200, "completed")
        assert server.call("POST", "/v1/interactions", body)[0] == 200
        assert server.end(signal.SIGTERM) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def health(channel: grpc.Channel) -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    answer = stub.Check(HealthCheckRequest(), timeout=WAIT_SECONDS)
    return int(answer.status)


def until(
    server: Server, status: int, method: str, path: str, body: object = None
) -> Any:
    """Ask until the answer has a status, and return what it says."""
    ending = time.monotonic() + WAIT_SECONDS
    while (answer := server.call(method, path, body))[0] != status:
        assert time.monotonic() < ending, answer
        time.sleep(0.05)
    return answer[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_may_start_before_its_database(
    tmp_path: Path, alone: Postgres, workers: int
) -> None:
    text = early(tmp_path, alone)
    text = text.replace("[server]", f"[server]\nworkers = {workers}")
    body = {"model": "m", "input": "hello"}
    with serving(tmp_path, text) as server:
        assert server.call("GET", "/healthz")[0] == 200
        assert server.call("GET", "/readyz")[0] == 503
        for sent in (body, body | {"background": True}, body | {"stream": True}):
            assert refusal(server, "POST", "/v1/interactions", sent) == (503, "1")
        assert refusal(server, "GET", "/v1/interactions/x", None) == (503, "1")
        with grpc.insecure_channel(server.grpc) as channel:
            stub = interaction_service_pb2_grpc.InteractionServiceStub(channel)
            with pytest.raises(grpc.RpcError) as caught:
                stub.GetInteraction(
                    interaction_service_pb2.GetInteractionRequest(id="x"),
                    timeout=WAIT_SECONDS,
                )
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            assert health(channel) == HealthCheckResponse.NOT_SERVING
        alone.start()
        until(server, 200, "GET", "/readyz")
        # Each of several finds the database for itself.
        created = until(
            server, 200, "POST", "/v1/interactions", body | {"background": True}
        )
        path, ending = (
            f"/v1/interactions/{created['id']}",
            time.monotonic() + WAIT_SECONDS,
        )
        while until(server, 200, "GET", path)["status"] != "completed":
            assert time.monotonic() < ending, "it does not end"
            time.sleep(0.05)
        with grpc.insecure_channel(server.grpc) as channel:
            ending = time.monotonic() + WAIT_SECONDS
            while health(channel) != HealthCheckResponse.SERVING:
                assert time.monotonic() < ending, "gRPC does not become ready"
                time.sleep(0.05)
        assert server.end(signal.SIGTERM) == 0
    said = (tmp_path / "log").read_text()
    assert "Traceback" not in said
    assert PASSWORD not in said
    assert said.count("It is waited for") == workers
    assert "claims are not kept" not in said


@pytest.mark.parametrize("command", ["serve", "serve --workers 2", "worker"])
def test_one_that_waits_for_its_database_can_be_ended(
    tmp_path: Path, alone: Postgres, command: str
) -> None:
    early(tmp_path, alone)
    process = start(tmp_path, *command.split())
    wait_for_line(process, tmp_path)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0
    process.communicate()
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("command", ["serve", "serve --workers 2", "worker"])
def test_a_database_that_turns_out_to_be_the_wrong_one_ends_all_that_waited(
    tmp_path: Path, alone: Postgres, command: str
) -> None:
    (tmp_path / "openinteractions.toml").write_text(configuration(alone.url()))
    alone.stop()
    process = start(tmp_path, *command.split())
    wait_for_line(process, tmp_path)
    alone.start()
    assert process.wait(WAIT_SECONDS) == 2
    process.communicate()
    said = (tmp_path / "log").read_text()
    assert said.endswith("it is empty; run `openinteractions migrate`\n"), said
    assert "Traceback" not in said


def test_a_worker_begins_once_its_database_is_there(
    tmp_path: Path, alone: Postgres
) -> None:
    early(tmp_path, alone)
    process = start(tmp_path, "worker")
    wait_for_line(process, tmp_path)
    alone.start()
    asyncio.run(sign_of_life(alone.url()))
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0
    process.communicate()


async def sign_of_life(url: str) -> None:
    """Return when a process has given one."""
    connection = await asyncpg.connect(url)
    ending = time.monotonic() + WAIT_SECONDS
    while not await connection.fetchval("SELECT count(*) FROM processes"):
        assert time.monotonic() < ending, "there is none"
        await asyncio.sleep(0.05)
    await connection.close()
