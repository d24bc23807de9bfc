"""A server of several processes, and what the machine knows of them."""

from __future__ import annotations

import http.client
import json
import select
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.clock import WAIT_SECONDS
from tests.processes import children, command, lives
from tests.test_server import SCRIPTED, Server, start

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
