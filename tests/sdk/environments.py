"""One virtual environment per Python SDK under test, made once and kept.

They live in `.cache/sdk/py-<version>`, beside a lock that keeps parallel test
processes from making the same one twice. A marker is written last, so a half-made
environment is made anew. `python -m tests.sdk.environments` makes all that miss.
"""

from __future__ import annotations

import concurrent.futures
import fcntl
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

PYTHON_SDKS = ("1.55.0", "1.75.0", "2.0.0", "2.8.0", "2.34.0", "3.3.0")
"""The releases of google-genai that the server promises to work with."""

ROOT = Path(__file__).resolve().parents[2]

_CACHE = ROOT / ".cache" / "sdk"
_CONSTRAINTS = Path(__file__).parent / "python" / "constraints.txt"
_MARKER = "made-from.txt"
_PARALLEL = 2
_MAKE_SECONDS = 600


class EnvironmentNotMadeError(Exception):
    """An environment could not be made; the message ends with the tool's output."""


def environment(version: str) -> Path:
    """Give the Python of the SDK's environment, making it first if need be."""
    home = _CACHE / f"py-{version}"
    python = home / "bin" / "python"
    made_from = f"google-genai=={version}\n{sys.version}\n{_CONSTRAINTS.read_text()}"
    _CACHE.mkdir(parents=True, exist_ok=True)
    # Keeps the cache out of git and of tools that honour ignore files.
    (_CACHE.parent / ".gitignore").write_text("*\n")
    with (_CACHE / f"py-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = home / _MARKER
        if not marker.is_file() or marker.read_text() != made_from:
            shutil.rmtree(home, ignore_errors=True)
            _make(home, f"google-genai=={version}")
            marker.write_text(made_from)
    return python


def _make(home: Path, requirement: str) -> None:
    packages = [requirement, "--constraint", str(_CONSTRAINTS)]
    python = str(home / "bin" / "python")
    if importlib.util.find_spec("uv") is not None:
        uv = [sys.executable, "-m", "uv"]
        made = _run([*uv, "venv", "--quiet", "--python", sys.executable, str(home)])
        if made and _run([*uv, "pip", "install", "-q", "-p", python, *packages]):
            return
        # uv does not read pip's configuration (indexes, proxies, certificates).
        shutil.rmtree(home, ignore_errors=True)
    _must([sys.executable, "-m", "venv", str(home)])
    _must([python, "-m", "pip", "install", "--quiet", *packages])


def _run(command: list[str]) -> bool:
    done = subprocess.run(
        command, capture_output=True, check=False, timeout=_MAKE_SECONDS
    )
    return done.returncode == 0


def _must(command: list[str]) -> None:
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_MAKE_SECONDS,
    )
    if done.returncode != 0:
        raise EnvironmentNotMadeError(f"{' '.join(command)}\n{done.stdout}")


def make_all() -> None:
    """Make every environment that misses, some at a time."""
    with concurrent.futures.ThreadPoolExecutor(_PARALLEL) as pool:
        for version, python in zip(
            PYTHON_SDKS, pool.map(environment, PYTHON_SDKS), strict=True
        ):
            print(f"google-genai {version}: {python.relative_to(ROOT)}")  # noqa: T201


if __name__ == "__main__":
    make_all()
