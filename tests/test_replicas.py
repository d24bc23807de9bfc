"""Servers that share one database and one bucket, each a process of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openinteractions.storage.objects.bucket import Bucket
from tests.bucket import BUCKET, KEY, S3, SECRET, seaweed
from tests.clock import WAIT_SECONDS
from tests.media import png
from tests.storage.object_acceptance import MIB, content
from tests.test_server import SOURCE_ROOTS, Server

CONFIGURATION = """
[server]
http = "127.0.0.1:0"
grpc = "127.0.0.1:0"
shutdown_grace_seconds = 0.2

[store]
url = "sqlite:///{database}"

[objects]
url = "s3://{bucket}/{prefix}"
endpoint_url = "{endpoint}"
access_key_id_env = "BUCKET_KEY"
secret_access_key_env = "BUCKET_SECRET"

[endpoints.demo]
dialect = "scripted"

[models."*"]
endpoint = "demo"
"""


@contextmanager
def serving(folder: Path, configuration: str, secret: str = SECRET) -> Iterator[Server]:
    """Run a server in a folder."""
    (folder / "openinteractions.toml").write_text(configuration)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "openinteractions", "serve"],
            cwd=folder,
            env={
                "PYTHONPATH": SOURCE_ROOTS,
                "BUCKET_KEY": KEY,
                "BUCKET_SECRET": secret,
            },
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], WAIT_SECONDS)
        assert readable, "the server does not say that it is ready"
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()
        yield Server(process, line)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def configuration(s3: S3, tmp_path: Path) -> str:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return CONFIGURATION.format(
        database=tmp_path / "shared.db",
        bucket=BUCKET,
        prefix=tmp_path.name,
        endpoint=s3.url,
    )


def left(s3: S3, prefix: str) -> list[str]:
    """What is in the bucket, unfinished uploads included."""

    async def look() -> list[str]:
        bucket = await Bucket.connect(s3.place())
        found = [item.name async for item in bucket.list(f"{prefix}/")]
        found += [item.name async for item in bucket.uploads(f"{prefix}/")]
        await bucket.close()
        return found

    return asyncio.run(look())


class Session:
    """An upload that any server takes further."""

    def __init__(self, url: str) -> None:
        self._path = "/" + url.split("/", 3)[3]

    @classmethod
    def start(cls, server: Server, size: int) -> Session:
        headers = {
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(size),
            "X-Goog-Upload-Header-Content-Type": "text/plain",
        }
        request = urllib.request.Request(
            f"{server.http}/upload/v1beta/files", b"{}", headers
        )
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return cls(answer.headers["X-Goog-Upload-URL"])

    def send(
        self, server: Server, words: str, data: bytes = b"", offset: int = 0
    ) -> tuple[int, Any]:
        """Return how much is received by then, and the body of the answer."""
        headers = {
            "X-Goog-Upload-Command": words,
            "X-Goog-Upload-Offset": str(offset),
        }
        request = urllib.request.Request(server.http + self._path, data, headers)
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            received = answer.headers["X-Goog-Upload-Size-Received"]
            return int(received), json.loads(answer.read() or b"{}")

    def begin(self, server: Server, size: int, data: bytes) -> socket.socket:
        """Begin to send, and stop in the middle with the connection open."""
        host, port = server.http.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)), WAIT_SECONDS)
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Content-Length: {size}\r\nX-Goog-Upload-Offset: 0\r\n"
            "X-Goog-Upload-Command: upload, finalize\r\n\r\n"
        )
        connection.sendall(head.encode() + data)
        return connection


def wait_for(session: Session, server: Server, received: int) -> None:
    """Wait until so much of an upload is received for certain."""
    end = time.monotonic() + WAIT_SECONDS
    while session.send(server, "query")[0] < received:
        assert time.monotonic() < end, "the upload gets nowhere"
        time.sleep(0.02)


def test_an_upload_is_finished_by_another_server_when_its_own_is_killed(
    s3: S3, tmp_path: Path, configuration: str
) -> None:
    data = base64.b64encode(content(21 * MIB))
    with serving(tmp_path / "other", configuration) as other:
        with serving(tmp_path / "one", configuration) as one:
            session = Session.start(one, len(data))
            with session.begin(one, len(data), data[: 20 * MIB]):
                wait_for(session, other, 16 * MIB)
                assert one.end(signal.SIGKILL) == -signal.SIGKILL
        assert other.call("GET", "/v1/files") == (200, {})
        received, _ = session.send(other, "query")
        assert 16 * MIB <= received <= 20 * MIB
        whole, body = session.send(other, "upload, finalize", data[received:], received)
        assert whole == len(data)
        file = body["file"]
        assert file["state"] == "ACTIVE"
        assert base64.b64decode(file["sha256Hash"]) == hashlib.sha256(data).digest()
        with serving(tmp_path / "one", configuration) as one:
            path = "/" + file["downloadUri"].split("/", 3)[3]
            with urllib.request.urlopen(one.http + path) as answer:
                assert answer.read() == data
            assert left(s3, tmp_path.name) == [f"{tmp_path.name}/{file['name']}"]
            assert one.call("DELETE", f"/v1/{file['name']}")[0] == 200

    assert left(s3, tmp_path.name) == []


def test_a_file_of_one_server_is_used_at_another_until_it_is_deleted(
    s3: S3, tmp_path: Path, configuration: str
) -> None:
    with (
        serving(tmp_path / "one", configuration) as one,
        serving(tmp_path / "other", configuration) as other,
    ):
        session = Session.start(one, 5)
        _, body = session.send(one, "upload, finalize", b"hello")
        document = {"type": "document", "uri": body["file"]["uri"]}
        question = {"model": "m", "input": [{"type": "text", "text": "Hi"}, document]}
        status, answer = other.call("POST", "/v1/interactions", question)
        assert status == 200, answer
        assert other.call("DELETE", f"/v1/{body['file']['name']}")[0] == 200
        status, answer = one.call("POST", "/v1/interactions", question)

    assert status == 400
    assert answer["error"]["message"].startswith("input[1].uri")


@pytest.mark.parametrize("stream", [False, True])
def test_large_media_are_in_the_bucket_and_come_back_from_any_server(
    s3: S3, tmp_path: Path, configuration: str, *, stream: bool
) -> None:
    data = base64.b64encode(png() + content(MIB)).decode()
    image = {"type": "image", "data": data, "mime_type": "image/png"}
    request = {"model": "m", "input": [{"type": "text", "text": "Hi"}, image]}
    with serving(tmp_path / "one", configuration) as one:
        if stream:
            body = json.dumps({**request, "stream": True}).encode()
            with urllib.request.urlopen(f"{one.http}/v1/interactions", body) as answer:
                first = next(line for line in answer if line.startswith(b"data:"))
                identifier = json.loads(first[5:])["interaction"]["id"]
                answer.read()
        else:
            identifier = one.call("POST", "/v1/interactions", request)[1]["id"]
        one.end(signal.SIGKILL)
    assert len(left(s3, tmp_path.name)) == 1
    assert (tmp_path / "shared.db").stat().st_size < MIB
    with serving(tmp_path / "other", configuration) as other:
        _, found = other.call("GET", f"/v1/interactions/{identifier}")
        assert found["status"] == "completed"
        assert found["steps"][0]["content"][1] == image
        again = {"model": "m", "input": "So?", "previous_interaction_id": identifier}
        assert other.call("POST", "/v1/interactions", again)[0] == 200
        assert other.call("DELETE", f"/v1/interactions/{identifier}")[0] == 200
        assert other.call("GET", f"/v1/interactions/{identifier}")[0] == 404

    assert left(s3, tmp_path.name) == []


def test_media_that_cannot_be_kept_are_a_503_and_nothing_is_stored(
    s3: S3, tmp_path: Path, configuration: str
) -> None:
    with seaweed(tmp_path / "short-lived") as gone:
        configuration = configuration.replace(s3.url, gone.url)
    with serving(tmp_path / "one", configuration) as one:
        image = {"type": "image", "data": base64.b64encode(content(MIB)).decode()}
        image["mime_type"] = "image/png"
        status, body = one.call(
            "POST", "/v1/interactions", {"model": "m", "input": [image]}
        )
        assert (status, body["error"]["code"]) == (503, "unavailable")
        assert one.call("GET", "/v1/interactions") == (200, {})
        said = {"model": "m", "input": "Hi"}
        assert one.call("POST", "/v1/interactions", said)[0] == 200
        assert one.call("POST", "/upload/v1beta/files", {})[0] == 503
        assert one.call("GET", "/v1/files") == (200, {})
    assert "Could not connect" in (tmp_path / "one" / "log").read_text()


def test_a_bucket_that_does_not_let_the_server_in_is_named_at_the_start(
    tmp_path: Path, configuration: str
) -> None:
    with (
        pytest.raises(AssertionError, match="SignatureDoesNotMatch"),
        serving(tmp_path / "one", configuration, secret="wrong"),
    ):
        pass
