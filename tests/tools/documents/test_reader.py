"""Documents turned into text."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest

from openinteractions.core.errors import RequestError, UnavailableError
from openinteractions.tools.documents import pdf, reader
from openinteractions.tools.documents.reader import Documents, Limits
from openinteractions.tools.documents.recent import Recent
from tests import media
from tests.clock import WAIT_SECONDS, pass_by

PDF = "application/pdf"


async def read(data: bytes, mime_type: str = PDF, **limits: int) -> str:
    return await Documents(Limits(**limits)).read(data, mime_type, field="input[0]")


def locked(data: bytes, password: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


async def test_a_pdf_is_read_page_by_page() -> None:
    text = await read(media.pdf("First page (1)", "", "Third page"))

    assert text == "[page 1]\nFirst page (1)\n\n[page 2]\n\n\n[page 3]\nThird page"


async def test_a_pdf_that_anybody_may_open_is_read() -> None:
    assert "Open" in await read(locked(media.pdf("Open"), ""))


@pytest.mark.parametrize(
    ("data", "limits", "says"),
    [
        pytest.param(b"%PDF-1.4\nno objects", {}, "is not a PDF", id="broken"),
        pytest.param(b"hello", {}, "is not a PDF", id="no PDF"),
        pytest.param(media.pdf("Half")[:80], {}, "is not a PDF", id="cut"),
        pytest.param(locked(media.pdf("x"), "secret"), {}, "a password", id="locked"),
        pytest.param(media.pdf("", ""), {}, "no text", id="nothing to read"),
        pytest.param(
            media.pdf("1", "2", "3"), {"pages": 2}, "more than 2 pages", id="pages"
        ),
        pytest.param(
            media.pdf("12345"), {"characters": 4}, "4 characters", id="characters"
        ),
    ],
)
async def test_a_pdf_that_cannot_be_read_says_why(
    data: bytes, limits: dict[str, int], says: str
) -> None:
    with pytest.raises(RequestError, match=says) as caught:
        await read(data, PDF, **limits)
    assert caught.value.field == "input[0]"


@pytest.mark.parametrize("library", ["pypdfium2", "pypdf"])
def test_either_library_reads_the_same(library: str) -> None:
    assert pdf.read(library, media.pdf("One", "Two"), 2, 6) == ["One", "Two"]


async def test_what_kills_one_library_is_read_by_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "pdf.py"
    program.write_text(
        "import os, sys\n"
        f"if sys.argv[1] == 'pypdfium2': os.kill(os.getpid(), {signal.SIGSEGV:d})\n"
        "print('{\"pages\": [\"by ' + sys.argv[1] + '\"]}')\n"
    )
    monkeypatch.setattr(reader, "_PROGRAM", program)

    assert await read(b"") == "[page 1]\nby pypdf"
    assert "pypdfium2 has broken down over a PDF of 0 bytes (exit status -11)" in (
        caplog.text
    )


async def test_a_pdf_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = Documents()
    first = await documents.read(media.pdf("x"), PDF, field="input")
    monkeypatch.setattr(reader, "_PROGRAM", tmp_path / "missing.py")

    assert await documents.read(media.pdf("x"), PDF, field="input") == first
    with pytest.raises(RequestError):
        await documents.read(media.pdf("y"), PDF, field="input")


def test_the_texts_used_last_are_kept() -> None:
    recent = Recent(10)
    recent.keep(b"a", "1234")
    recent.keep(b"b", "1234")
    assert recent.get(b"a") == "1234"
    recent.keep(b"c", "1234")
    assert [recent.get(key) for key in (b"a", b"b", b"c")] == ["1234", None, "1234"]
    recent.keep(b"d", "12345678901")
    assert not any(recent.get(key) for key in (b"a", b"b", b"c", b"d"))
    recent.keep(b"a", "1234567890")
    recent.keep(b"a", "123456789")
    assert recent.get(b"a") == "123456789"


async def test_a_document_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, pid = tmp_path / "pdf.py", tmp_path / "pid"
    program.write_text(
        "import os, pathlib, sys, time\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setattr(reader, "_PROGRAM", program)

    reading = asyncio.create_task(read(media.pdf("x"), seconds=30))
    async with asyncio.timeout(WAIT_SECONDS):
        while not (pid.exists() and pid.read_text()):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    pass_by(31)
    with pytest.raises(RequestError, match="within 30 s"):
        await reading
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_only_so_many_documents_of_one_owner_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pdf.py"
    program.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(reader, "_PROGRAM", program)
    documents = Documents()

    async def read_one(owner: str) -> str:
        return await documents.read(b"", PDF, field="input", owner=owner)

    async with asyncio.timeout(WAIT_SECONDS):
        count = reader._AT_ONCE + reader._WAITING
        tasks = [asyncio.create_task(read_one("many")) for _ in range(count)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError, match="busy with other documents"):
            await read_one("many")
        other = asyncio.create_task(read_one("one"))
        await asyncio.sleep(0)
        assert not other.done()
        for task in (*tasks, other):
            task.cancel()
        await asyncio.gather(*tasks, other, return_exceptions=True)


LIMITED = """
import importlib.util, resource, sys
spec = importlib.util.spec_from_file_location("pdf", sys.argv[1])
pdf = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pdf)
kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU)
pdf.read = lambda *_: [str(resource.getrlimit(kind)[0]) for kind in kinds]
pdf.main(["pypdf", "9", "99", "7"])
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="has no limit of memory")
def test_a_document_has_so_much_memory_and_time() -> None:
    command = [sys.executable, "-c", LIMITED, str(reader._PROGRAM)]
    done = subprocess.run(
        command, input=b"", capture_output=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == {"pages": [str(pdf.MEMORY_BYTES), "7"]}


@pytest.mark.parametrize(
    ("data", "mime_type", "text"),
    [
        (b"a,b\n1,2", "text/csv", "a,b\n1,2"),
        ("größe".encode(), "text/plain", "größe"),
        ("größe".encode("latin-1"), "text/plain; charset=ISO-8859-1", "größe"),
        ("größe".encode("utf-8-sig"), "text/markdown", "größe"),
        ("größe".encode("utf-16"), "text/plain", "größe"),
        ("größe".encode("utf-32"), "text/plain; charset=utf-8", "größe"),
        ("größe".encode("utf-16-le"), "text/plain; charset=UTF-16LE", "größe"),
        ("東京".encode("shift_jis"), "text/plain; charset=Shift_JIS", "東京"),
        ("東京".encode("euc_jp"), "text/plain; charset=EUC-JP", "東京"),
        ("東京".encode("gb18030"), "text/plain; charset=GB18030", "東京"),
        ("東京".encode("iso2022_jp"), "text/plain; charset=ISO-2022-JP", "東京"),
        ("Жук".encode("cp1251"), "text/plain; charset=windows-1251", "Жук"),
        ("Жук".encode("koi8_r"), "text/plain; charset=KOI8-R", "Жук"),
        (b"x", "text/plain; charset=us-ascii", "x"),
        (b'{"a": 1}', "application/json", '{"a": 1}'),
        (b"<p>x</p>", 'text/html; charset="utf-8"', "<p>x</p>"),
    ],
)
async def test_text_formats_are_decoded(data: bytes, mime_type: str, text: str) -> None:
    assert await read(data, mime_type) == text


@pytest.mark.parametrize(
    ("data", "mime_type", "says"),
    [
        (b"\xff\x00", "text/plain", "no text in utf-8"),
        (b"x", "text/plain; charset=klingon", "'klingon' is not known"),
        (b"6869", "text/plain; charset=hex", "'hex' is not known"),
        (b"+2AA-", "text/plain; charset=utf-7", "'utf-7' is not known"),
        (b"\\ud800", "text/plain; charset=unicode_escape", "escape' is not known"),
        (b"a-bbb", "text/plain; charset=punycode", "'punycode' is not known"),
        (b"12345", "text/plain", "more than 4 characters"),
    ],
)
async def test_text_that_is_none_says_so(
    data: bytes, mime_type: str, says: str
) -> None:
    with pytest.raises(RequestError, match=says):
        await read(data, mime_type, characters=4)


@pytest.mark.parametrize(
    ("mime_type", "known"),
    [
        ("application/pdf", True),
        ("text/csv", True),
        ("text/markdown", True),
        ("application/json", True),
        ("application/ld+json", True),
        ("application/xml", True),
        ("image/svg+xml", True),
        ("text/rtf", False),
        ("application/msword", False),
        ("application/zip", False),
        ("image/png", False),
    ],
)
def test_what_can_be_read_is_known_by_type(mime_type: str, *, known: bool) -> None:
    assert Documents().reads(mime_type) is known
