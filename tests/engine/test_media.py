"""Media get ready for a model: bytes, a URL that is passed on, or text."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest

from openinteractions.core.conversation import Conversation
from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.core.media import KINDS
from openinteractions.engine.ports import Accepts
from openinteractions.v1 import (
    content_pb2,
    interaction_pb2,
    interaction_service_pb2,
    step_pb2,
)
from tests.engine.outside import Web
from tests.engine.prepared import (
    MP3,
    MP4,
    NOTHING,
    PDF,
    PNG,
    WAV,
    Content,
    asking,
    medium,
    prepare,
    ready,
)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD = b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml"


def user(*contents: Content) -> step_pb2.Step:
    return step_pb2.Step(user_input=step_pb2.UserInputStep(content=contents))


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
