"""The process of the embedded model: started at first use, at most once at a time.

Whoever needs it awaits `start`, which returns at once when it runs and starts it anew
when it has ended. Starting waits in threads, never in the event loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from openinteractions.core.errors import UpstreamFailedError
from openinteractions.models.embedded import process as program
from openinteractions.models.embedded import weights

CONTEXT_TOKENS = 8192
"""What the model was trained with."""

PARALLEL_ANSWERS = 4
"""How many conversations are computed together; they share the context."""

MAX_TOKENS = 1024
"""The most tokens of an answer whose request does not say. Small models may go on
for ever."""

TEMPERATURE, TOP_P = 0.2, 0.9
"""What the model's makers recommend, for requests that do not say."""

START_SECONDS = 120.0
STOP_SECONDS = 5.0

_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH")
"""What the process sees of the environment, which may have keys."""

_LAST_LINES = 5

log = logging.getLogger(__name__)


class Running(NamedTuple):
    """Where the running server is."""

    base_url: str
    key: str


class Computer(Protocol):
    """The process, whoever starts it."""

    async def start(self) -> Running:
        """Return where the server is, after starting it if it does not run.

        Raises:
            UnavailableError: the wheel or the weights are missing or damaged.
            UpstreamFailedError: the process ended before it served.
        """

    async def close(self) -> None:
        """Stop the process, or leave it to whom it belongs."""


class EmbeddedServer:
    """The process.

    Args:
        name: what the configuration calls the endpoint; errors name it so.
        threads: how many threads compute.
    """

    def __init__(self, name: str, *, threads: int) -> None:
        self._name = name
        self._threads = threads
        self._starting = asyncio.Lock()
        self._start_up: asyncio.Task[Running] | None = None
        self._process: subprocess.Popen[str] | None = None
        self._running: Running | None = None

    @property
    def pid(self) -> int | None:
        """The process, None while there is none."""
        return self._process.pid if self._alive() and self._process else None

    async def start(self) -> Running:
        """Return where the server is, after starting it if it does not run.

        Raises:
            UnavailableError: the wheel or the weights are missing or damaged.
            UpstreamFailedError: the process ended before it served.
        """
        async with self._starting:
            if self._running is None or not self._alive():
                self._running = None
                if self._start_up is None or self._start_up.done():
                    self._start_up = asyncio.create_task(asyncio.to_thread(self._start))
                # Who leaves does not end what others wait for, too.
                self._running = await asyncio.shield(self._start_up)
            return self._running

    async def close(self) -> None:
        """Stop the process; answers under way break off."""
        async with self._starting:
            if self._start_up is not None:
                await asyncio.wait([self._start_up])
            process, self._process, self._running = self._process, None, None
            if process is not None:
                await asyncio.to_thread(_stop, process)

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self) -> Running:
        if self._process is not None:
            _stop(self._process)
        file = weights.find()
        weights.verify(file)
        key = secrets.token_urlsafe(24)
        last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        process = self._process = _spawn(last_lines)
        address = _introduce(process, self._settings(file, key))
        if address is None:
            _stop(process)
            log.error("the embedded model did not start: %s", " / ".join(last_lines))
            raise UpstreamFailedError(
                f'The embedded model "{self._name}" did not start.',
                metadata={"endpoint": self._name},
            )
        log.info("the embedded model runs as process %d", process.pid)
        return Running(f"{address}/v1", key)

    def _settings(self, file: Path, key: str) -> dict[str, object]:
        return {
            "weights": str(file),
            "key": key,
            "threads": self._threads,
            "context": CONTEXT_TOKENS,
            "parallel": PARALLEL_ANSWERS,
            "max_tokens": MAX_TOKENS,
            "temperature": TEMPERATURE,
            "top_p": TOP_P,
        }


def _spawn(last_lines: deque[str]) -> subprocess.Popen[str]:
    # Safe path: the modules beside the program are not what it means to import.
    # Own session: an interrupt from the terminal is for us, who then stop it.
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", program.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        start_new_session=True,
    )
    assert process.stderr is not None  # noqa: S101 - for the type checker
    threading.Thread(
        target=_follow, args=(process.stderr, last_lines), daemon=True
    ).start()
    return process


def _follow(errors: IO[str], last_lines: deque[str]) -> None:
    """Log what the process prints, so that its pipe never fills up."""
    with errors:
        for line in errors:
            last_lines.append(line.strip())
            log.debug("embedded model: %s", line.rstrip())


def _introduce(
    process: subprocess.Popen[str], settings: dict[str, object]
) -> str | None:
    """Tell the process what to serve; return its address, None when it has ended."""
    assert process.stdin is not None  # noqa: S101 - for the type checker
    assert process.stdout is not None  # noqa: S101
    # Ends the wait for a process that hangs.
    watch = threading.Timer(START_SECONDS, process.kill)
    watch.start()
    try:
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        return str(json.loads(line)["address"]) if line else None
    except (OSError, ValueError):
        return None
    finally:
        watch.cancel()


def _stop(process: subprocess.Popen[str]) -> None:
    """End the process by ending its input; kill it if that takes too long."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # it has ended already
                pipe.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def default_threads() -> int:
    """Return how many threads compute: the usable cores less one.

    Threads that wait spin; one on every core makes all else twenty times slower.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        cores = os.cpu_count() or 1
    return max(1, cores - 1)
