"""The servers that the SDK tests talk to, as processes with addresses and logs.

`running()` starts the scripted model server and servers of this project in front of
it: an open one, one that wants a key and takes only small bodies, and an open one for
each further dialect. They are
ready when it yields; it stops them by their process ids. Start-up is polled with a
deadline, and a server that does not come up is reported with its log.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

KEYS = ("first-key", "second-key")
"""The keys that the second server takes; each is an owner of its own."""

LIMITED_BYTES = 256 * 1024
"""The largest body that the second server takes."""

OTHER_DIALECTS = ("responses",)
"""Dialects that have a server of their own in front of the model server."""

RELAYED = "gemini"
"""The dialect whose server has the open one behind it instead."""

START_SECONDS = 180
STOP_SECONDS = 15
_POLL_SECONDS = 0.05
_LOG_TAIL = 6000
_ADDRESSES = re.compile(r"HTTP on (http://[^,]+), gRPC on ([^,]+),")


class ServerNotReadyError(Exception):
    """A server did not come up; the message ends with its log."""


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """One running server."""

    url: str
    """Base URL of its HTTP face, without a path."""
    grpc: str
    """Address of its gRPC face, `host:port`."""
    process: subprocess.Popen[bytes]
    log: Path


@dataclasses.dataclass(frozen=True, slots=True)
class Servers:
    """Everything that a client test needs to know."""

    backend: str
    """Base URL of the scripted model server, without `/v1`; see `tests.backend`."""
    open: Server
    """Takes any key, and every model name."""
    keyed: Server
    """Takes only `keys`, and bodies of up to `LIMITED_BYTES`."""
    others: dict[str, Server]
    """Like `open`, by the dialect in which they speak with the model server."""
    keys: tuple[str, ...] = KEYS

    def place(self, dialect: str = "chat") -> str:
        """Give the addresses as the runner in an SDK's environment wants them."""
        server = self.open if dialect == "chat" else self.others[dialect]
        return json.dumps(
            {
                "server": server.url,
                "dialect": dialect,
                "keyed": self.keyed.url,
                "keys": self.keys,
                "backend": self.backend,
                "limited": LIMITED_BYTES,
            }
        )

    def logs(self) -> str:
        """Give the ends of the logs of the servers."""
        return "\n".join(
            f"--- {server.log.name}\n{tail(server.log)}"
            for server in (self.open, self.keyed, *self.others.values())
        )


def tail(log: Path) -> str:
    """Give the end of a log."""
    return log.read_text(errors="replace")[-_LOG_TAIL:] if log.exists() else ""


@contextlib.contextmanager
def running(home: Path) -> Iterator[Servers]:
    """Start the servers with their files in `home`; stop them at the end."""
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(_backend(home / "backend.log"))
        limits = [f"max_body_bytes = {LIMITED_BYTES}"]
        plain = stack.enter_context(_server(home, "open", backend))
        keyed = stack.enter_context(_server(home, "keyed", backend, settings=limits))
        others = {
            dialect: stack.enter_context(
                _server(home, dialect, backend, dialect=dialect)
            )
            for dialect in OTHER_DIALECTS
        }
        others[RELAYED] = stack.enter_context(_relay(home, plain))
        yield Servers(backend=backend, open=plain, keyed=keyed, others=others)


@contextlib.contextmanager
def _backend(log: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.backend", "--port", "0"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr
        )
    try:
        assert process.stdout is not None
        # The one line comes when it listens; a process that dies closes the pipe.
        address = process.stdout.readline().decode().strip()
        if not address:
            raise ServerNotReadyError(tail(log))
        yield address
    finally:
        _stop(process)


@contextlib.contextmanager
def _server(
    home: Path,
    name: str,
    backend: str,
    *,
    dialect: str = "chat",
    settings: Sequence[str] = (),
) -> Iterator[Server]:
    file = home / f"{name}.toml"
    endpoint = [f'dialect = "{dialect}"', f'base_url = "{backend}/v1"']
    file.write_text(_configuration(home, name, endpoint, settings))
    with serving(["--config", str(file)], home, home / f"{name}.log") as server:
        yield server


@contextlib.contextmanager
def _relay(home: Path, behind: Server) -> Iterator[Server]:
    file = home / f"{RELAYED}.toml"
    lines = [
        "[server]",
        'http = "127.0.0.1:0"',
        'grpc = "127.0.0.1:0"',
        "[store]",
        f'url = "sqlite:///{home / RELAYED}.db"',
        "[endpoints.behind]",
        f'dialect = "{RELAYED}"',
        f'base_url = "{behind.url}/v1beta"',
        '[models."*"]',
        'endpoint = "behind"',
    ]
    file.write_text("\n".join(lines) + "\n")
    with serving(["--config", str(file)], home, home / f"{RELAYED}.log") as server:
        yield server


@contextlib.contextmanager
def serving(arguments: list[str], folder: Path, log: Path) -> Iterator[Server]:
    """Run `openinteractions serve` in a folder; its ports are 0 in `arguments`."""
    roots = [str(ROOT / root) for root in ("service", "gateway", "gen")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "openinteractions", "serve", *arguments],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(roots),
                "OPENINTERACTIONS_KEYS": ",".join(KEYS),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _wait_until_ready(process, log)
    finally:
        _stop(process)


def _configuration(
    home: Path, name: str, endpoint: Sequence[str], settings: Sequence[str]
) -> str:
    lines = [
        "[server]",
        'http = "127.0.0.1:0"',
        'grpc = "127.0.0.1:0"',
        *settings,
        "[store]",
        f'url = "sqlite:///{home / name}.db"',
        "[endpoints.scripted]",
        *endpoint,
        '[models."*"]',
        'endpoint = "scripted"',
        # A model without eyes and ears, which says what it was shown.
        "[models.told]",
        'endpoint = "scripted"',
        'upstream = "media"',
        "profile = { vision = false, audio = false, video = false, files = false }",
        # One whose server fetches nothing.
        "[models.offline]",
        'endpoint = "scripted"',
        'upstream = "media"',
        "profile = { remote_urls = false }",
        # A model that makes images, and one that speaks.
        "[models.painter]",
        'endpoint = "scripted"',
        'upstream = "image"',
        'profile = { outputs = ["image"], image_previews = 1 }',
        "[models.speaker]",
        'endpoint = "scripted"',
        'upstream = "voice"',
        'profile = { outputs = ["audio"] }',
        # The model server has media too.
        "[egress]",
        'allow = ["127.0.0.1"]',
    ]
    if name == "keyed":
        lines += ["[auth]", 'keys_env = "OPENINTERACTIONS_KEYS"']
    return "\n".join(lines) + "\n"


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> Server:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = _ADDRESSES.search(log.read_text(errors="replace"))
        if found is not None:
            return Server(found[1], found[2], process, log)
        time.sleep(_POLL_SECONDS)
    raise ServerNotReadyError(f"a server is not ready\n{tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
