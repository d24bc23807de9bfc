"""Uploads: what is acknowledged stays, what breaks off is resumed or vanishes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest

from openinteractions.core import ids
from openinteractions.core.errors import (
    NotFoundError,
    PreconditionError,
    RequestError,
    TooLargeError,
)
from openinteractions.v1 import file_pb2
from tests.engine.rig import Caller
from tests.engine.shelf import (
    LIMITS,
    MIB,
    Client,
    Shelf,
    Start,
    State,
    Write,
    content,
    messages,
)


async def test_a_file_in_one_call(made: Shelf) -> None:
    upload_id = await made.begin(
        11, caller=Caller(owner="ann"), display_name="t", mime_type="text/plain"
    )
    made.clock.seconds += 1.25
    status = await made.write(upload_id, b"hello", b" world", offset=0, finish=True)

    assert status.state == State.UPLOAD_STATE_FINAL
    assert status.received_bytes == 11
    file = status.file
    assert ids.is_file_id(file.name.removeprefix("files/"))
    assert file.display_name == "t"
    assert file.mime_type == "text/plain"
    assert file.size_bytes == 11
    assert file.sha256_hash == hashlib.sha256(b"hello world").digest()
    assert file.state == file_pb2.FileState.FILE_STATE_ACTIVE
    assert file.source == file_pb2.FileSource.FILE_SOURCE_UPLOADED
    assert file.create_time.ToMilliseconds() == 1_780_000_000_500
    assert file.update_time.ToMilliseconds() == 1_780_000_001_750
    assert file.expiration_time.seconds == file.update_time.seconds + 1000
    assert file.uri == f"http://127.0.0.1:8080/v1beta/{file.name}"
    assert file.download_uri == f"{file.uri}:download?alt=media"
    assert await made.bytes(file, "ann") == b"hello world"
    assert await made.listed("ann") == [file.name]
    assert await made.listed() == []


async def test_a_file_in_chunks(made: Shelf) -> None:
    data = content(9 * MIB)
    upload_id = await made.begin(len(data))
    status = await made.write(upload_id, data[: 8 * MIB], offset=0)
    assert (status.state, status.received_bytes) == (
        State.UPLOAD_STATE_ACTIVE,
        8 * MIB,
    )
    assert not status.HasField("file")
    assert await made.listed() == []
    status = await made.write(upload_id, data[8 * MIB :], offset=8 * MIB, finish=True)

    assert status.file.sha256_hash == hashlib.sha256(data).digest()
    assert await made.bytes(status.file) == data


async def test_a_file_without_bytes(made: Shelf) -> None:
    for upload_id in (await made.begin(0), await made.begin()):
        status = await made.write(upload_id, offset=0, finish=True)
        assert status.file.size_bytes == 0
        assert status.file.HasField("size_bytes")
        assert status.file.sha256_hash == hashlib.sha256().digest()
        assert await made.bytes(status.file) == b""


async def test_every_process_may_take_a_chunk(made: Shelf) -> None:
    data = content(3 * MIB)
    upload_id = await made.begin(len(data))
    await made.write(upload_id, data[:MIB], offset=0)
    await made.other().write(upload_id, data[MIB : 2 * MIB], offset=MIB)
    status = await made.write(upload_id, data[2 * MIB :], offset=2 * MIB, finish=True)

    assert status.file.sha256_hash == hashlib.sha256(data).digest()
    assert await made.bytes(status.file) == data


@pytest.mark.parametrize("offset", [0, 3, 9])
async def test_a_wrong_offset_is_refused_and_says_what_was_received(
    made: Shelf, offset: int
) -> None:
    upload_id = await made.begin(10)
    await made.write(upload_id, b"01234", offset=0)
    with pytest.raises(RequestError, match="5 bytes are received") as caught:
        await made.write(upload_id, b"56789", offset=offset, finish=True)

    assert caught.value.field == "offset"
    assert caught.value.metadata == {"received": "5"}
    assert await made.received(upload_id) == 5
    status = await made.write(upload_id, b"56789", offset=5, finish=True)
    assert await made.bytes(status.file) == b"0123456789"


async def test_a_wrong_offset_does_not_disturb_who_writes(made: Shelf) -> None:
    upload_id = await made.begin()
    client = Client(made, upload_id)
    client.send(Write(data=b"abc"))
    await client.taken()
    with pytest.raises(RequestError):
        await made.write(upload_id, b"x", offset=2)
    client.send(Write(data=b"def", finish=True))
    client.send(None)

    assert await made.bytes((await client.call).file) == b"abcdef"


@pytest.mark.parametrize("pieces", [[b"abc"], [], [b"abcdef"], [b"abc", b"def"]])
async def test_an_upload_of_another_length_makes_no_file_but_can_be_mended(
    made: Shelf, pieces: list[bytes]
) -> None:
    upload_id = await made.begin(5)
    with pytest.raises(RequestError, match="5 bytes"):
        await made.write(upload_id, *pieces, offset=0, finish=True)

    assert await made.listed() == []
    received = await made.received(upload_id)
    assert received <= 5
    status = await made.write(
        upload_id, b"abcde"[received:], offset=received, finish=True
    )
    assert await made.bytes(status.file) == b"abcde"


async def test_a_file_that_is_too_large_is_refused_as_soon_as_it_is_known(
    made: Shelf,
) -> None:
    with pytest.raises(TooLargeError):
        await made.begin(LIMITS.max_bytes + 1)
    upload_id = await made.begin()
    block = bytes(MIB)
    with pytest.raises(TooLargeError):
        await made.write(upload_id, *[block] * 65, offset=0)

    status = await made.query(upload_id)
    assert status.state == State.UPLOAD_STATE_ACTIVE
    assert status.received_bytes <= LIMITS.max_bytes


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (Start(file=file_pb2.File(name="files/mine")), "file.name"),
        (Start(file=file_pb2.File(mime_type="no type")), "file.mime_type"),
        (Start(mime_type="text/plain\n"), "mime_type"),
        (Start(mime_type="text/plain\r\n; charset=utf-8"), "mime_type"),
        (Start(size_bytes=-1), "size_bytes"),
        (Start(file=file_pb2.File(size_bytes=-1)), "file.size_bytes"),
        (Start(size_bytes=1, file=file_pb2.File(size_bytes=2)), "file.size_bytes"),
        (Start(file=file_pb2.File(display_name="x" * 513)), "file.display_name"),
    ],
)
async def test_what_cannot_be_is_refused_at_the_start(
    made: Shelf, request_: Start, field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        await made.uploads.start(Caller(), request_)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("file", "data", "mime_type"),
    [
        ({"mime_type": "text/markdown"}, b"%PDF-1.7", "text/markdown"),
        ({}, b"%PDF-1.7", "application/pdf"),
        ({"mime_type": "application/octet-stream"}, b"GIF89a..", "image/gif"),
        ({"display_name": "table.csv"}, b"a,b\n1,2\n", "text/csv"),
        ({"display_name": "x.bin"}, b"\x00\x01\x02\xff", "application/octet-stream"),
        ({}, b"", "application/octet-stream"),
    ],
)
async def test_the_type_is_what_was_said_else_what_the_bytes_or_the_name_show(
    made: Shelf, file: dict[str, str], data: bytes, mime_type: str
) -> None:
    assert (await made.upload(data, caller=None, **file)).mime_type == mime_type


async def test_what_this_machine_takes_a_name_for_is_not_asked(
    made: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mimetypes.guess_type", lambda *_, **__: ("image/png", None))
    file = await made.upload(b"\x00\x01\xff", caller=None, display_name="a.strange")
    assert file.mime_type == "application/octet-stream"


async def test_the_header_s_type_stands_in_for_a_missing_one(made: Shelf) -> None:
    request = Start(mime_type="text/x-python", size_bytes=1)
    session = await made.uploads.start(Caller(), request)
    status = await made.write(session.upload_id, b"x", finish=True)
    assert status.file.mime_type == "text/x-python"
    assert session.chunk_granularity == 256 * 1024
    assert session.expire_time.seconds == int(made.clock.now()) + 100


async def test_an_unknown_upload_is_not_found(made: Shelf) -> None:
    await made.begin()
    for upload_id in ("", "x", ids.upload_id(bytes(32))):
        with pytest.raises(NotFoundError):
            await made.write(upload_id, b"x")
        with pytest.raises(NotFoundError):
            await made.query(upload_id)
        with pytest.raises(NotFoundError):
            await made.cancel(upload_id)


async def test_a_call_without_messages_is_refused(made: Shelf) -> None:
    async def nothing() -> AsyncIterator[Write]:
        return
        yield Write()

    with pytest.raises(RequestError, match="first message"):
        await made.uploads.write(Caller(), nothing())


async def test_only_the_first_message_names_the_upload(made: Shelf) -> None:
    upload_id = await made.begin()

    async def twice() -> AsyncIterator[Write]:
        yield Write(upload_id=upload_id, data=b"a")
        yield Write(upload_id=upload_id, data=b"b")

    with pytest.raises(RequestError, match="first message only"):
        await made.uploads.write(Caller(), twice())


async def test_the_last_reply_can_be_had_again(made: Shelf) -> None:
    upload_id = await made.begin(3)
    final = await made.write(upload_id, b"abc", offset=0, finish=True)

    assert await made.query(upload_id) == final
    assert await made.write(upload_id, b"abc", offset=0, finish=True) == final
    assert await made.write(upload_id, finish=True) == final
    assert len(await made.listed()) == 1


async def test_nothing_is_read_of_what_comes_after_the_end(made: Shelf) -> None:
    upload_id = await made.begin()
    final = await made.write(upload_id, b"abc", finish=True)
    sent = messages(upload_id, b"def", finish=True)
    assert await made.uploads.write(Caller(), sent) == final
    assert await anext(sent) == Write(data=b"def")


async def test_a_cancelled_upload_is_gone_but_known(made: Shelf) -> None:
    upload_id = await made.begin(6)
    await made.write(upload_id, b"abc", offset=0)
    status = await made.cancel(upload_id)

    assert status.state == State.UPLOAD_STATE_CANCELLED
    assert await made.kept() == set()
    assert await made.cancel(upload_id) == status
    assert await made.query(upload_id) == status
    with pytest.raises(PreconditionError, match="cancelled"):
        await made.write(upload_id, b"def", offset=3, finish=True)


async def test_a_final_upload_cannot_be_cancelled(made: Shelf) -> None:
    upload_id = await made.begin()
    final = await made.write(upload_id, b"abc", finish=True)
    with pytest.raises(PreconditionError, match="final"):
        await made.cancel(upload_id)
    assert await made.bytes(final.file) == b"abc"


async def test_digests_of_many_uploads_at_once_are_right(made: Shelf) -> None:
    many = {f"{number}".encode() * 3: await made.begin() for number in range(50)}
    for data, upload_id in many.items():
        await made.write(upload_id, data[:1])
    for data, upload_id in many.items():
        status = await made.write(upload_id, data[1:], finish=True)
        assert status.file.sha256_hash == hashlib.sha256(data).digest()


async def test_a_digest_that_was_forgotten_is_computed_from_the_bytes(
    made: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openinteractions.engine.files.uploads.DIGESTS", 1)
    first, second = await made.begin(), await made.begin()
    for upload_id in (first, second):
        await made.write(upload_id, b"abc")
    for upload_id in (first, second):
        status = await made.write(upload_id, b"def", finish=True)
        assert status.file.sha256_hash == hashlib.sha256(b"abcdef").digest()
