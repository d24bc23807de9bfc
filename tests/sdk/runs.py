"""Runs of the behaviours: one process for each SDK and mode, shared by test workers.

A run belongs to the worker that gets its lock; the others wait for its results file.
Several run at once, since they mostly wait for retries. A run that takes too long is
ended and what it did not finish is missing from its results.
"""

from __future__ import annotations

import concurrent.futures
import fcntl
import functools
import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

from tests.sdk.environments import PYTHON_SDKS, ROOT, environment
from tests.sdk.servers import Servers

MODES = ("sync", "async")

RUN_SECONDS = 150
_AT_ONCE = 4
_WAIT_SECONDS = 600
_POLL_SECONDS = 0.1


class Runs:
    """The results of every SDK and mode, each run once."""

    def __init__(self, home: Path, servers: Servers) -> None:
        self._home = home
        self._servers = servers
        self._pool = concurrent.futures.ThreadPoolExecutor(_AT_ONCE)
        self._started: set[tuple[str, str]] = set()
        self._guard = threading.Lock()
        home.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Start runs as they are asked for."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the runs of this worker: others may wait for them."""
        self._pool.shutdown()

    def results(self, version: str, mode: str) -> dict[str, Any]:
        """Give the results of a run by the name of the behaviour.

        The first call starts all runs, so that they overlap.
        """
        with self._guard:
            for found in PYTHON_SDKS:
                for kind in MODES:
                    if (found, kind) not in self._started:
                        self._started.add((found, kind))
                        self._pool.submit(self._run, found, kind)
        return _read(self._file(version, mode))

    def _file(self, version: str, mode: str) -> Path:
        return self._home / f"py-{version}-{mode}.json"

    def _run(self, version: str, mode: str) -> None:
        file = self._file(version, mode)
        with file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if not file.exists():
                found = self._results(version, mode)
                half = file.with_suffix(".half")
                half.write_text(json.dumps(found))
                half.rename(file)

    def _results(self, version: str, mode: str) -> dict[str, Any]:
        try:
            return self._execute(version, mode)
        except Exception as error:  # noqa: BLE001 -- the tests that wait tell it
            return {"": {"error": f"the run of {version} {mode} failed: {error}"}}

    def _execute(self, version: str, mode: str) -> dict[str, Any]:
        runner = [str(environment(version)), "-m", "tests.sdk.python.runner"]
        process = subprocess.Popen(
            [*runner, "--mode", mode, "--place", self._servers.place()],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            output, errors = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
        found = {}
        for line in output.splitlines():
            result = json.loads(line)
            found[result["name"]] = result
        # What stands here is told by the tests whose results are missing.
        found[""] = {"error": errors[-4000:]}
        return found


@functools.cache
def _read(file: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no results in {file}")
        time.sleep(_POLL_SECONDS)
    results: dict[str, Any] = json.loads(file.read_text())
    return results
