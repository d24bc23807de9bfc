"""One npm project per JavaScript SDK under test, made once and kept.

They live in `.cache/sdk/js-<version>`, beside a lock that keeps parallel test
processes from making the same one twice. A marker is written last, so a half-made
project is made anew. `python -m tests.sdk.js.projects` makes all that miss.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

JAVASCRIPT_SDKS = ("1.33.0", "2.8.0", "3.1.0")
"""The releases of @google/genai that the server promises to work with."""

ROOT = Path(__file__).resolve().parents[3]

_CACHE = ROOT / ".cache" / "sdk"
_BESIDE = {"node-fetch": "3.3.2", "zod": "4.6.7"}
"""What programs in the published guides import besides the SDK."""
_MARKER = "made-from.json"
_MAKE_SECONDS = 600
_NODE = 20


class ProjectNotMadeError(Exception):
    """A project could not be made; the message says what is missing or failed."""


def project(version: str) -> Path:
    """Give the folder of the SDK's npm project, making it first if need be.

    `sdk.mjs` in it exports what the SDK exports.
    """
    home = _CACHE / f"js-{version}"
    dependencies = {"@google/genai": version, **_BESIDE}
    package = {"private": True, "type": "module", "dependencies": dependencies}
    made_from = json.dumps(package)
    _CACHE.mkdir(parents=True, exist_ok=True)
    # Keeps the cache out of git and of tools that honour ignore files.
    (_CACHE.parent / ".gitignore").write_text("*\n")
    with (_CACHE / f"js-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = home / _MARKER
        if not marker.is_file() or marker.read_text() != made_from:
            shutil.rmtree(home, ignore_errors=True)
            _make(home, made_from)
            marker.write_text(made_from)
    return home


def _make(home: Path, package: str) -> None:
    home.mkdir()
    (home / "package.json").write_text(package)
    (home / "sdk.mjs").write_text('export * from "@google/genai";\n')
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    # A lock file would name the registry that the packages came from.
    command = [_tool("npm"), "install", "--no-package-lock", "--ignore-scripts", *quiet]
    done = subprocess.run(
        command,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_MAKE_SECONDS,
    )
    if done.returncode != 0:
        raise ProjectNotMadeError(f"{' '.join(command)}\n{done.stdout}")


def node() -> str:
    """Give the path of Node, which must be recent enough for every SDK."""
    path = _tool("node")
    said = subprocess.run(
        [path, "--version"], capture_output=True, text=True, check=True
    )
    if int(said.stdout.removeprefix("v").partition(".")[0]) < _NODE:
        raise ProjectNotMadeError(
            f"Node {_NODE} or later is needed, {path} is {said.stdout}"
        )
    return path


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise ProjectNotMadeError(
            f"{name} is needed (Node {_NODE} or later), not found"
        )
    return path


def make_all() -> None:
    """Make every project that misses."""
    for version in JAVASCRIPT_SDKS:
        home = project(version).relative_to(ROOT)
        print(f"@google/genai {version}: {home}")  # noqa: T201


if __name__ == "__main__":
    make_all()
