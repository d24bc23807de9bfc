"""Runs of the behaviours: a process for each SDK, mode and dialect.

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
from typing import Any, NamedTuple, Self

from tests.sdk.environments import PYTHON_SDKS, ROOT, environment
from tests.sdk.python import dialects
from tests.sdk.servers import Servers

MODES = ("sync", "async")


class Run(NamedTuple):
    """Every behaviour with one SDK, in one mode, over one dialect."""

    version: str
    mode: str
    dialect: str


ALL = [
    *(Run(version, mode, "chat") for version in PYTHON_SDKS for mode in MODES),
    *(
        Run(version, mode, dialect)
        for dialect in dialects.CANNOT
        if dialect != "chat"
        for version in dialects.SDKS
        for mode in dialects.MODES
    ),
]
"""Every run; all of them start together."""

RUN_SECONDS = 1200
_AT_ONCE = 4
_WAIT_SECONDS = 3600
_POLL_SECONDS = 0.1


class Runs:
    """The results of every SDK and mode, each run once."""

    def __init__(self, home: Path, servers: Servers) -> None:
        self._home = home
        self._servers = servers
        self._pool = concurrent.futures.ThreadPoolExecutor(_AT_ONCE)
        self._started: set[Run] = set()
        self._guard = threading.Lock()
        home.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Start runs as they are asked for."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the runs of this worker: others may wait for them."""
        self._pool.shutdown()

    def results(self, wanted: Run) -> dict[str, Any]:
        """Give the results of a run by the name of the behaviour.

        The first call starts all runs, so that they overlap.
        """
        with self._guard:
            for run in ALL:
                if run not in self._started:
                    self._started.add(run)
                    self._pool.submit(self._run, run)
        return _read(self._file(wanted))

    def _file(self, run: Run) -> Path:
        return self._home / f"py-{'-'.join(run)}.json"

    def _run(self, run: Run) -> None:
        file = self._file(run)
        with file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if not file.exists():
                found = self._results(run)
                half = file.with_suffix(".half")
                half.write_text(json.dumps(found))
                half.rename(file)

    def _results(self, run: Run) -> dict[str, Any]:
        try:
            return self._execute(run)
        except Exception as error:  # noqa: BLE001 -- the tests that wait tell it
            return {"": {"error": f"the run of {' '.join(run)} failed: {error}"}}

    def _execute(self, run: Run) -> dict[str, Any]:
        runner = [str(environment(run.version)), "-m", "tests.sdk.python.runner"]
        place = self._servers.place(run.dialect)
        process = subprocess.Popen(
            [*runner, "--mode", run.mode, "--place", place],
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
