"""Several processes that serve as one: what they share, and what outlives whom."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest

from openinteractions.v1 import (
    interaction_pb2,
    interaction_service_pb2,
    interaction_service_pb2_grpc,
)
from tests.test_server import SCRIPTED, SOURCE_ROOTS, WAIT_SECONDS, Server, start

TWO = SCRIPTED.replace("[server]", "[server]\nworkers = 2")
LOOK_SECONDS = 0.02


class Team(Server):
    """A server of several processes."""

    @property
    def port(self) -> int:
        """The HTTP port."""
        return urlsplit(self.http).port or 0

    def workers(self) -> list[int]:
        """The processes that serve."""
        return [
            pid for pid in children(self.process.pid) if b"\0member\0" in command(pid)
        ]

    def connection(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)


def children(pid: int) -> list[int]:
    """The processes that a process has started, from whichever thread."""
    try:
        text = [
            file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")
        ]
    except OSError:
        return []
    return sorted(int(child) for child in " ".join(text).split())


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def lives(pid: int) -> bool:
    """Whether any thread of a process does."""
    try:
        stats = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:
        return lives(pid)
    return any(stat.rpartition(")")[2].split()[0] not in "ZX" for stat in stats)


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds that other processes bring about."""
    ending = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < ending
        time.sleep(LOOK_SECONDS)


def shares(pids: list[int], port: int) -> Counter[int]:
    """How many connections at a port each process has."""
    inodes = {
        fields[9]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if (fields := line.split())[1].endswith(f":{port:04X}") and fields[3] == "01"
    }
    return Counter(pid for pid in pids for inode in sockets(pid) if inode in inodes)


def sockets(pid: int) -> Iterator[str]:
    for file in Path(f"/proc/{pid}/fd").iterdir():
        # It may be closed just now.
        with suppress(OSError):
            yield str(file.readlink()).removeprefix("socket:[").removesuffix("]")


@contextmanager
def serving(folder: Path, configuration: str = TWO) -> Iterator[Team]:
    """Run a server; at the end no process of it is left."""
    (folder / "openinteractions.toml").write_text(configuration)
    process = start(folder)
    pids = []
    try:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], WAIT_SECONDS)
        assert readable, "the server does not say that it is ready"
        line = process.stdout.readline()
        assert line, log(folder)
        team = Team(process, line)
        pids = team.workers()
        yield team
        pids += team.workers()
    finally:
        process.kill()
        process.communicate()
        eventually(lambda: not any(map(lives, pids)))


def log(folder: Path) -> str:
    return (folder / "log").read_text()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None
) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data)
    with connection.getresponse() as answer:
        return answer.status, json.loads(answer.read())


def created(connection: http.client.HTTPConnection, text: str, **more: object) -> str:
    body = {"model": "m", "input": text, **more}
    status, interaction = ask(connection, "POST", "/v1/interactions", body)
    assert status == 200, interaction
    return str(interaction["id"])


def test_what_one_makes_the_other_has(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as team,
        closing(team.connection()) as one,
        closing(team.connection()) as two,
    ):
        assert team.line.endswith("; 2 workers\n")
        assert len(team.workers()) == 2
        first = created(one, "first")
        assert ask(two, "GET", "/readyz") == (200, {"status": "ready"})
        assert set(shares(team.workers(), team.port).values()) == {1}

        assert ask(two, "GET", f"/v1/interactions/{first}")[0] == 200
        second = created(two, "second", previous_interaction_id=first)
        status, found = ask(one, "GET", f"/v1/interactions/{second}")
        assert (status, found["previous_interaction_id"]) == (200, first)
        assert ask(one, "DELETE", f"/v1/interactions/{second}")[0] == 200
        assert ask(two, "GET", f"/v1/interactions/{second}")[0] == 404


