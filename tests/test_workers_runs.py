"""Runs that one process has and others are asked for, and what runs without a face."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from openinteractions.v1.interaction_pb2 import InteractionStatus as Status
from tests.clock import WAIT_SECONDS
from tests.team import TWO, ask, created, eventually, shares, sockets
from tests.team import serving as serving_by_two
from tests.test_server import SCRIPTED, SOURCE_ROOTS, serving, wait_for_line

HANG = "script: say half; hang"
QUICK = "[background]\ndeadline_seconds = 1\n"
ONE_AT_A_TIME = f"{QUICK}concurrency = 1\n"
COMPLETED = Status.INTERACTION_STATUS_COMPLETED


def streamed(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None
) -> tuple[str, http.client.HTTPResponse]:
    """Begin a stream and read it to its first text; return the interaction's id."""
    connection.request(method, path, None if body is None else json.dumps(body))
    stream = connection.getresponse()
    identifier = ""
    for line in stream:
        if line.startswith(b"data:") and b"interaction.created" in line:
            identifier = json.loads(line[5:])["interaction"]["id"]
        if b"half" in line:
            return identifier, stream
    raise AssertionError("the stream has ended before its first text")


def test_a_stream_is_followed_and_cancelled_from_another_worker(tmp_path: Path) -> None:
    with (
        serving_by_two(tmp_path) as team,
        closing(team.connection()) as one,
        closing(team.connection()) as two,
        closing(team.connection()) as three,
    ):
        body = {"model": "m", "input": HANG, "stream": True}
        identifier, first = streamed(one, "POST", "/v1/interactions", body)
        path = f"/v1/interactions/{identifier}"
        again, second = streamed(two, "GET", f"{path}?stream=true")
        assert again == identifier
        assert sorted(shares(team.workers(), team.port).values()) == [1, 1]

        # The third connection is at either; so one of both cancels from elsewhere.
        status, cancelled = ask(three, "POST", f"{path}/cancel")
        assert (status, cancelled["status"]) == (200, "cancelled")
        for stream in (first, second):
            assert b"cancelled" in stream.read()
        assert ask(three, "GET", path)[1]["steps"] == cancelled["steps"]


def test_a_background_run_is_polled_and_cancelled_from_every_worker(
    tmp_path: Path,
) -> None:
    with (
        serving_by_two(tmp_path) as team,
        closing(team.connection()) as one,
        closing(team.connection()) as two,
    ):
        for each, other in ((one, two), (two, one)):
            path = f"/v1/interactions/{created(each, HANG, background=True)}"
            for connection in (each, other):
                eventually(partial(runs, connection, path))
            assert ask(other, "POST", f"{path}/cancel")[1]["status"] == "cancelled"
            assert ask(each, "GET", path)[1]["status"] == "cancelled"


def test_what_a_killed_worker_ran_goes_on_at_another(tmp_path: Path) -> None:
    with serving_by_two(tmp_path, f"{TWO}\n{QUICK}") as team:
        with closing(team.connection()) as one:
            path = f"/v1/interactions/{created(one, HANG, background=True)}"
            eventually(lambda: claims(tmp_path) == [1])
            for pid in shares(team.workers(), team.port):
                os.kill(pid, signal.SIGKILL)
        eventually(lambda: claims(tmp_path) == [2])
        with closing(team.connection()) as two:
            assert ask(two, "GET", path)[1]["status"] == "in_progress"
            assert ask(two, "POST", f"{path}/cancel")[1]["status"] == "cancelled"


def test_a_worker_without_faces_runs_what_servers_have_left(tmp_path: Path) -> None:
    with serving(tmp_path, f"{SCRIPTED}\n{ONE_AT_A_TIME}") as server:
        for text in (HANG, "hello"):
            status, _ = server.call(
                "POST",
                "/v1/interactions",
                {"model": "m", "input": text, "background": True},
            )
            assert status == 200
        eventually(lambda: sorted(claims(tmp_path)) == [0, 1])
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    with working(tmp_path, f"{SCRIPTED}\n{QUICK}") as worker:
        # The one that waited is done, the one that was lost goes on.
        eventually(lambda: COMPLETED in statuses(tmp_path))
        eventually(lambda: claims(tmp_path) == [2])
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(WAIT_SECONDS) == 0
        # Nobody has it now: it waits for the next one.
        assert holders(tmp_path) == [None]
    assert "Traceback" not in (tmp_path / "worker.log").read_text()


def test_a_worker_says_that_it_is_ready_and_listens_nowhere(tmp_path: Path) -> None:
    with working(tmp_path, SCRIPTED) as worker:
        inodes = {
            line.split()[9]
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        }
        assert not inodes.intersection(sockets(worker.pid))
        worker.send_signal(signal.SIGINT)
        assert worker.wait(WAIT_SECONDS) == 0


def runs(connection: http.client.HTTPConnection, path: str) -> bool:
    return bool(ask(connection, "GET", path)[1]["status"] == "in_progress")


@contextmanager
def working(folder: Path, configuration: str) -> Iterator[subprocess.Popen[str]]:
    """Run a worker without faces."""
    (folder / "openinteractions.toml").write_text(configuration)
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "openinteractions", "worker"],
            cwd=folder,
            env={"PYTHONPATH": SOURCE_ROOTS},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        line = wait_for_line(process, folder)
        assert line == (
            f"openinteractions: worker, process {process.pid}, "
            "store sqlite:///store.db; openinteractions.toml\n"
        )
        yield process
    finally:
        process.kill()
        process.communicate()


def claims(folder: Path) -> list[int]:
    """How often everything was claimed that has not ended."""
    return [epoch for (epoch,) in rows(folder, "SELECT epoch FROM runs")]


def holders(folder: Path) -> list[str | None]:
    return [process for (process,) in rows(folder, "SELECT process FROM runs")]


def statuses(folder: Path) -> list[int]:
    return [status for (status,) in rows(folder, "SELECT status FROM interactions")]


def rows(folder: Path, statement: str) -> list[tuple]:  # type: ignore[type-arg]
    with closing(sqlite3.connect(folder / "store.db")) as store:
        return store.execute(statement).fetchall()
