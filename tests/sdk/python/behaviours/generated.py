"""Media that come out: images and speech, inline and by address (contract §5.5)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import urllib.request
import wave
from collections.abc import Sequence
from typing import Any

from tests.backend import made
from tests.sdk.python import shapes
from tests.sdk.python.case import DOOR_SECONDS, Case
from tests.sdk.python.registry import LEGACY, behaviour

PAINTER, SPEAKER = "painter", "speaker"
"""Models of which it is configured that they make images, and sound."""

NO_SHORTCUT = {(*LEGACY, "2.0.0"): "has no output_image and output_audio (§8.1)"}

CAT = {"input": "A cat."}
IMAGE = {"response_modalities": ["IMAGE"]}
SOUND = {"response_modalities": ["AUDIO"]}


def media(interaction: Any, kind: str) -> list[Any]:
    """Give the media of a kind that the model made, in order."""
    contents = shapes.read(interaction, "outputs")
    if contents is None:
        steps = [step for step in interaction.steps if step.type == "model_output"]
        contents = [content for step in steps for content in step.content or []]
    return [content for content in contents if content.type == kind]


def data(content: Any) -> bytes:
    return base64.b64decode(content.data)


def joined(deltas: Sequence[Any]) -> bytes:
    return b"".join(base64.b64decode(delta.data or "") for delta in deltas)


async def fetched(uri: str) -> bytes:
    def fetch() -> bytes:
        url = f"{uri}:download?alt=media"
        with urllib.request.urlopen(url, timeout=DOOR_SECONDS) as response:
            return bytes(response.read())

    return await asyncio.to_thread(fetch)


def is_png(found: bytes) -> bool:
    return found.startswith(b"\x89PNG")


@behaviour("media-output")
async def a_model_that_makes_images_is_asked_for_nothing_else(c: Case) -> None:
    found = await c.create(model=PAINTER, **CAT)
    (image,) = media(found, "image")
    assert (found.status, image.mime_type) == ("completed", "image/png")
    assert is_png(data(image))


@behaviour("media-output")
async def an_image_is_asked_for_by_modality(c: Case) -> None:
    found = await c.create(model=c.model("image"), **CAT, **IMAGE)
    (image,) = media(found, "image")
    assert is_png(data(image))
    (again,) = media(await c.get(found.id), "image")
    assert again.data == image.data


@behaviour("media-output", "§5.5")
async def an_image_has_the_shape_that_is_asked_for(c: Case) -> None:
    form = {"type": "image", "aspect_ratio": "3:2", "image_size": "1K"}
    found = await c.create(
        model=c.model("image"), **CAT, extra_body={"response_format": form}
    )
    (image,) = media(found, "image")
    width, height = data(image)[16:20], data(image)[20:24]
    assert [int.from_bytes(side, "big") for side in (width, height)] == [1536, 1024]


@behaviour("media-output", "§8.1", cannot=NO_SHORTCUT)
async def the_shortcuts_give_the_media(c: Case) -> None:
    drawn = await c.create(model=PAINTER, **CAT)
    assert is_png(data(drawn.output_image))
    said = await c.create(model=SPEAKER, input="Hi.")
    assert data(said.output_audio) == made.speech("Hi.", "alloy", "pcm")
    again = await c.get(drawn.id)
    assert again.output_image.data == drawn.output_image.data


@behaviour("media-output")
async def an_image_is_edited(c: Case) -> None:
    model, cat = c.model("image"), made.image("cat")
    content = {
        "type": "image",
        "data": base64.b64encode(cat).decode(),
        "mime_type": "image/png",
    }
    ask = [{"type": "text", "text": "Bluer."}, content]
    found = await c.create(model=model, input=ask, **IMAGE)
    assert media(found, "image")
    (body,) = await c.asked(model)
    assert body["images"] == [["image", "image/png", hashlib.sha256(cat).hexdigest()]]


@behaviour("media-output", "previous")
async def the_image_made_before_is_edited_when_a_conversation_goes_on(c: Case) -> None:
    model = c.model("image")
    first = await c.create(model=model, **CAT, **IMAGE)
    second = await c.create(
        model=model, input="Bluer.", previous_interaction_id=first.id, **IMAGE
    )
    (image,) = media(first, "image")
    digest = hashlib.sha256(data(image)).hexdigest()
    body = (await c.asked(model))[1]
    assert (body["prompt"], body["images"]) == (
        "Bluer.",
        [["image", "image/png", digest]],
    )
    assert data(media(second, "image")[0]) != data(image)


@behaviour("media-output")
async def an_image_is_streamed(c: Case) -> None:
    streamed = await c.stream(model=c.model("image"), **CAT, **IMAGE)
    pieces = streamed.deltas("image")
    assert (is_png(joined(pieces)), pieces[0].mime_type) == (True, "image/png")
    (image,) = media(await c.get(streamed.id), "image")
    assert data(image) == joined(pieces)
    again = await c.replay(streamed.id)
    assert joined(again.deltas("image")) == joined(pieces)


@behaviour("media-output", "thinking")
async def previews_of_an_image_are_thoughts(c: Case) -> None:
    streamed = await c.stream(
        model=PAINTER, **CAT, generation_config={"thinking_summaries": "auto"}
    )
    (preview,) = streamed.deltas("thought_summary")
    assert (preview.content.type, is_png(data(preview.content))) == ("image", True)
    assert is_png(joined(streamed.deltas("image")))
    assert data(preview.content) != joined(streamed.deltas("image"))


@behaviour("media-output", "files")
async def an_image_is_delivered_by_address(c: Case) -> None:
    form = {"response_format": {"type": "image", "delivery": "uri"}}
    found = await c.create(model=c.model("image"), **CAT, extra_body=form)
    (image,) = media(found, "image")
    assert (image.data, image.mime_type) == (None, "image/png")
    assert is_png(await fetched(image.uri))


@behaviour("media-output", "files")
async def sound_is_delivered_by_address_in_a_stream(c: Case) -> None:
    form = {"type": "audio", "delivery": "uri", "mime_type": "audio/wav"}
    streamed = await c.stream(
        model=c.model("voice"), input="Hi.", extra_body={"response_format": form}
    )
    (sound,) = streamed.deltas("audio")
    assert await fetched(sound.uri) == made.speech("Hi.", "alloy", "wav")
    (again,) = media(await c.get(streamed.id), "audio")
    assert again.uri == sound.uri


@behaviour("media-output")
async def a_text_is_spoken_as_raw_sound(c: Case) -> None:
    found = await c.create(
        model=c.model("voice"),
        input="Good morning.",
        **SOUND,
        generation_config={"speech_config": [{"voice": "nova", "language": "en-us"}]},
    )
    (sound,) = media(found, "audio")
    assert data(sound) == made.speech("Good morning.", "nova", "pcm")
    assert sound.mime_type == "audio/l16"
    rate = shapes.read(sound, "sample_rate") or shapes.read(sound, "rate")
    assert rate == made.RATE


@behaviour("media-output", "§5.5")
async def a_text_is_spoken_in_the_format_that_is_asked_for(c: Case) -> None:
    found = await c.create(
        model=c.model("voice"),
        input="Hi.",
        extra_body={"response_format": {"type": "audio", "mime_type": "audio/wav"}},
    )
    (sound,) = media(found, "audio")
    with wave.open(io.BytesIO(data(sound))) as file:
        assert (file.getframerate(), file.getnchannels()) == (made.RATE, 1)


@behaviour("media-output")
async def speech_is_streamed(c: Case) -> None:
    text = "It was the best of times. " * 9
    streamed = await c.stream(model=c.model("voice"), input=text, **SOUND)
    pieces = streamed.deltas("audio")
    assert len(pieces) > 1
    assert joined(pieces) == made.speech(text, "alloy", "pcm")
    (sound,) = media(await c.get(streamed.id), "audio")
    assert data(sound) == joined(pieces)


@behaviour("media-output", "§6.4")
async def a_recording_goes_on_after_every_token(c: Case) -> None:
    streamed = await c.stream(model=c.model("voice"), input="Good " * 40, **SOUND)
    whole = joined(streamed.deltas("audio"))
    heard = b""
    for event in streamed.of("delta"):
        heard += joined([event.delta])
        if event.event_id:
            rest = await c.replay(streamed.id, last_event_id=event.event_id)
            assert heard + joined(rest.deltas("audio")) == whole
    assert heard == whole


@behaviour("media-output")
async def several_speakers_have_their_own_voices(c: Case) -> None:
    speakers = [
        {"speaker": "Ann", "voice": "nova"},
        {"speaker": "Bo", "voice": "onyx"},
    ]
    found = await c.create(
        model=c.model("voice"),
        input="Ann: Hi.\nBo: Bye.",
        **SOUND,
        generation_config={"speech_config": speakers},
    )
    lines = made.speech("Hi.", "nova", "pcm") + made.speech("Bye.", "onyx", "pcm")
    assert data(media(found, "audio")[0]) == lines


@behaviour("media-output", "previous")
async def what_was_made_is_shown_to_other_models(c: Case) -> None:
    drawn = await c.create(model=c.model("image"), **CAT, **IMAGE)
    (image,) = media(drawn, "image")
    seen = await shown(c, drawn)
    assert [one["sha256"] for one in seen if one["type"] == "image"] == [
        hashlib.sha256(data(image)).hexdigest()
    ]
    spoken = await c.create(model=c.model("voice"), input="Hi.", **SOUND)
    wav = made.speech("Hi.", "alloy", "wav")
    heard = await shown(c, spoken)
    assert [
        (one["format"], one["sha256"]) for one in heard if one["type"] == "audio"
    ] == [("wav", hashlib.sha256(wav).hexdigest())]


async def shown(c: Case, before: Any) -> list[dict[str, Any]]:
    """Give what a model of text is shown when it takes over a conversation."""
    found = await c.create(
        model=c.model("media"), input="And?", previous_interaction_id=before.id
    )
    told: list[dict[str, Any]] = json.loads(shapes.text(found))
    return told


@behaviour("media-output", "usage")
async def tokens_of_images_are_counted_by_kind(c: Case) -> None:
    found = await c.create(model=c.model("image"), **CAT, **IMAGE)
    usage = found.usage
    assert (usage.total_input_tokens, usage.total_output_tokens) == (11, 272)
    (put,) = usage.output_tokens_by_modality
    assert (put.modality, put.tokens) == ("image", 272)


@behaviour("media-output", "404")
async def a_server_that_makes_no_images_is_not_found(c: Case) -> None:
    model = c.model("hello")
    failure = await c.failure(c.create(model=model, **CAT, **IMAGE))
    assert (failure.kind, failure.attempts) == ("NotFoundError", 1), failure
    assert "images/generations" in failure.message, failure


@behaviour("media-output", "400")
async def an_image_that_is_filtered_is_refused(c: Case) -> None:
    model = c.model("filter:status")
    failure = await c.failure(c.create(model=model, **CAT, **IMAGE))
    assert (failure.kind, failure.attempts) == ("BadRequestError", 1), failure


@behaviour("media-output", "stream-error-after")
async def speech_that_breaks_off_fails_after_what_was_heard(c: Case) -> None:
    streamed = await c.stream(
        model=c.model("voice:cut"), input="Good morning. " * 9, **SOUND
    )
    assert streamed.of("error")
    assert streamed.completed.status == "failed"
    heard = joined(streamed.deltas("audio"))
    whole = made.speech("Good morning. " * 9, "alloy", "pcm")
    assert heard
    assert whole.startswith(heard)


@behaviour("media-output", "400")
async def text_and_images_at_once_are_refused(c: Case) -> None:
    await c.refusal(
        "response_modalities[1]",
        model=c.model("image"),
        **CAT,
        response_modalities=["TEXT", "IMAGE"],
    )


@behaviour("media-output", "400")
async def text_of_a_model_that_makes_images_is_refused(c: Case) -> None:
    await c.refusal(
        "response_modalities[0]",
        PAINTER,
        model=PAINTER,
        **CAT,
        response_modalities=["text"],
    )