def test_connections_are_shared_out_evenly(tmp_path: Path) -> None:
    with serving(tmp_path) as team, ExitStack() as stack:
        connections = [
            stack.enter_context(closing(team.connection())) for _ in range(16)
        ]
        for _ in range(4):
            for connection in connections:
                created(connection, "hello")
        assert sorted(shares(team.workers(), team.port).values()) == [8, 8]

        # Those of one worker end; the next ones go where there are fewer.
        for connection in connections[::2]:
            connection.close()
        eventually(lambda: len(shares(team.workers(), team.port)) == 1)
        more = [stack.enter_context(closing(team.connection())) for _ in range(8)]
        for connection in more:
            created(connection, "hello")
        assert sorted(shares(team.workers(), team.port).values()) == [8, 8]


def test_a_worker_that_is_killed_is_replaced_and_service_goes_on(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as team:
        with closing(team.connection()) as connection:
            kept = created(connection, "keep me")
        killed, other = team.workers()
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: not lives(killed))
        with closing(team.connection()) as connection:
            assert ask(connection, "GET", "/readyz")[0] == 200
            assert ask(connection, "GET", f"/v1/interactions/{kept}")[0] == 200
            created(connection, "go on")
        eventually(lambda: "worker 1 is process" in log(tmp_path))
        assert other in team.workers()
        assert len(team.workers()) == 2
        with (
            closing(team.connection()) as one,
            closing(team.connection()) as two,
        ):
            created(one, "one")
            created(two, "two")
            assert set(shares(team.workers(), team.port).values()) == {1}
        assert team.end(signal.SIGTERM) == 0
    assert f"worker 1 (process {killed}) killed by SIGKILL" in log(tmp_path)


def test_a_server_whose_workers_die_again_and_again_ends(tmp_path: Path) -> None:
    with serving(tmp_path) as team:
        _, good = team.workers()
        while team.process.poll() is None:
            for pid in team.workers():
                if pid != good:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(LOOK_SECONDS)
        assert team.process.returncode == 1
        assert not lives(good)
    assert log(tmp_path).splitlines()[-1] == (
        "openinteractions: worker 1 killed by SIGKILL, and 6 before it did not serve "
        "for 10 s either"
    )


def test_a_worker_that_is_told_to_end_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path) as team:
        one, _ = team.workers()
        os.kill(one, signal.SIGTERM)
        eventually(lambda: "worker 1 is process" in log(tmp_path))
        assert len(team.workers()) == 2
        with closing(team.connection()) as connection:
            created(connection, "go on")
        assert team.end(signal.SIGTERM) == 0


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as team:
        workers = team.workers()
        assert team.end(signal.SIGKILL) == -signal.SIGKILL
        eventually(lambda: not any(map(lives, workers)))
        with pytest.raises(ConnectionRefusedError), closing(team.connection()) as one:
            one.connect()
    assert log(tmp_path).count("the parent is gone") == 2


