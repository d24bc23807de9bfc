"""Media that go in: inline, by address, in every position (contract §4.1)."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

from tests import media
from tests.sdk.python import shapes
from tests.sdk.python.case import Case
from tests.sdk.python.registry import GAOS, behaviour

PNG, WAV, MP4 = media.png(), media.wav(), media.mp4()
PDF = media.pdf("Chapter one.", "Chapter two.")
ASK = {"type": "text", "text": "What is it?"}
VALIDATES = "validates input before sending (contract §2.3)"
TELLS = "told"
"""The model that takes no media; it answers as the script `media` does."""


def inline(kind: str, data: bytes, mime_type: str | None = None) -> dict[str, Any]:
    content = {"type": kind, "data": base64.b64encode(data).decode()}
    return content | ({"mime_type": mime_type} if mime_type else {})


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def shown(c: Case, *contents: Any, **more: Any) -> list[dict[str, Any]]:
    """Give what the model was shown after the question."""
    made = await c.create(
        **{"model": c.model("media"), "input": [ASK, *contents], **more}
    )
    asked, *rest = json.loads(shapes.text(made))
    assert asked == {"role": "user", "type": "text", "text": "What is it?"}
    return rest


@behaviour("§4.1")
async def an_image_reaches_the_model(c: Case) -> None:
    (image,) = await shown(c, inline("image", PNG, "image/png"))
    assert (image["type"], image["mime_type"]) == ("image", "image/png")
    assert image["sha256"] == digest(PNG)


@behaviour("§4.1")
async def an_image_without_a_type_gets_the_one_it_has(c: Case) -> None:
    (image,) = await shown(c, inline("image", PNG))
    assert (image["mime_type"], image["sha256"]) == ("image/png", digest(PNG))


@behaviour("§4.1")
async def an_image_in_a_stream_reaches_the_model(c: Case) -> None:
    streamed = await c.stream(
        model=c.model("media"), input=[ASK, inline("image", PNG, "image/png")]
    )
    assert json.loads(streamed.text)[1]["sha256"] == digest(PNG)


@behaviour("§4.1")
async def an_image_by_address_is_left_to_the_model_server(c: Case) -> None:
    url = "https://pictures.example.com/cat.png"
    (image,) = await shown(c, {"type": "image", "uri": url, "mime_type": "image/png"})
    assert image == {"role": "user", "type": "image", "url": url}


@behaviour("§4.1")
async def sound_reaches_the_model(c: Case) -> None:
    (sound,) = await shown(c, inline("audio", WAV, "audio/wav"))
    assert (sound["type"], sound["format"]) == ("audio", "wav")
    assert sound["sha256"] == digest(WAV)


@behaviour("§4.1")
async def sound_by_address_is_fetched(c: Case) -> None:
    url = f"{c.place.backend}/media/song.mp3"
    (sound,) = await shown(c, {"type": "audio", "uri": url, "mime_type": "audio/mp3"})
    assert (sound["format"], sound["sha256"]) == ("mp3", digest(media.mp3()))


@behaviour("§4.1")
async def a_video_reaches_the_model(c: Case) -> None:
    (video,) = await shown(c, inline("video", MP4, "video/mp4"))
    assert (video["type"], video["mime_type"]) == ("video", "video/mp4")
    assert video["sha256"] == digest(MP4)


@behaviour("§4.1")
async def a_pdf_reaches_the_model(c: Case) -> None:
    (document,) = await shown(c, inline("document", PDF, "application/pdf"))
    assert (document["type"], document["filename"]) == ("document", "document.pdf")
    assert document["sha256"] == digest(PDF)


@behaviour("§4.1")
async def a_pdf_is_read_to_a_model_that_takes_none(c: Case) -> None:
    content = inline("document", PDF, "application/pdf")
    made = await c.create(model=TELLS, input=[ASK, content])
    (told,) = json.loads(shapes.text(made))
    assert "[page 1]\nChapter one.\n\n[page 2]\nChapter two." in told["text"]


@behaviour("§4.1")
async def a_pdf_by_address_is_fetched_and_read(c: Case) -> None:
    content = {
        "type": "document",
        "uri": f"{c.place.backend}/media/plan.pdf",
        "mime_type": "application/pdf",
    }
    made = await c.create(model=TELLS, input=[ASK, content])
    (told,) = json.loads(shapes.text(made))
    assert "[page 1]\nThe plan.\n\n[page 2]\nThe end." in told["text"]


@behaviour("§4.1", "400")
async def a_model_that_takes_no_images_is_named(c: Case) -> None:
    failure = await c.failure(
        c.create(model=TELLS, input=[ASK, inline("image", PNG, "image/png")])
    )
    assert (failure.kind, failure.attempts) == ("BadRequestError", 1), failure
    for said in ('the model "told"', "images", "image/png"):
        assert said in failure.message, failure


@behaviour("§4.1", "400")
async def bytes_that_are_no_image_are_refused(c: Case) -> None:
    failure = await c.failure(shown(c, inline("image", PDF, "image/png")))
    assert (failure.kind, failure.attempts) == ("BadRequestError", 1), failure
    assert "application/pdf" in failure.message, failure


@behaviour("§4.1", "400")
async def an_address_that_nobody_may_reach_is_refused(c: Case) -> None:
    url = "http://169.254.169.254/latest/meta-data"
    failure = await c.failure(shown(c, {"type": "image", "uri": url}))
    assert (failure.kind, failure.attempts) == ("BadRequestError", 1), failure
    assert "uri" in failure.message, failure


@behaviour("§4.1", "previous")
async def an_image_of_an_earlier_turn_is_shown_again(c: Case) -> None:
    first = await c.create(
        model=c.model("media"), input=[ASK, inline("image", PNG, "image/png")]
    )
    again = await c.create(
        model=c.model("media"), input="And now?", previous_interaction_id=first.id
    )
    asked, image, *_ = json.loads(shapes.text(again))
    assert (asked["text"], image["sha256"]) == ("What is it?", digest(PNG))


@behaviour("§4.1", "§2.3", cannot={GAOS: VALIDATES})
async def an_image_in_a_turn_is_shown(c: Case) -> None:
    turns = [
        {"role": "user", "content": [ASK, inline("image", PNG, "image/png")]},
        {"role": "model", "content": "Red."},
        {"role": "user", "content": "Sure?"},
    ]
    made = await c.create(model=c.model("media"), input=turns)
    asked, image, *_ = json.loads(shapes.text(made))
    assert (asked["text"], image["sha256"]) == ("What is it?", digest(PNG))


@behaviour("§4.1", "functions")
async def an_image_in_a_result_is_shown(c: Case) -> None:
    tools = [{"type": "function", "name": "look", "parameters": {"type": "object"}}]
    model = c.model("call")
    first = await c.create(model=model, input="Look", tools=tools)
    (call,) = [p for p in shapes.parts(first) if p.type == "function_call"]
    result = {
        "type": "function_result",
        "call_id": call.id,
        "name": "look",
        "result": [ASK, inline("image", PNG, "image/png")],
    }
    made = await c.create(
        model=c.model("media"), input=[result], previous_interaction_id=first.id
    )
    pieces = json.loads(shapes.text(made))
    assert digest(PNG) in [piece.get("sha256") for piece in pieces], pieces
    assert any("What is it?" in piece.get("text", "") for piece in pieces), pieces


async def uploaded(c: Case, data: bytes, mime_type: str) -> Any:
    config = {"mime_type": mime_type, "display_name": "My file"}
    return await c.file("upload", file=io.BytesIO(data), config=config)


@behaviour("§4.1", "files")
async def an_uploaded_file_reaches_the_model(c: Case) -> None:
    file = await uploaded(c, PNG, "image/png")
    content = {"type": "image", "uri": file.uri, "mime_type": file.mime_type}
    (image,) = await shown(c, content)
    assert (image["mime_type"], image["sha256"]) == ("image/png", digest(PNG))


@behaviour("§4.1", "files")
async def an_uploaded_pdf_is_read_with_its_name(c: Case) -> None:
    file = await uploaded(c, PDF, "application/pdf")
    made = await c.create(
        model=TELLS, input=[ASK, {"type": "document", "uri": file.uri}]
    )
    (told,) = json.loads(shapes.text(made))
    assert '[document "My file", application/pdf]\n[page 1]' in told["text"]


@behaviour("§4.1", "files", "400")
async def a_file_that_was_deleted_cannot_be_shown(c: Case) -> None:
    file = await uploaded(c, PNG, "image/png")
    content = {"type": "image", "uri": file.uri}
    first = await c.create(model=c.model("media"), input=[ASK, content])
    await c.file("delete", name=file.name)

    at_once = await c.failure(shown(c, content))
    later = await c.failure(
        c.create(
            model=c.model("media"), input="And now?", previous_interaction_id=first.id
        )
    )
    for failure in (at_once, later):
        assert (failure.kind, failure.attempts) == ("BadRequestError", 1), failure
        assert "deleted" in failure.message, failure
        assert "uri" in failure.message, failure
    assert first.id in later.message, later
