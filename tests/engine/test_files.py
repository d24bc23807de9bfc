"""Files that are there: who sees them, and until when."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import pytest

from openinteractions.core import ids
from openinteractions.core.errors import NotFoundError, RequestError, UnavailableError
from openinteractions.engine.file_ports import BLOCK_BYTES, FileRecord
from openinteractions.engine.files import Addresses
from openinteractions.engine.files.expiry import GRACE_SECONDS
from openinteractions.v1 import file_pb2, file_service_pb2
from tests.engine.rig import Caller
from tests.engine.shelf import LIMITS, MIB, Shelf

Get = file_service_pb2.GetFileRequest
List = file_service_pb2.ListFilesRequest
Delete = file_service_pb2.DeleteFileRequest
Download = file_service_pb2.DownloadFileRequest

ANN, BOB = Caller(owner="ann"), Caller(owner="bob")


async def test_a_file_is_found_by_its_name_and_by_its_id(made: Shelf) -> None:
    file = await made.upload(b"abc", caller=ANN)
    for name in (file.name, file.name.removeprefix("files/")):
        assert await made.files.get(ANN, Get(id=name)) == file


async def test_another_owner_s_file_does_not_exist(made: Shelf) -> None:
    file = await made.upload(b"abc", caller=ANN)
    with pytest.raises(NotFoundError):
        await made.files.get(BOB, Get(id=file.name))
    with pytest.raises(NotFoundError):
        await made.files.delete(BOB, Delete(id=file.name))
    with pytest.raises(NotFoundError):
        await made.bytes(file, "bob")
    with pytest.raises(RequestError, match=file.name.removeprefix("files/")) as caught:
        await made.files.load(f"{file.uri}?key=secret", "bob", field="input[0].uri")
    assert "secret" not in caught.value.message
    assert await made.listed("bob") == []
    assert await made.bytes(file, "ann") == b"abc"


@pytest.mark.parametrize("name", ["", "files/", "abc123", "files/files/x", "x" * 500])
async def test_what_is_no_file_is_not_found(made: Shelf, name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        await made.files.get(Caller(), Get(id=name))
    assert len(caught.value.message) < 200


async def test_addresses_are_where_the_caller_knows_the_server(made: Shelf) -> None:
    file = await made.upload(b"abc", caller=ANN)
    assert file.uri == f"http://127.0.0.1:8080/v1beta/{file.name}"
    caller = Caller(owner="ann", origin="https://ai.example")
    for found in (
        await made.files.get(caller, Get(id=file.name)),
        (await made.files.list(caller, List())).files[0],
    ):
        assert found.uri == f"https://ai.example/v1beta/{file.name}"
        assert found.download_uri == f"{found.uri}:download?alt=media"


def test_a_public_url_beats_what_the_caller_knows() -> None:
    addresses = Addresses("https://ai.example/base/", lambda: "http://unused")
    record = FileRecord("", file_pb2.File(name="files/a"))
    file = addresses.show(record, "http://127.0.0.1")
    assert file.uri == "https://ai.example/base/v1beta/files/a"
    assert not record.file.HasField("uri")


async def test_the_list_comes_in_pages(made: Shelf) -> None:
    names = []
    for number in range(25):
        made.clock.seconds += 1
        file = await made.upload(b"%d" % number, caller=ANN)
        names.append(file.name)
    await made.upload(b"other", caller=BOB)
    seen: list[str] = []
    sizes, token = [], None
    while token != "":
        page = await made.files.list(ANN, List(page_token=token))
        seen += [file.name for file in page.files]
        sizes.append(len(page.files))
        token = page.next_page_token

    assert seen == names[::-1]
    assert sizes == [10, 10, 5]
    assert not page.HasField("next_page_token")
    assert len((await made.files.list(ANN, List(page_size=100))).files) == 25


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (List(page_size=0), "page_size"),
        (List(page_size=101), "page_size"),
        (List(page_size=-1), "page_size"),
        (List(page_token="x"), "page_token"),
    ],
)
async def test_a_wrong_page_is_refused(
    made: Shelf, request_: file_service_pb2.ListFilesRequest, field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        await made.files.list(ANN, request_)
    assert caught.value.field == field


async def test_a_deleted_file_is_gone_with_its_bytes(made: Shelf) -> None:
    file = await made.upload(b"abc", caller=ANN)
    await made.files.delete(ANN, Delete(id=file.name))

    assert await made.kept() == set()
    assert await made.listed("ann") == []
    for call in (
        made.files.get(ANN, Get(id=file.name)),
        made.files.delete(ANN, Delete(id=file.name)),
        made.bytes(file, "ann"),
    ):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(RequestError, match="deleted or has expired") as caught:
        await made.files.load(file.uri, "ann", field="input[1].uri")
    assert caught.value.field == "input[1].uri"


async def test_a_file_is_deleted_even_when_its_bytes_are_out_of_reach(
    made: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await made.upload(b"abc", caller=ANN)

    async def fail(_: object) -> None:
        raise UnavailableError("The objects cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(made.objects, "delete", fail)
        await made.files.delete(ANN, Delete(id=file.name))
    assert await made.listed("ann") == []
    made.clock.seconds = time.time() + GRACE_SECONDS + 1
    await made.expiry.search()
    assert await made.kept() == set()


async def test_a_file_that_is_deleted_while_it_is_loaded_cannot_be_used(
    made: Shelf,
) -> None:
    file = await made.upload(b"abc", caller=ANN)
    await made.objects.delete([f"files/{file.name.removeprefix('files/')}"])
    with pytest.raises(RequestError, match="deleted") as caught:
        await made.files.load(file.uri, "ann", field="input")
    assert caught.value.field == "input"


async def test_an_expired_file_is_gone_before_it_is_removed(made: Shelf) -> None:
    file = await made.upload(b"abc", caller=ANN)
    made.clock.seconds += LIMITS.ttl_seconds
    for call in (
        made.files.get(ANN, Get(id=file.name)),
        made.files.delete(ANN, Delete(id=file.name)),
        made.bytes(file, "ann"),
    ):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(RequestError, match="expired"):
        await made.files.load(file.uri, "ann", field="input")
    assert await made.listed("ann") == []
    assert await made.kept() != set()


async def test_a_download_comes_in_pieces_with_the_file_first(made: Shelf) -> None:
    data = bytes(range(256)) * (10 * 1024) + b"end"
    file = await made.upload(data, caller=ANN, mime_type="text/plain")
    batches = made.files.download(ANN, Download(id=file.name))
    bodies = [body async for batch in batches for body in batch]

    assert [body.content_type for body in bodies] == ["text/plain", "", ""]
    assert all(len(body.data) <= MIB for body in bodies)
    assert b"".join(body.data for body in bodies) == data
    told = file_pb2.File()
    bodies[0].extensions[0].Unpack(told)
    assert told == file


async def test_a_download_that_is_left_early_is_closed(made: Shelf) -> None:
    file = await made.upload(bytes(5 * MIB), caller=ANN)
    batches = made.files.download(ANN, Download(id=file.name))
    async with aclosing(batches):  # type: ignore[type-var]
        await anext(batches)
    await made.files.delete(ANN, Delete(id=file.name))
    assert await made.kept() == set()


async def test_a_file_is_loaded_by_its_address_on_any_host_and_by_its_id(
    made: Shelf,
) -> None:
    file = await made.upload(b"abc", caller=ANN, mime_type="text/plain")
    identifier = file.name.removeprefix("files/")
    for name in (
        file.uri,
        file.download_uri,
        f"https://other.example/v1/{file.name}",
        identifier,
    ):
        found, data = await made.files.load(name, "ann", field="input")
        assert (found.mime_type, data) == ("text/plain", b"abc")
    assert made.files.own_id(file.uri) == identifier
    assert made.files.own_id("https://other.example/v1/files/abc123") is None


async def test_a_file_that_is_too_large_for_a_model_is_not_loaded(made: Shelf) -> None:
    file = await made.upload(b"abcd", caller=ANN)
    _, data = await made.files.load(file.uri, "ann", field="input", limit=4)
    assert data == b"abcd"
    with pytest.raises(RequestError, match="4 bytes") as caught:
        await made.files.load(file.uri, "ann", field="input", limit=3)
    assert caught.value.field == "input"


async def test_a_model_is_not_shown_an_empty_file(made: Shelf) -> None:
    file = await made.upload(b"", caller=ANN)
    with pytest.raises(RequestError, match="is empty") as caught:
        await made.files.load(file.uri, "ann", field="input[0].uri")
    assert caught.value.field == "input[0].uri"


async def test_an_upload_that_is_not_final_cannot_be_used(made: Shelf) -> None:
    upload_id = await made.begin(6, caller=ANN)
    await made.write(upload_id, b"abc")
    upload = await made.store.find(ids.upload_key(upload_id) or "")
    assert upload is not None
    with pytest.raises(RequestError):
        await made.files.load(upload.file_id, "ann", field="input")
    with pytest.raises(NotFoundError):
        await made.files.get(ANN, Get(id=upload.file_id))


async def test_what_a_model_has_made_is_a_file(made: Shelf) -> None:
    file = await made.files.keep(
        b"pixels", "image/png", "ann", "https://ai.example", display_name="a cat"
    )

    assert file.source == file_pb2.FileSource.FILE_SOURCE_GENERATED
    assert file.state == file_pb2.FileState.FILE_STATE_ACTIVE
    assert file.mime_type == "image/png"
    assert file.display_name == "a cat"
    assert file.size_bytes == 6
    assert file.sha256_hash == hashlib.sha256(b"pixels").digest()
    assert file.uri == f"https://ai.example/v1beta/{file.name}"
    assert file.expiration_time.seconds == file.create_time.seconds + 1000
    assert await made.bytes(file, "ann") == b"pixels"
    assert await made.listed("ann") == [file.name]


@pytest.mark.parametrize(("size", "aside"), [(10, False), (BLOCK_BYTES + 1, True)])
async def test_the_loop_goes_on_while_many_bytes_are_digested(
    made: Shelf, size: int, monkeypatch: pytest.MonkeyPatch, *, aside: bool
) -> None:
    threads: list[threading.Thread] = []

    def noted(data: bytes) -> Any:
        threads.append(threading.current_thread())
        return hashlib.sha256(data)

    module = "openinteractions.engine.files.resource.hashlib"
    with monkeypatch.context() as patch:
        patch.setattr(module, SimpleNamespace(sha256=noted))
        file = await made.files.keep(b"x" * size, "image/png", "ann", "")
    assert file.sha256_hash == hashlib.sha256(b"x" * size).digest()
    assert [thread is not threading.main_thread() for thread in threads] == [aside]


async def test_bytes_without_a_row_are_no_file(
    made: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise UnavailableError("The store is full.")

    with monkeypatch.context() as patch:
        patch.setattr(made.store, "add", fail)
        with pytest.raises(UnavailableError):
            await made.files.keep(b"pixels", "image/png", "ann", "")
    assert await made.listed("ann") == []
