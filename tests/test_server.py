"""The whole server as a process: how it starts, serves, is killed, and ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from openinteractions.engine.store_ports import Place
from openinteractions.storage.migrate import migrations
from openinteractions.storage.sqlite import SqliteStore
from openinteractions.v1 import (
    interaction_pb2,
    interaction_service_pb2,
    interaction_service_pb2_grpc,
)
from tests.clock import WAIT_SECONDS
from tests.storage.records import Status, record

ROOT = Path(__file__).parents[1]
SOURCE_ROOTS = os.pathsep.join(
    str(ROOT / root) for root in ("service", "gateway", "gen")
)

SCRIPTED = """
[server]
http = "127.0.0.1:0"
grpc = "127.0.0.1:0"
shutdown_grace_seconds = 0.2

[store]
url = "sqlite:///store.db"

[endpoints.demo]
dialect = "scripted"

[models."*"]
endpoint = "demo"
"""


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        self.process = process
        self.line = line
        found = re.search(r"HTTP on (http://[^,]+), gRPC on ([^,]+),", line)
        assert found is not None, line
        self.http, self.grpc = found.groups()

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request; return the status and the JSON body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)


@contextmanager
def serving(folder: Path, configuration: str = SCRIPTED) -> Iterator[Server]:
    """Run a server in a folder."""
    (folder / "openinteractions.toml").write_text(configuration)
    process = start(folder)
    try:
        yield Server(process, wait_for_line(process, folder))
    finally:
        process.kill()
        process.communicate()


def wait_for_line(process: subprocess.Popen[str], folder: Path) -> str:
    """Return the line with which a server says that it is ready."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], WAIT_SECONDS)
    assert readable, "the server does not say that it is ready"
    line = process.stdout.readline()
    assert line, (folder / "log").read_text()
    return line


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    """Start a command, `serve` by default, with the configuration in a folder."""
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "openinteractions", *(command or ["serve"])],
            cwd=folder,
            env={"PYTHONPATH": SOURCE_ROOTS},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )


def test_both_faces_serve_one_store(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.line.endswith(
            "store sqlite:///store.db; openinteractions.toml\n"
        ), server.line
        assert server.call("GET", "/healthz")[0] == 200
        assert server.call("GET", "/readyz") == (200, {"status": "ready"})
        _, over_rest = server.call(
            "POST", "/v1beta/interactions", {"model": "m", "input": "hello rest"}
        )
        with grpc.insecure_channel(server.grpc) as channel:
            stub = interaction_service_pb2_grpc.InteractionServiceStub(channel)
            fetched = stub.GetInteraction(
                interaction_service_pb2.GetInteractionRequest(id=over_rest["id"])
            )
            assert fetched.steps[-1].model_output.content[0].text.text == "hello rest"
            over_grpc = stub.CreateInteraction(
                interaction_service_pb2.CreateInteractionRequest(
                    model="m",
                    input=interaction_pb2.Input(text="hello grpc"),
                    previous_interaction_id=over_rest["id"],
                )
            )
        status, body = server.call("GET", f"/v1/interactions/{over_grpc.id}")
        assert status == 200
        assert body["steps"][-1]["content"] == [{"type": "text", "text": "hello grpc"}]
        assert body["previous_interaction_id"] == over_rest["id"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_zero(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(tmp_path) as server:
        assert server.end(number) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_it_takes_as_many_open_files_as_it_may_have(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    (tmp_path / "openinteractions.toml").write_text(SCRIPTED)
    # What is started has the limits of who starts it.
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
    try:
        process = start(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)

    try:
        wait_for_line(process, tmp_path)
        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (most, most)
    finally:
        process.kill()
        process.communicate()


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        _, created = server.call(
            "POST", "/v1/interactions", {"model": "m", "input": "keep me"}
        )
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    with serving(tmp_path) as server:
        status, fetched = server.call("GET", f"/v1/interactions/{created['id']}")
        assert status == 200
        assert fetched["steps"][1:] == created["steps"]


@pytest.mark.parametrize("store", [True, False], ids=["stored", "not stored"])
def test_a_stream_that_runs_when_a_signal_comes_is_ended(
    tmp_path: Path, *, store: bool
) -> None:
    body = {"model": "m", "input": "script: say half; hang", "stream": True}
    with serving(tmp_path) as server:
        request = urllib.request.Request(
            server.http + "/v1/interactions",
            json.dumps({**body, "store": store}).encode(),
        )
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as stream:
            first = next(line for line in stream if line.startswith(b"data:"))
            identifier = json.loads(first[5:])["interaction"]["id"]
            server.process.send_signal(signal.SIGTERM)
            rest = stream.read().decode()
        assert server.process.wait(WAIT_SECONDS) == 0
    gone = "The server is shutting down." if store else "The server was shut down."
    assert f'"{gone}"' in rest
    assert rest.endswith("event: done\ndata: [DONE]\n\n")
    with serving(tmp_path) as server:
        _, page = server.call("GET", "/v1/interactions")
        assert [one["id"] for one in page.get("interactions", [])] == (
            [identifier] if store else []
        )
        if store:
            # The next server goes on with it, and so it can be cancelled there.
            _, fetched = server.call("POST", f"/v1/interactions/{identifier}/cancel")
            assert fetched["status"] == "cancelled"


def test_a_stream_whose_server_was_killed_is_made_by_the_next(
    tmp_path: Path,
) -> None:
    body = {"model": "m", "input": "script: say half; hang", "stream": True}
    with serving(tmp_path) as server:
        request = urllib.request.Request(
            server.http + "/v1/interactions", json.dumps(body).encode()
        )
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as stream:
            lines = (json.loads(line[5:]) for line in stream if line[:5] == b"data:")
            identifier = next(lines)["interaction"]["id"]
            seen = next(one for one in lines if one["event_type"] == "step.delta")
            server.end(signal.SIGKILL)
    with closing(sqlite3.connect(tmp_path / "store.db")) as store, store:
        # As if its lease had run out, without a further sign of life.
        assert store.execute("UPDATE runs SET deadline = 0").rowcount == 1
        store.execute("UPDATE processes SET deadline = 0")
    with serving(tmp_path) as server:
        url = f"{server.http}/v1/interactions/{identifier}?stream=true"
        after = f"{url}&last_event_id={seen['event_id']}"
        with urllib.request.urlopen(after, timeout=WAIT_SECONDS) as stream:
            lines = (json.loads(line[5:]) for line in stream if line[:5] == b"data:")
            again = next(lines)
            assert (again["event_type"], again["index"]) == ("step.start", 0)
            assert next(lines)["delta"]["text"] == "half"
            cancel = f"/v1/interactions/{identifier}/cancel"
            _, fetched = server.call("POST", cancel)
    assert fetched["status"] == "cancelled"
    assert fetched["steps"][-1]["content"][0]["text"] == "half"


def test_background_work_waits_its_turn_and_is_refused_when_too_much_waits(
    tmp_path: Path,
) -> None:
    configuration = f"{SCRIPTED}\n[background]\nconcurrency = 1\nqueue = 1\n"
    body = {"model": "m", "input": "script: say half; hang", "background": True}
    with serving(tmp_path, configuration) as server:
        made = [server.call("POST", "/v1/interactions", body) for _ in range(2)]
        assert [one["status"] for _, one in made] == ["in_progress", "queued"]
        assert all(one.get("steps", []) == [] for _, one in made)
        request = urllib.request.Request(
            server.http + "/v1/interactions", json.dumps(body).encode()
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=WAIT_SECONDS)
        with caught.value as refusal:
            assert refusal.code == 429
            assert int(refusal.headers["Retry-After"]) > 0
            code = json.load(refusal)["error"]["code"]
        assert code == "too_many_requests"
        first, second = (f"/v1/interactions/{one['id']}" for _, one in made)
        assert server.call("POST", f"{first}/cancel")[1]["status"] == "cancelled"
        url = f"{server.http}{second}?stream=true"
        with urllib.request.urlopen(url, timeout=WAIT_SECONDS) as stream:
            lines = (json.loads(line[5:]) for line in stream if line[:5] == b"data:")
            said = next(one for one in lines if one["event_type"] == "step.delta")
        assert said["delta"]["text"] == "half"


def test_background_work_is_left_to_the_next_server_at_once(tmp_path: Path) -> None:
    configuration = SCRIPTED.replace("= 0.2", "= 60")
    body = {"model": "m", "input": "script: say half; hang", "background": True}
    with serving(tmp_path, configuration) as server:
        _, made = server.call("POST", "/v1/interactions", body)
        assert server.end(signal.SIGTERM) == 0
    with serving(tmp_path, configuration) as server:
        url = f"{server.http}/v1/interactions/{made['id']}?stream=true"
        with urllib.request.urlopen(url, timeout=WAIT_SECONDS) as stream:
            lines = (json.loads(line[5:]) for line in stream if line[:5] == b"data:")
            said = next(one for one in lines if one["event_type"] == "step.delta")
        assert said["delta"]["text"] == "half"


def refused(folder: Path, configuration: str) -> list[str]:
    """Run a server that must not start; return its log."""
    (folder / "openinteractions.toml").write_text(configuration)
    process = start(folder)
    try:
        status = process.wait(WAIT_SECONDS)
    finally:
        process.kill()
        process.communicate()
    said = (folder / "log").read_text()
    assert status == 2, said
    return said.splitlines()


@pytest.mark.parametrize("face", ["http", "grpc"])
def test_an_address_in_use_is_named(tmp_path: Path, face: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        configuration = SCRIPTED.replace(
            f'{face} = "127.0.0.1:0"', f'{face} = "{address}"'
        )
        (line,) = refused(tmp_path, configuration)
    assert line.startswith(f"openinteractions: server.{face}: cannot listen on ")
    assert address in line


def test_a_store_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("no database, " * 100)
    (line,) = refused(tmp_path, SCRIPTED)
    assert line == (
        "openinteractions: store.url: the database store.db cannot be used: "
        "file is not a database"
    )


def test_migrate_says_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "openinteractions.toml").write_text(SCRIPTED)
    said = [
        subprocess.run(
            [sys.executable, "-m", "openinteractions", "migrate"],
            cwd=tmp_path,
            env={"PYTHONPATH": SOURCE_ROOTS},
            check=True,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
        ).stdout
        for _ in range(2)
    ]
    names = ", ".join(step.name for step in migrations())
    assert said == [
        f"openinteractions: sqlite:///store.db: applied {names}\n",
        "openinteractions: sqlite:///store.db: nothing to do\n",
    ]


AWAY = SCRIPTED.replace('"scripted"', '"chat"\nbase_url = "http://127.0.0.1:1/v1"')


async def queued(path: Path) -> None:
    """Store an interaction that waits."""
    store = await SqliteStore.open(path)
    waiting = record("v1_waiting", status=Status.INTERACTION_STATUS_QUEUED)
    await store.add(waiting, [], place=Place("ann", 1))
    await store.close()


def test_a_server_that_cannot_start_loses_nothing_that_waits(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    asyncio.run(queued(path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        configuration = AWAY.replace('grpc = "127.0.0.1:0"', f'grpc = "{address}"')
        refused(tmp_path, configuration)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT process, losses FROM runs").fetchall()
    assert rows == [(None, 0)]