@pytest.mark.parametrize(
    "everyone", [False, True], ids=["the parent", "every process at once"]
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_with_status_zero(
    tmp_path: Path, number: signal.Signals, *, everyone: bool
) -> None:
    with serving(tmp_path) as team:
        workers = team.workers()
        for pid in workers if everyone else []:
            os.kill(pid, number)
        assert team.end(number) == 0
        assert not any(map(lives, workers))
    assert "Traceback" not in log(tmp_path)
    assert "killed" not in log(tmp_path)


def test_a_stream_goes_on_for_the_grace_while_nothing_new_is_taken(
    tmp_path: Path,
) -> None:
    body = {"model": "m", "input": "script: say half; hang", "stream": True}
    with serving(tmp_path) as team, closing(team.connection()) as connection:
        connection.request("POST", "/v1/interactions", json.dumps(body))
        stream = connection.getresponse()
        while b"half" not in stream.readline():
            pass
        team.process.send_signal(signal.SIGTERM)
        rest = stream.read().decode()
        assert rest.endswith("event: done\ndata: [DONE]\n\n")
        assert team.process.wait(WAIT_SECONDS) == 0


def test_a_second_signal_waits_for_nothing(tmp_path: Path) -> None:
    body = {"model": "m", "input": "script: say half; hang", "stream": True}
    patient = TWO.replace("seconds = 0.2", "seconds = 3600")
    with (
        serving(tmp_path, patient) as team,
        closing(team.connection()) as connection,
        closing(team.connection()) as idle,
    ):
        created(idle, "hello")
        connection.request("POST", "/v1/interactions", json.dumps(body))
        stream = connection.getresponse()
        while b"half" not in stream.readline():
            pass
        workers = team.workers()
        team.process.send_signal(signal.SIGTERM)
        # That worker has nothing to wait for.
        eventually(lambda: sum(map(lives, workers)) == 1)
        assert team.end(signal.SIGTERM) == -signal.SIGTERM
        eventually(lambda: not any(map(lives, workers)))


def test_grpc_comes_in_at_one_port_for_all(tmp_path: Path) -> None:
    with serving(tmp_path) as team, ExitStack() as stack:
        stubs = []
        for _ in range(32):
            channel = grpc.insecure_channel(
                team.grpc, options=[("grpc.use_local_subchannel_pool", 1)]
            )
            stack.callback(channel.close)
            stubs.append(interaction_service_pb2_grpc.InteractionServiceStub(channel))
        made = stubs[0].CreateInteraction(
            interaction_service_pb2.CreateInteractionRequest(
                model="m", input=interaction_pb2.Input(text="hello")
            )
        )
        for stub in stubs:
            found = stub.GetInteraction(
                interaction_service_pb2.GetInteractionRequest(id=made.id)
            )
            assert found.id == made.id
        port = int(team.grpc.rpartition(":")[2])
        found_at = shares(team.workers(), port)
        assert found_at.total() == 32
        assert len(found_at) == 2


def test_the_embedded_model_runs_once_for_all(tmp_path: Path) -> None:
    embedded = TWO.replace('"scripted"', '"embedded"')
    with (
        serving(tmp_path, embedded) as team,
        closing(team.connection()) as one,
        closing(team.connection()) as two,
    ):
        for connection in (one, two, one):
            created(connection, "Hi", generation_config={"max_output_tokens": 2})
        workers = team.workers()
        (model,) = set(children(team.process.pid)) - set(workers)
        assert not any(map(children, workers))
        os.kill(model, signal.SIGKILL)
        eventually(lambda: not lives(model))
        created(two, "Hi", generation_config={"max_output_tokens": 2})
        (model,) = set(children(team.process.pid)) - set(workers)
        assert team.end(signal.SIGTERM) == 0
        eventually(lambda: not lives(model))


@pytest.mark.parametrize("face", ["http", "grpc"])
def test_an_address_in_use_is_named_once(tmp_path: Path, face: str) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        wanted = TWO.replace(f'{face} = "127.0.0.1:0"', f'{face} = "{address}"')
        (line,) = refused(tmp_path, wanted)
    assert line.startswith(
        f"openinteractions: server.{face}: cannot listen on {address}: "
    )


def test_a_store_that_is_none_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("no database, " * 100)
    (line,) = refused(tmp_path, TWO)
    assert line == (
        "openinteractions: store.url: the database store.db cannot be used: "
        "file is not a database"
    )


def test_what_only_a_worker_finds_wrong_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("no directory")
    (line,) = refused(tmp_path, f'{TWO}\n[objects]\nurl = "file:objects"\n')
    assert line.startswith("openinteractions: objects.url: ")


def refused(folder: Path, configuration: str) -> list[str]:
    """Run a server that must not start; return its log."""
    (folder / "openinteractions.toml").write_text(configuration)
    process = start(folder)
    try:
        assert process.wait(WAIT_SECONDS) == 2, log(folder)
    finally:
        process.kill()
        process.communicate()
    return log(folder).splitlines()


def test_a_worker_that_nobody_started_ends(tmp_path: Path) -> None:
    line, door = socket.socketpair(), socket.socketpair()
    for end in (line[0], door[0]):
        end.close()
    files = [line[1].fileno(), door[1].fileno()]
    done = subprocess.run(
        [sys.executable, "-m", "openinteractions", "member", *map(str, files)],
        env={"PYTHONPATH": SOURCE_ROOTS},
        cwd=tmp_path,
        pass_fds=files,
        check=False,
        capture_output=True,
        timeout=WAIT_SECONDS,
    )
    for end in (line[1], door[1]):
        end.close()
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
