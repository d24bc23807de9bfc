"""Processes that are measured: started, watched through /proc, ended by their ids.

CPU and memory are those of the whole tree, children and those that have ended
included. Nothing is ever ended by name.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
START_SECONDS = 120.0
STOP_SECONDS = 15.0
PROBE_SECONDS = 0.005
"""Between two looks at a server that is starting."""


class StartError(Exception):
    """A server has not come up; the text has the end of its log."""


@dataclass(slots=True, eq=False)
class Process:
    """A running server."""

    popen: subprocess.Popen[bytes]
    log: Path
    start_seconds: float = 0.0
    """From the start to the first HTTP answer."""

    @property
    def pid(self) -> int:
        """The process that was started, the parent of the others."""
        return self.popen.pid

    def tree(self) -> list[int]:
        """Return the ids of the process and of all its descendants."""
        return _tree(self.popen.pid)

    def cpu_seconds(self) -> dict[int, float]:
        """Return what each process of the tree has used since it was started.

        What has ended counts as its parent's.
        """
        return cpu_seconds(self.popen.pid)

    def memory_bytes(self) -> int:
        """Return the resident memory of the tree."""
        return sum(_resident(pid) for pid in self.tree())

    def peak_bytes(self) -> int:
        """Return the most that the processes of the tree ever had, all added up."""
        return sum(_peak(pid) for pid in self.tree())

    def stop(self) -> None:
        """End the tree: the process is asked, what is left of it is killed."""
        tree = self.tree()
        self.popen.terminate()
        try:
            self.popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        for pid in tree[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        ending = time.monotonic() + STOP_SECONDS
        while any(map(_lives, tree[1:])) and time.monotonic() < ending:
            time.sleep(PROBE_SECONDS)


def cpu_seconds(process: int) -> dict[int, float]:
    """Return what a process and its descendants have used since they were started."""
    return {pid: _cpu(pid) for pid in _tree(process)}


def start(
    command: Sequence[str],
    *,
    port: int,
    path: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Process:
    """Start a server and return it once it answers a GET of `path`.

    Raises:
        StartError: it ends, or is not there in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    with log.open("wb") as output:
        began = time.monotonic()
        popen = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    process = Process(popen, log)
    try:
        up = _comes_up(popen, port, path, began + START_SECONDS)
    except BaseException:
        process.stop()
        raise
    if not up:
        process.stop()
        raise StartError(_tail(log))
    process.start_seconds = time.monotonic() - began
    return process


def prepare(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> None:
    """Run what has to be done before a server is started.

    Raises:
        StartError: it fails.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=START_SECONDS,
        check=False,
    )
    if done.returncode:
        raise StartError(done.stderr.decode("utf-8", "replace")[-1000:])


def _comes_up(
    popen: subprocess.Popen[bytes], port: int, path: str, until: float
) -> bool:
    while not _answers(port, path):
        if popen.poll() is not None or time.monotonic() > until:
            return False
        time.sleep(PROBE_SECONDS)
    return True


@contextlib.contextmanager
def running(process: Process) -> Iterator[Process]:
    """Stop a process at the end of a block."""
    try:
        yield process
    finally:
        process.stop()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-12:])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; empty when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _lives(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def _tree(process: int) -> list[int]:
    parents = dict(_parents())
    tree = [process]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return tree


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            yield int(entry.name), int(fields[1])


def _cpu(pid: int) -> float:
    # utime, stime, and those of the children that have ended.
    return sum(map(int, _stat(pid)[11:15])) / TICKS


def _resident(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[21]) * PAGE if fields else 0


def _peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
    except OSError:
        return 0
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
