"""Media at addresses and in files of ours: passed on, read and bounded."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.errors import RequestError
from openinteractions.engine.ports import Accepts
from tests.clock import WAIT_SECONDS
from tests.engine.outside import OURS, Web
from tests.engine.prepared import (
    INLINE,
    MP3,
    NOTHING,
    PDF,
    PNG,
    asking,
    medium,
    prepare,
    ready,
)

ADDRESSES = [
    ("image", {}, Accepts(), "image/png"),
    ("image", {"mime_type": "image/webp"}, Accepts(), "image/webp"),
    ("video", {}, Accepts(), ""),
    ("audio", {}, Accepts(), ""),
    ("audio", {"mime_type": "audio/wav"}, Accepts(audio=frozenset({"audio/wav"})), ""),
    (
        "document",
        {"mime_type": "application/pdf"},
        Accepts(documents=frozenset({"application/pdf"})),
        "",
    ),
]


@pytest.mark.parametrize(("kind", "said", "accepts", "mime_type"), ADDRESSES)
async def test_an_address_is_passed_on_where_the_model_takes_it(
    kind: str, said: dict[str, str], accepts: Accepts, mime_type: str
) -> None:
    web = Web()
    url = "https://web/cat.png?x=1"
    found = await ready(medium(kind, uri=url, **said), accepts, web=web)
    inner = getattr(found, kind)

    assert (inner.uri, inner.data) == (url, b"")
    assert inner.mime_type == said.get("mime_type", mime_type)
    assert (web.checked, web.fetched) == ([url], [])


async def test_what_this_machine_takes_an_address_for_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mimetypes.guess_type", lambda *_, **__: ("image/png", None))
    content = medium("image", uri="https://web/cat.strange")
    found = await ready(content, Accepts(), web=Web())
    assert found.image.mime_type == ""


FETCHED = [
    ("image", INLINE, PNG, "image/png"),
    ("audio", Accepts(audio=frozenset({"audio/mp3"})), MP3, "audio/mp3"),
    (
        "document",
        Accepts(documents=frozenset({"application/pdf"})),
        PDF,
        "application/pdf",
    ),
    ("document", Accepts(text_formats=False), PDF, "application/pdf"),
]


@pytest.mark.parametrize(("kind", "accepts", "data", "mime_type"), FETCHED)
async def test_an_address_is_fetched_where_the_model_takes_none(
    kind: str, accepts: Accepts, data: bytes, mime_type: str
) -> None:
    web = Web(it=(data, "application/octet-stream"))
    found = await ready(medium(kind, uri="https://web/it"), accepts, web=web)

    assert found == medium(kind, data=data, mime_type=mime_type)
    assert web.fetched == ["https://web/it"]


async def test_a_fetched_document_is_told_with_its_name() -> None:
    web = Web()
    url = "https://web/a/my%20plan%0A%22.pdf"
    web.found[url] = (PDF, "application/pdf")
    found = await ready(medium("document", uri=url), NOTHING, web=web)

    first, *_ = found.text.text.splitlines()
    assert first == r'[document "my plan\n\".pdf", application/pdf]'


async def test_an_address_that_may_not_be_reached_is_refused() -> None:
    with pytest.raises(RequestError, match="not allowed") as caught:
        await ready(medium("image", uri="http://inside/"), Accepts())
    assert caught.value.field == "input[0].uri"


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("gs://bucket/cat.png", "no http or https URL"),
        ("files/abc", "give the file's uri"),
        ("data:image/png;base64,AAAA", "give its bytes as data"),
        ("ftp://me:secret@h/x?key=secret", "no http or https URL"),
        ("cat.png", "no http or https URL"),
        ("file:///etc/passwd", "no http or https URL"),
    ],
)
@pytest.mark.parametrize("accepts", [Accepts(), INLINE])
async def test_other_addresses_are_refused(
    uri: str, says: str, accepts: Accepts
) -> None:
    with pytest.raises(RequestError, match=says) as caught:
        await ready(medium("image", uri=uri), accepts)
    assert "secret" not in caught.value.message
    assert caught.value.field == "input[0].uri"


@pytest.mark.parametrize("accepts", [Accepts(), INLINE])
async def test_a_file_of_ours_is_read(accepts: Accepts) -> None:
    web = Web()
    cat = await ready(medium("image", uri=f"{OURS}cat"), accepts, web=web)
    song = await ready(medium("audio", uri=f"{OURS}song"), accepts, web=web)

    assert cat == medium("image", data=PNG, mime_type="image/png")
    assert song == medium("audio", data=MP3, mime_type="audio/mp3")
    assert not web.fetched
    assert not web.checked


async def test_a_file_that_is_told_has_its_name() -> None:
    found = await ready(medium("document", uri=f"{OURS}notes"), NOTHING)

    assert found.text.text.startswith('[document "notes.bin", text/csv]\nhi\n')


@pytest.mark.parametrize(("name", "owner"), [("gone", "me"), ("cat", "you")])
async def test_a_file_that_is_not_there_is_refused(name: str, owner: str) -> None:
    with pytest.raises(RequestError, match="was deleted") as caught:
        await ready(medium("image", uri=OURS + name), owner=owner)
    assert caught.value.field == "input[0].uri"


async def test_media_are_fetched_together_but_not_all_at_once() -> None:
    web = Web(cat=(PNG, "image/png"))
    web.open.clear()
    cats = [medium("image", uri="https://web/cat")] * 9
    preparing = asyncio.create_task(prepare(asking(*cats), web=web))
    async with asyncio.timeout(WAIT_SECONDS):
        await web.busy.wait()
    web.open.set()
    [step] = await preparing

    assert web.most == 4
    assert len(step.user_input.content) == len(web.fetched) == 9


async def test_one_that_fails_stops_the_others() -> None:
    web = Web()
    web.open.clear()
    contents = [
        medium("image", uri="https://web/slow"),
        medium("image", uri="ftp://h/x"),
    ]
    with pytest.raises(RequestError, match=r"input\[1\].uri"):
        await prepare(asking(*contents), web=web)
    assert web.running == 0


async def test_all_media_together_have_a_limit() -> None:
    web = Web(cat=(PNG, "image/png"))
    contents = [
        medium("image", data=PNG),
        medium("image", uri="https://web/cat"),
    ]
    assert await prepare(asking(*contents), web=web, max_bytes=2 * len(PNG))

    with pytest.raises(RequestError, match=f"more than {2 * len(PNG) - 1} bytes"):
        await prepare(asking(*contents), web=web, max_bytes=2 * len(PNG) - 1)
    assert web.limits == [len(PNG), len(PNG) - 1]
    assert web.owners == ["me", "me"]  # who take turns
