"""Files: uploaded, looked at, listed, downloaded, deleted (contract §1.7)."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
from pathlib import Path
from typing import Any

from tests.sdk.python.case import Case
from tests.sdk.python.cutting import cutting
from tests.sdk.python.registry import behaviour

MIB = 1024 * 1024
CHUNK = 8 * MIB
TOO_LARGE = 3 * 1024 * MIB
NINE = bytes(range(256)) * (9 * MIB // 256)


async def uploaded(c: Case, data: bytes, **config: Any) -> Any:
    config.setdefault("mime_type", "text/plain")
    return await c.file("upload", file=io.BytesIO(data), config=config)


def word(value: Any) -> str:
    return str(getattr(value, "value", value))


def digest(file: Any) -> bytes:
    """Give the SHA-256 digest that a file tells, whatever the SDK makes of it."""
    return base64.b64decode(file.sha256_hash, altchars=b"-_")


async def failure(c: Case, method: str, **arguments: Any) -> Any:
    from google.genai import errors  # noqa: PLC0415 -- only in the SDK's environment

    try:
        found = await c.file(method, **arguments)
    except errors.ClientError as error:
        return error
    raise AssertionError(f"the call should have failed, but gave {found!r}")


@behaviour("files")
async def a_file_is_active_when_it_is_uploaded(c: Case) -> None:
    data = b"Hello there"
    file = await uploaded(c, data, display_name="Greeting")

    assert file.name.startswith("files/")
    assert (file.display_name, file.mime_type) == ("Greeting", "text/plain")
    assert int(file.size_bytes) == len(data)
    assert (word(file.state), word(file.source)) == ("ACTIVE", "UPLOADED")
    assert file.create_time < file.expiration_time
    assert digest(file) == hashlib.sha256(data).digest()
    assert file.uri.startswith(c.place.server)
    assert file.uri.endswith(f"/{file.name}")


@behaviour("files")
async def a_file_by_its_path_has_the_type_of_its_name(c: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "picture.png")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))  # noqa: ASYNC240 - small
        file = await c.file("upload", file=str(path))

    assert (file.mime_type, int(file.size_bytes)) == ("image/png", 108)


@behaviour("files")
async def a_file_is_got_by_its_name_until_it_is_deleted(c: Case) -> None:
    file = await uploaded(c, b"Hello there")
    found = await c.file("get", name=file.name)
    assert (found.name, found.uri, word(found.state)) == (
        file.name,
        file.uri,
        "ACTIVE",
    )
    await c.file("delete", name=file.name)
    gone = await failure(c, "get", name=file.name)
    assert (gone.code, gone.status) == (404, "NOT_FOUND")
    assert gone.message


@behaviour("files")
async def files_are_listed_page_by_page(c: Case) -> None:
    names = {(await uploaded(c, b"a")).name for _ in range(3)}
    found = []
    pager = await c.file("list", config={"page_size": 2})
    if c.mode == "async":
        async for file in pager:
            found.append(file.name)
            if names <= set(found):
                break
    else:
        for file in pager:
            found.append(file.name)
            if names <= set(found):
                break
    assert names <= set(found)
    assert len(found) == len(set(found))


@behaviour("files")
async def a_file_of_two_pieces_goes_up_and_comes_down(c: Case) -> None:
    file = await uploaded(c, NINE, mime_type="application/octet-stream")
    assert int(file.size_bytes) == len(NINE)
    assert digest(file) == hashlib.sha256(NINE).digest()
    assert await c.file("download", file=file) == NINE
    await c.file("delete", name=file.name)


@behaviour("files")
async def an_upload_that_was_interrupted_is_resumed(c: Case) -> None:
    with cutting(c.place.server) as url:
        other = c.connect(http_options={"base_url": url})
        file = await uploaded(other, NINE)
        assert digest(file) == hashlib.sha256(NINE).digest()
        assert file.uri.startswith(url)
    assert await c.file("download", file=file) == NINE


@behaviour("files")
async def what_is_too_large_is_refused_before_it_is_sent(c: Case) -> None:
    with tempfile.NamedTemporaryFile(suffix=".txt") as large:
        large.truncate(TOO_LARGE)
        error = await failure(c, "upload", file=large.name)
    assert (error.code, error.status) == (413, "INVALID_ARGUMENT")
    assert error.message
