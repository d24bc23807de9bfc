"""A JavaScript client, with stubs that grpc-js makes from the protos.

Its npm project lives in `.cache/sdk/grpc-js`, made once and kept, beside a lock that
keeps parallel test processes from making it twice.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.rpc.face import serving

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).parent / "node" / "client.mjs"
CACHE = ROOT / ".cache" / "sdk"
PACKAGE = {
    "private": True,
    "type": "module",
    "dependencies": {"@grpc/grpc-js": "1.14.7", "@grpc/proto-loader": "0.8.1"},
}
MAKE_SECONDS = 600
RUN_SECONDS = 120


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the npm project."""
    home, made_from = CACHE / "grpc-js", json.dumps(PACKAGE)
    CACHE.mkdir(parents=True, exist_ok=True)
    # Keeps the cache out of git and of tools that honour ignore files.
    (CACHE.parent / ".gitignore").write_text("*\n")
    with (CACHE / "grpc-js.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = home / "made-from.json"
        if not marker.is_file() or marker.read_text() != made_from:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            (home / "package.json").write_text(made_from)
            install(home)
            marker.write_text(made_from)
        # Node looks for packages from where the program lies.
        shutil.copyfile(PROGRAM, home / PROGRAM.name)
    return home


def install(home: Path) -> None:
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    # A lock file would name the registry that the packages came from.
    done = subprocess.run(
        ["npm", "install", "--no-package-lock", "--ignore-scripts", *quiet],
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=MAKE_SECONDS,
    )
    assert done.returncode == 0, done.stdout


async def run(project: Path, target: str, key: str) -> dict[str, Any]:
    program = project / PROGRAM.name
    process = await asyncio.create_subprocess_exec(
        *("node", program, target, key, ROOT / "protos", sysconfig.get_path("purelib")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(RUN_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out)
    return seen


async def test_a_javascript_client_does_everything(project: Path) -> None:
    async with serving(["the-key"]) as face:
        face.say()
        face.say()
        seen = await run(project, face.target, "the-key")

    created = seen["created"]
    assert created["status"] == "INTERACTION_STATUS_COMPLETED"
    (step,) = created["steps"]
    assert step["model_output"]["content"][0]["text"]["text"] == "Hello"
    assert [event["event"] for event in seen["events"]] == [
        "created",
        "status_update",
        "step_start",
        "step_delta",
        "step_delta",
        "step_stop",
        "completed",
    ]
    (rest, *end) = seen["replay"]
    assert rest["step_delta"]["delta"]["text"]["text"] == "Hello"
    assert end == seen["events"][5:]
    assert seen["fetched"]["steps"][1:] == created["steps"]
    listed = [entry["id"] for entry in seen["listed"]["interactions"]]
    assert listed == [
        seen["events"][0]["created"]["interaction"]["id"],
        created["id"],
    ]
    assert seen["deleted"] == {}
    assert seen["gone"] == {
        "code": 5,
        "message": f"There is no interaction '{created['id']}'.",
        "details": [info("ERROR_REASON_NOT_FOUND")],
        "requestId": "from-node",
    }
    assert (seen["refused"]["code"], seen["refused"]["requestId"]) == (3, "from-node")
    named, violation = seen["refused"]["details"]
    assert named == info("ERROR_REASON_NOT_SUPPORTED", field="cached_content")
    assert violation["field_violations"][0]["field"] == "cached_content"


def info(reason: str, **metadata: str) -> dict[str, Any]:
    found: dict[str, Any] = {"reason": reason, "domain": "openinteractions"}
    return found | ({"metadata": metadata} if metadata else {})
