"""The processes of a chaos run: replicas, a worker, PostgreSQL and NATS, all real."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.nats import Nats, nats_server
from tests.ports import free_ports
from tests.postgres import Postgres, create, own
from tests.test_server import SOURCE_ROOTS

START_SECONDS = 60

CONFIGURATION = """
[server]
http = "127.0.0.1:{http}"
grpc = "127.0.0.1:{grpc}"
shutdown_grace_seconds = 2

[store]
url = "{store}"

[objects]
url = "file:../objects"

[events]
url = "{events}"
storage = "memory"

[background]
deadline_seconds = {deadline}

[endpoints.own]
dialect = "chat"
base_url = "{model}"

[models."*"]
endpoint = "own"
"""


class Machine:
    """One process of the server, which is killed and started again."""

    def __init__(self, folder: Path, command: str, configuration: str) -> None:
        folder.mkdir()
        (folder / "openinteractions.toml").write_text(configuration)
        self.folder = folder
        self.kills = 0
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, without waiting until it is ready."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "openinteractions", self._command],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": SOURCE_ROOTS},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it from one moment to the next."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.kills += 1

    def stop(self) -> int:
        """End it in order and return its status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def log(self) -> str:
        """Return what it has said."""
        return (self.folder / "log").read_text()


class Park:
    """All machines."""

    def __init__(
        self, folder: Path, model: str, store: str, events: str, deadline: float
    ) -> None:
        ports = free_ports(8)
        self.http = [f"http://127.0.0.1:{port}" for port in ports[:3]]
        self.grpc = [f"127.0.0.1:{port}" for port in ports[3:6]]
        self.machines = []
        names = ["serve", "serve", "serve", "worker"]
        pairs = zip([*ports[:3], ports[6]], [*ports[3:6], ports[7]], strict=True)
        for number, (http, grpc) in enumerate(pairs):
            text = CONFIGURATION.format(
                http=http,
                grpc=grpc,
                store=store,
                events=events,
                model=model,
                deadline=deadline,
            )
            machine = Machine(folder / f"machine{number}", names[number], text)
            self.machines.append(machine)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(machine.kills for machine in self.machines)

    def migrate(self) -> None:
        """Prepare the database."""
        subprocess.run(
            [sys.executable, "-m", "openinteractions", "migrate"],
            cwd=self.machines[0].folder,
            env=os.environ | {"PYTHONPATH": SOURCE_ROOTS},
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=START_SECONDS,
        )

    def start(self) -> None:
        """Start all, and wait until each says that it is ready."""
        for machine in self.machines:
            machine.start()
        end = time.monotonic() + START_SECONDS
        for machine in self.machines:
            while "openinteractions: " not in machine.log():
                if not machine.runs or time.monotonic() > end:
                    raise RuntimeError(f"it has not started:\n{machine.log()}")
                time.sleep(0.05)


@contextmanager
def services(folder: Path) -> Iterator[tuple[Postgres, str, Nats]]:
    """Run PostgreSQL and NATS; give them, and the URL of a new database."""
    with own() as postgres, nats_server(folder / "nats") as nats:
        yield postgres, asyncio.run(create(postgres.url())), nats


@contextmanager
def park(
    folder: Path, model: str, store: str, events: str, deadline: float
) -> Iterator[Park]:
    """Run the machines."""
    made = Park(folder, model, store, events, deadline)
    made.migrate()
    try:
        made.start()
        yield made
    finally:
        for machine in made.machines:
            if machine.runs:
                machine.kill()
