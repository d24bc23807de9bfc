"""The replies of the contract's fixtures of files are those that the gateway gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from openinteractions.gateway.codec import Codec
from openinteractions.v1.file_pb2 import File
from openinteractions.v1.file_service_pb2 import ListFilesResponse, UploadStatus
from tests.gateway.doubles import Face
from tests.gateway.uploads import FileService, files

FIXTURES = Path(__file__).parents[1] / "fixtures" / "contract"
CODEC = Codec()

REQUESTS: dict[str, tuple[str, str, type[Message]]] = {
    "files_get": ("GET", "/v1beta/files/abc123", File),
    "files_list": ("GET", "/v1/files?pageSize=10", ListFilesResponse),
    "files_delete": ("DELETE", "/v1beta/files/abc123", Empty),
}


def fixture(name: str) -> dict[str, Any]:
    # Times are written without fractions of seconds.
    text = re.sub(r"(:\d\d)\.\d+Z", r"\1Z", (FIXTURES / f"{name}.json").read_text())
    found: dict[str, Any] = json.loads(text)
    return found


def test_every_fixture_is_replayed() -> None:
    names = {path.stem for path in FIXTURES.glob("files_*.json")}
    assert names == {*REQUESTS, "files_upload", "files_upload_chunked"}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_reply_is_the_one_of_the_contract(name: str) -> None:
    verb, path, message_class = REQUESTS[name]
    reply = fixture(name)["response"]
    async with files() as (service, gateway):
        service.answer = CODEC.decode(message_class, reply["json"])
        assert await gateway.ask(verb, path, {}) == (reply["status"], reply["json"])


class Known(FileService):
    """Has the file of a fixture at the end of the upload."""

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = CODEC.decode(File, file)

    def _status(self) -> UploadStatus:
        status = super()._status()
        if status.HasField("file"):
            status.file.CopyFrom(self._file)
        return status


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("files_upload", ["upload, finalize"]),
        ("files_upload_chunked", ["query", "upload", "upload, finalize"]),
    ],
)
async def test_an_upload_is_answered_as_the_contract_has_it(
    name: str, commands: list[str]
) -> None:
    started, *continued = fixture(name)["responses"]
    service = Known(continued[-1]["json"]["file"])
    async with files(service) as (_, gateway):
        url = await begun(gateway, started)
        sent = 0
        for command, reply in zip(commands, continued, strict=True):
            data = b"abc" if "upload" in command else b""
            headers = {
                "X-Goog-Upload-Command": command,
                "X-Goog-Upload-Offset": str(sent),
            }
            sent += len(data)
            async with gateway.http.post(url, data=data, headers=headers) as response:
                assert response.status == reply["status"]
                expected = reply["headers"]["X-Goog-Upload-Status"]
                assert response.headers["X-Goog-Upload-Status"] == expected
                assert response.headers["X-Goog-Upload-Size-Received"] == str(sent)
                assert await response.json() == reply.get("json", {})


async def begun(gateway: Face, reply: dict[str, Any]) -> str:
    """Begin an upload, compare the answer, and give the URL to go on with."""
    headers = {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Length": "11",
        "X-Goog-Upload-Header-Content-Type": "text/plain",
    }
    body = {"file": {"display_name": "t", "mime_type": "text/plain", "size_bytes": 11}}
    async with gateway.http.post(
        "/upload/v1beta/files", json=body, headers=headers
    ) as response:
        assert response.status == reply["status"]
        assert reply["headers"].keys() <= response.headers.keys()
        expected = reply["headers"]["X-Goog-Upload-Status"]
        assert response.headers["X-Goog-Upload-Status"] == expected
        assert await response.json() == reply["json"]
        return str(response.headers["X-Goog-Upload-URL"])
