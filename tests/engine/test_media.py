"""Media get ready for a model: bytes, a URL that is passed on, or text."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Sequence
from typing import Any

import pytest

from openinteractions.core.conversation import Conversation
from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.core.media import KINDS
from openinteractions.engine.media import Media
from openinteractions.engine.ports import Accepts
from openinteractions.tools.documents.reader import Documents
from openinteractions.v1 import (
    content_pb2,
    interaction_pb2,
    interaction_service_pb2,
    step_pb2,
)
from tests import media
from tests.engine.outside import OURS, Shelf, Web

Content = content_pb2.Content

PNG, WAV, MP3, MP4 = media.png(), media.wav(), media.mp3(), media.mp4()
PDF = media.pdf("One", "Two")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD = b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml"
NOTHING = Accepts(kinds=frozenset(), remote=frozenset())
INLINE = Accepts(remote=frozenset())


def medium(kind: str, **members: object) -> Content:
    content = Content()
    inner = getattr(content, kind)
    inner.SetInParent()
    for name, value in members.items():
        setattr(inner, name, value)
    return content


def user(*contents: Content) -> step_pb2.Step:
    return step_pb2.Step(user_input=step_pb2.UserInputStep(content=contents))


def asking(*contents: Content) -> Conversation:
    conversation = Conversation()
    conversation.add_input(
        interaction_pb2.Input(contents=content_pb2.ContentList(items=contents))
    )
    return conversation


async def prepare(
    conversation: Conversation,
    accepts: Accepts = INLINE,
    *,
    web: Web | None = None,
    owner: str = "me",
    ignored: list[str] | None = None,
    **settings: Any,
) -> Sequence[step_pb2.Step]:
    ready = Media(
        egress=web or Web(),
        files=Shelf(cat=(PNG, "image/png"), song=(MP3, ""), notes=(b"hi", "text/csv")),
        reader=Documents(),
        **settings,
    )
    async with asyncio.timeout(10):
        return await ready.prepare(
            conversation.steps(),
            conversation.origins,
            accepts,
            owner,
            model="m",
            ignored=ignored,
        )


async def ready(content: Content, accepts: Accepts = INLINE, **more: Any) -> Content:
    """Return what becomes of one content."""
    [step] = await prepare(asking(content), accepts, **more)
    [found] = step.user_input.content
    return found


TYPES = [
    ("image", PNG, "", "image/png"),
    ("image", PNG, "image/png", "image/png"),
    ("image", PNG, "image/jpeg", "image/png"),
    ("image", PNG, "application/octet-stream", "image/png"),
    ("image", b"\0unknown", "image/heic", "image/heic"),
    ("image", b"\xff\xd8\xff\xe0", "image/jpg", "image/jpeg"),
    ("audio", WAV, "", "audio/wav"),
    ("audio", MP3, "audio/mpeg", "audio/mp3"),
    ("audio", MP4, "", "audio/m4a"),
    ("audio", MP4, "video/mp4", "audio/m4a"),
    ("audio", MP3, "audio/l16", "audio/l16"),
    ("video", MP4, "", "video/mp4"),
    ("document", PDF, "", "application/pdf"),
    ("document", PDF, "application/octet-stream", "application/pdf"),
    ("document", b"a,b", "text/csv", "text/csv"),
    ("document", b"a,b", "", "text/plain"),
    ("document", b"<svg/>", "", "image/svg+xml"),
    ("document", WORD, "", DOCX),
]


@pytest.mark.parametrize(("kind", "data", "declared", "mime_type"), TYPES)
async def test_bytes_get_the_type_that_they_have(
    kind: str, data: bytes, declared: str, mime_type: str
) -> None:
    given = medium(kind, data=data, mime_type=declared)

    assert await ready(given) == medium(kind, data=data, mime_type=mime_type)


MISTAKES = [
    ("image", PDF, "", "its data is application/pdf, not an image", "type"),
    ("image", PDF, "image/png", "its data is application/pdf, not an image", "type"),
    ("image", PNG, "application/pdf", "its mime_type is application/pdf, not", "type"),
    ("image", b"hello", "image/png", "its data is text/plain, not an image", "type"),
    ("image", MP4, "", "its data is video/mp4, not an image", "type"),
    ("audio", PNG, "", "its data is image/png, not audio", "type"),
    ("video", WAV, "", "its data is audio/wav, not a video", "type"),
    ("document", PNG, "", 'send it as content of type "image"', "type"),
    ("document", MP4, "", 'send it as content of type "video"', "type"),
    ("image", b"\0\1\2", "", "mime_type is required", "mime_type"),
    ("image", b"\0\1\2", "png", "mime_type is required", "mime_type"),
    ("document", b"\0\1\2", "*/*", "mime_type is required", "mime_type"),
]


@pytest.mark.parametrize(("kind", "data", "declared", "says", "member"), MISTAKES)
async def test_bytes_of_another_kind_are_refused(
    kind: str, data: bytes, declared: str, says: str, member: str
) -> None:
    with pytest.raises(RequestError, match=says) as caught:
        await ready(medium(kind, data=data, mime_type=declared))
    assert caught.value.field == f"input[0].{member}"


async def test_what_stands_at_an_address_is_told_when_it_is_of_another_kind() -> None:
    web = Web(cat=(b"<!doctype html><title>Not found</title>", "text/html"))
    with pytest.raises(RequestError) as caught:
        await ready(medium("image", uri="https://web/cat"), web=web)
    assert caught.value.message == (
        "input[0]: what its uri names is text/html, not an image."
    )


REFUSED = [
    ("image", PNG, NOTHING, r"takes no images \(image/png\)"),
    ("audio", WAV, NOTHING, r"takes no audio"),
    ("video", MP4, NOTHING, r"takes no videos"),
    (
        "audio",
        MP3,
        Accepts(audio=frozenset({"audio/wav"})),
        "no audio of type audio/mp3",
    ),
    ("document", WORD, NOTHING, f"no documents of type {DOCX}; PDF and text"),
    (
        "document",
        WORD,
        Accepts(documents=frozenset({"application/pdf"})),
        f"no documents of type {DOCX}",
    ),
]


@pytest.mark.parametrize(("kind", "data", "accepts", "says"), REFUSED)
async def test_what_the_model_does_not_take_is_refused_by_name(
    kind: str, data: bytes, accepts: Accepts, says: str
) -> None:
    declared = {"mime_type": "image/png"} if kind == "image" else {}
    with pytest.raises(NotSupportedError, match=says) as caught:
        await ready(medium(kind, data=data, **declared), accepts)
    assert caught.value.field == "input[0].type"
    assert 'the model "m"' in caught.value.message


async def test_nothing_is_fetched_for_a_model_that_does_not_take_it() -> None:
    web = Web(cat=(PNG, "image/png"))
    contents = [
        medium("document", uri="https://web/cat"),
        medium("image", uri="https://web/cat"),
    ]
    with pytest.raises(NotSupportedError):
        await prepare(asking(*contents), NOTHING, web=web)
    assert not web.fetched


@pytest.mark.parametrize("said", [{"sample_rate": 16000, "channels": 2}, {}])
async def test_raw_sound_comes_as_wav_where_the_model_takes_no_other(
    said: dict[str, int],
) -> None:
    raw = medium("audio", data=bytes(800), mime_type="audio/L16", **said)
    sound = (await ready(raw, Accepts(audio=frozenset({"audio/wav"})))).audio
    assert sound.mime_type == "audio/wav"
    with wave.open(io.BytesIO(sound.data)) as file:
        assert file.getframerate() == said.get("sample_rate", 24000)
        assert file.getnchannels() == said.get("channels", 1)
        assert file.getsampwidth() == 2
        assert file.readframes(file.getnframes()) == bytes(800)


async def test_raw_sound_stays_raw_where_the_model_takes_it() -> None:
    raw = medium("audio", data=bytes(800), mime_type="audio/l16")
    assert await ready(raw, Accepts()) == raw


async def test_raw_sound_is_refused_where_neither_will_do() -> None:
    raw = medium("audio", data=bytes(800), mime_type="audio/l16")
    with pytest.raises(NotSupportedError, match="no audio of type audio/l16"):
        await ready(raw, Accepts(audio=frozenset({"audio/mp3"})))


@pytest.mark.parametrize("accepts", [NOTHING, Accepts(documents=frozenset({"a/b"}))])
async def test_a_pdf_becomes_text_where_the_model_takes_none(accepts: Accepts) -> None:
    found = await ready(medium("document", data=PDF), accepts)

    assert found.text.text == (
        "[document, application/pdf]\n[page 1]\nOne\n\n[page 2]\nTwo\n"
        "[end of the document]"
    )


async def test_text_formats_become_text_where_servers_take_only_others() -> None:
    accepts = Accepts(text_formats=False)
    latin = medium(
        "document",
        data="größe".encode("latin-1"),
        mime_type="text/plain; charset=latin-1",
    )

    told = await ready(latin, accepts)
    assert told.text.text == "[document, text/plain]\ngröße\n[end of the document]"
    assert (await ready(medium("document", data=PDF), accepts)).HasField("document")


async def test_a_document_of_a_named_type_stays_one() -> None:
    accepts = Accepts(documents=frozenset({"text/csv"}), text_formats=False)
    given = medium("document", data=b"a,b", mime_type="text/csv")

    assert await ready(given, accepts) == given


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


def continued() -> Conversation:
    """Return a conversation with media in the middle of an earlier turn."""
    conversation = Conversation()
    conversation.add_turn(
        interaction_service_pb2.CreateInteractionRequest(
            input=interaction_pb2.Input(
                steps=step_pb2.StepList(
                    items=[
                        user(medium("text", text="a"), medium("image", uri="files/x"))
                    ]
                )
            )
        ),
        interaction_pb2.Interaction(id="v1_a"),
        follows=None,
    )
    conversation.add_input(interaction_pb2.Input(text="And?"))
    return conversation


async def test_a_medium_of_an_earlier_turn_is_named_by_that_turn() -> None:
    with pytest.raises(RequestError) as caught:
        await prepare(continued())
    assert caught.value.field == "previous_interaction_id"
    assert caught.value.message.startswith(
        "previous_interaction_id: in the earlier interaction v1_a, "
        "input[0].content[1].uri: "
    )


async def test_an_earlier_turn_that_the_model_cannot_take_is_named() -> None:
    with pytest.raises(NotSupportedError, match="in the earlier interaction v1_a"):
        await prepare(continued(), NOTHING)


async def test_a_medium_that_is_ready_is_not_copied() -> None:
    conversation = asking(medium("image", data=PNG, mime_type="image/png"))
    [step] = await prepare(conversation)

    assert step is conversation.steps()[0]


async def test_media_stand_where_they_stood() -> None:
    web = Web(cat=(PNG, "image/png"))
    step = step_pb2.Step(function_call=step_pb2.FunctionCallStep(id="1", name="look"))
    result = step_pb2.Step()
    result.function_result.call_id = "1"
    result.function_result.result.contents.items.extend(
        [medium("image", data=PNG), medium("text", text="t")]
    )
    conversation = Conversation()
    given = interaction_pb2.Input(
        steps=step_pb2.StepList(
            items=[
                user(medium("text", text="a")),
                user(
                    medium("image", uri="https://web/cat"),
                    medium("text", text="b"),
                    medium("document", data=b"c"),
                ),
                step,
                result,
            ]
        )
    )
    before = given.SerializeToString(deterministic=True)
    conversation.add_input(given)
    first, second, _, last = await prepare(conversation, web=web)

    png = medium("image", data=PNG, mime_type="image/png")
    assert first == user(medium("text", text="a"))
    assert second == user(
        png,
        medium("text", text="b"),
        medium("document", data=b"c", mime_type="text/plain"),
    )
    assert last.function_result.result.contents.items[0] == png
    assert given.SerializeToString(deterministic=True) == before


async def test_media_are_fetched_together_but_not_all_at_once() -> None:
    web = Web(cat=(PNG, "image/png"))
    web.open.clear()
    cats = [medium("image", uri="https://web/cat")] * 9
    preparing = asyncio.create_task(prepare(asking(*cats), web=web))
    async with asyncio.timeout(5):
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


@pytest.mark.parametrize(
    ("processing", "plain"),
    [
        ({}, True),
        ({"mode": "static"}, True),
        ({"settings": {"type": "static"}}, True),
        ({"mode": "agentic"}, False),
        ({"settings": {"type": "static", "fps": 2}}, False),
    ],
)
async def test_how_to_watch_a_video_is_refused_where_it_cannot_be_said(
    processing: dict[str, Any], *, plain: bool
) -> None:
    content = medium("video", data=MP4)
    content.video.processing.CopyFrom(content_pb2.VideoProcessing(**processing))
    sent = await ready(content)
    assert sent.video.processing == content.video.processing

    accepts = Accepts(video_processing=False)
    if plain:
        assert await ready(content, accepts) == sent
    else:
        with pytest.raises(NotSupportedError) as caught:
            await ready(content, accepts)
        assert caught.value.field == "input[0].processing"


async def test_hints_about_videos_are_named_where_they_are_ignored() -> None:
    accepts = Accepts(video_processing=False)
    content = medium("video", data=MP4, resolution="low", name="film")
    ignored: list[str] = []
    await prepare(asking(content), accepts, ignored=ignored)
    assert ignored == ["input[0].resolution", "input[0].name"]

    ignored.clear()
    await prepare(asking(content), ignored=ignored)
    assert not ignored


def test_every_kind_has_been_tried() -> None:
    assert {kind for kind, *_ in TYPES} == KINDS


async def test_documents_are_read_in_turns_of_their_owners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owners: list[str] = []

    async def read(*_: object, owner: str, **__: object) -> str:
        owners.append(owner)
        return "said"

    monkeypatch.setattr(Documents, "read", read)
    accepts = Accepts(remote=frozenset(), documents=frozenset())
    content = medium("document", data=b"a,b", mime_type="text/csv")
    await prepare(asking(content), accepts, owner="ann")

    assert owners == ["ann"]
