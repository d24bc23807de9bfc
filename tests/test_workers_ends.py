"""Several processes that serve as one: what outlives whom, and how they end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.clock import WAIT_SECONDS
from tests.processes import lives
from tests.team import LOOK_SECONDS, TWO, ask, created, eventually, log, serving, shares
from tests.test_server import SOURCE_ROOTS, refused


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
