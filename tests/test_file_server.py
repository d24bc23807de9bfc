"""Files on the whole server as a process: large ones, and deaths in the middle."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.clock import WAIT_SECONDS
from tests.test_server import Server, serving

MIB = 1024 * 1024
LARGE = 1024 * MIB
LARGE_DIGEST = "Sbwg3xXkEqZEckIeE/6G/xxRZeGLKvzPFg1NwZ/mihQ="
MOST_GROWTH = 64 * MIB

SEGMENT = 16 * MIB
"""How often a long request is noted on the disk."""


class Reply(NamedTuple):
    """What the server says to a request of an upload."""

    status: int
    headers: Any
    body: Any

    @property
    def upload_status(self) -> str:
        """Where in its life the upload is."""
        return str(self.headers["X-Goog-Upload-Status"])


def post(
    url: str, command: str, body: Iterable[bytes] = (), size: int = 0, offset: int = 0
) -> Reply:
    """Send a request of an upload, with a body of that size."""
    parts = urlsplit(url)
    headers = {
        "X-Goog-Upload-Command": command,
        "X-Goog-Upload-Offset": str(offset),
        "X-Goog-Upload-Protocol": "resumable",
        "Content-Length": str(size),
    }
    connection = http.client.HTTPConnection(parts.netloc, timeout=WAIT_SECONDS)
    with closing(connection):
        connection.request("POST", f"{parts.path}?{parts.query}", body, headers)
        response = connection.getresponse()
        text = response.read()
    return Reply(response.status, response.headers, json.loads(text or b"null"))


def begin(server: Server, size: int) -> str:
    body = json.dumps({"file": {"displayName": "zeros", "sizeBytes": str(size)}})
    reply = post(
        f"{server.http}/upload/v1beta/files", "start", [body.encode()], len(body)
    )
    assert reply.status == 200, reply.body
    return str(reply.headers["X-Goog-Upload-URL"])


def memory(server: Server, name: str) -> int:
    """Bytes that the process has (VmRSS), or has had at most (VmHWM)."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_gigabyte_passes_through_without_staying_in_memory(tmp_path: Path) -> None:
    block = bytes(MIB)
    with serving(tmp_path) as server:
        small = post(begin(server, MIB), "upload, finalize", [block], MIB)
        assert small.upload_status == "final"
        before = memory(server, "VmRSS")

        blocks = itertools.repeat(block, LARGE // MIB)
        reply = post(begin(server, LARGE), "upload, finalize", blocks, LARGE)
        grown = memory(server, "VmHWM") - before
        file = reply.body["file"]
        server.call("DELETE", f"/v1beta/{file['name']}")

    assert file["state"] == "ACTIVE"
    assert file["sizeBytes"] == str(LARGE)
    assert file["sha256Hash"] == LARGE_DIGEST
    assert grown < MOST_GROWTH
    assert [path for path in tmp_path.rglob("*") if large(path)] == []


def large(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 2 * MIB


def test_an_upload_survives_the_death_of_the_server(tmp_path: Path) -> None:
    data = os.urandom(40 * MIB)
    with serving(tmp_path) as server:
        url = begin(server, len(data))
        assert post(url, "upload", [data[: 8 * MIB]], 8 * MIB).upload_status == "active"

        def dying() -> Iterable[bytes]:
            yield data[8 * MIB : 36 * MIB]
            deadline = time.monotonic() + WAIT_SECONDS
            while noted(url) < 8 * MIB + SEGMENT:
                assert time.monotonic() < deadline
            server.end(signal.SIGKILL)
            yield b"nobody listens"

        with pytest.raises(OSError):  # noqa: PT011 - reset or broken, as it comes
            post(url, "upload, finalize", dying(), 32 * MIB, 8 * MIB)

    with serving(tmp_path) as server:
        assert server.call("GET", "/v1beta/files") == (200, {})
        url = f"{server.http}{url[url.index('/upload/') :]}"
        received = noted(url)
        assert received == 8 * MIB + SEGMENT
        rest = data[received:]
        reply = post(url, "upload, finalize", [rest], len(rest), received)
        assert reply.upload_status == "final"
        name = reply.body["file"]["name"]
        assert post(url, "query").body == reply.body
        stored = download(server, name)

    assert hashlib.sha256(stored).digest() == hashlib.sha256(data).digest()


def noted(url: str) -> int:
    """How much of an upload is certain."""
    return int(post(url, "query").headers["X-Goog-Upload-Size-Received"])


def download(server: Server, name: str) -> bytes:
    parts = urlsplit(server.http)
    connection = http.client.HTTPConnection(parts.netloc, timeout=WAIT_SECONDS)
    with closing(connection):
        connection.request("GET", f"/v1beta/{name}:download?alt=media")
        response = connection.getresponse()
        assert response.status == 200
        return response.read()
