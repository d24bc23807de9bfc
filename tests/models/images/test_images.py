"""Images out of an Images API, on a real socket."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from openinteractions.core import errors
from openinteractions.core.model_events import (
    Finish,
    Media,
    ModelEvent,
    Preview,
    Spent,
    Text,
    Thought,
)
from openinteractions.v1 import response_format_pb2
from tests.backend import made
from tests.models.asking import asked, output, request, user
from tests.models.studios import WAYS, drew, picture, shows, streamed, studio, whole


def images(events: list[ModelEvent]) -> list[tuple[bytes, str]]:
    found = [event.content.image for event in events if isinstance(event, Media)]
    assert all(event.begins for event in events if isinstance(event, Media))
    return [(image.data, image.mime_type) for image in found]


def formats(**members: str) -> response_format_pb2.ResponseFormats:
    image = response_format_pb2.ImageFormat(**members)
    entry = response_format_pb2.ResponseFormat(image=image)
    return response_format_pb2.ResponseFormats(single=entry)


def dimensions(png: bytes) -> tuple[int, int]:
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


@pytest.mark.parametrize("way", WAYS)
async def test_a_prompt_becomes_an_image(way: str) -> None:
    async with studio() as server:
        events = await WAYS[way](server.images(), asked("image", user("A cat.")))
        assert server.asked("image") == [{"model": "image", "prompt": "A cat."}]
    ((data, mime_type),) = images(events)
    assert (dimensions(data), mime_type) == ((64, 64), "image/png")
    assert isinstance(events[-1], Finish)


async def test_an_instruction_stands_before_the_prompt() -> None:
    async with studio() as server:
        turn = asked("image", user("A cat."), system_instruction="In oil.")
        await whole(server.images(), turn)
        assert server.asked("image")[0]["prompt"] == "In oil.\n\nA cat."


async def test_usage_is_counted_by_kind() -> None:
    async with studio() as server:
        events = await whole(server.images(), asked("image", user("A cat.")))
    (usage,) = [event.usage for event in events if isinstance(event, Spent)]
    assert (usage.total_input_tokens, usage.total_output_tokens) == (11, 272)
    assert usage.total_tokens == 283
    assert [(m.modality, m.tokens) for m in usage.input_tokens_by_modality] == [
        ("text", 11)
    ]
    assert [(m.modality, m.tokens) for m in usage.output_tokens_by_modality] == [
        ("image", 272)
    ]


async def test_several_images_stay_several() -> None:
    async with studio() as server:
        events = await whole(server.images(), asked("image:two", user("A cat.")))
    assert len({data for data, _ in images(events)}) == 2


async def test_images_of_the_user_are_edited() -> None:
    cat, dog = picture("cat"), picture("dog")
    async with studio() as server:
        turn = asked("image", shows("Both.", images=(cat, dog)))
        events = await whole(server.images(), turn)
        (body,) = server.asked("image")
    digests = [hashlib.sha256(each.image.data).hexdigest() for each in (cat, dog)]
    assert body == {
        "model": "image",
        "prompt": "Both.",
        "images": [["image[]", "image/png", digest] for digest in digests],
    }
    (usage,) = [event.usage for event in events if isinstance(event, Spent)]
    assert ("image", 100) in [
        (m.modality, m.tokens) for m in usage.input_tokens_by_modality
    ]


async def test_the_image_made_last_is_edited_when_a_conversation_goes_on() -> None:
    old, new = picture("old"), picture("new")
    steps = [user("1"), drew(old), user("2"), output("so"), drew(new), user("Bluer.")]
    async with studio() as server:
        await whole(server.images(), asked("image", *steps))
        (body,) = server.asked("image")
    digest = hashlib.sha256(new.image.data).hexdigest()
    assert body["images"] == [["image", "image/png", digest]]
    assert body["prompt"] == "Bluer."


async def test_a_type_that_a_caller_made_up_stays_out_of_the_head_of_a_part() -> None:
    cat = picture("cat", 'image/png"\r\nX-Evil: 1')
    async with studio() as server:
        await whole(server.images(), asked("image", shows("Edit.", images=(cat,))))
        assert server.asked("image")[0]["images"][0][1] == "image/png"


SHAPES = [
    ({}, (), None),
    ({"aspect_ratio": "1:1"}, (), "1024x1024"),
    ({"aspect_ratio": "3:2"}, (), "1536x1024"),
    ({"aspect_ratio": "4:6"}, (), "1024x1536"),
    ({"aspect_ratio": "16:9"}, (), "1360x768"),
    ({"aspect_ratio": "16:9", "image_size": "2K"}, (), "2736x1536"),
    ({"image_size": "512"}, (), "512x512"),
    ({"aspect_ratio": "16:9"}, ("1024x1024", "1792x1024"), "1792x1024"),
    (
        {"aspect_ratio": "1:1", "image_size": "2K"},
        ("512x512", "2048x2048"),
        "2048x2048",
    ),
    ({"image_size": "1K"}, ("256x256", "1024x1024"), "1024x1024"),
]


@pytest.mark.parametrize(("members", "known", "size"), SHAPES)
async def test_ratios_and_sizes_become_pixels(
    members: dict[str, str], known: tuple[str, ...], size: str | None
) -> None:
    async with studio() as server:
        turn = asked("image", user("A cat."), response_format=formats(**members))
        await whole(server.images(image_sizes=known), turn)
        assert server.asked("image")[0].get("size") == size


async def test_the_older_members_say_the_same() -> None:
    turn = asked("image", user("A cat."))
    turn.request.generation_config.image_config.aspect_ratio = "3:2"
    async with studio() as server:
        await whole(server.images(), turn)
        assert server.asked("image")[0]["size"] == "1536x1024"


async def test_a_format_is_asked_for_by_its_word() -> None:
    turn = asked("image", user("A"), response_format=formats(mime_type="image/jpeg"))
    async with studio() as server:
        events = await whole(server.images(), turn)
        assert server.asked("image")[0]["output_format"] == "jpeg"
    assert [mime_type for _, mime_type in images(events)] == ["image/jpeg"]


REFUSED: list[tuple[dict[str, str], dict[str, Any], str]] = [
    ({"aspect_ratio": "wide"}, {}, "response_format.aspect_ratio"),
    ({"aspect_ratio": "0:1"}, {}, "response_format.aspect_ratio"),
    ({"image_size": "8K"}, {}, "response_format.image_size"),
    ({"mime_type": "image/gif"}, {}, "response_format.mime_type"),
    (
        {"aspect_ratio": "16:9"},
        {"image_sizes": ("1024x1024",)},
        "response_format.aspect_ratio",
    ),
    ({"image_size": "4K"}, {"image_sizes": ("512x512",)}, "response_format.image_size"),
]


@pytest.mark.parametrize(("members", "facts", "field"), REFUSED)
async def test_images_that_cannot_be_made_are_refused_by_member(
    members: dict[str, str], facts: dict[str, Any], field: str
) -> None:
    async with studio() as server:
        with pytest.raises(errors.RequestError) as caught:
            server.images(**facts).check(request(response_format=formats(**members)))
    assert caught.value.field == field
    assert field in caught.value.message


async def test_a_model_that_makes_images_out_of_nothing_only_refuses_images() -> None:
    turn = asked("m", shows("Edit.", images=(picture("cat"),)))
    async with studio() as server:
        with pytest.raises(errors.NotSupportedError, match='"m" cannot make images'):
            await whole(server.images(image_edits=False), turn)


@pytest.mark.parametrize("texts", [(), (" ",)], ids=["none", "blank"])
async def test_without_a_text_there_is_nothing_to_go_by(texts: tuple[str, ...]) -> None:
    turn = asked("image", shows(*texts, images=(picture("cat"),)))
    async with studio() as server:
        with pytest.raises(errors.RequestError, match="no text"):
            await whole(server.images(), turn)


async def test_bytes_are_asked_for_where_the_server_knows_how() -> None:
    async with studio() as server:
        events = await whole(
            server.images(image_base64=True), asked("image:url", user("A cat."))
        )
        assert server.asked("image:url")[0]["response_format"] == "b64_json"
    assert len(images(events)) == 1


async def test_the_servers_own_urls_are_read() -> None:
    async with studio() as server:
        events = await whole(server.images(), asked("image:url", user("A cat.")))
    assert images(events) == [(made.image("0.png"), "image/png")]


async def test_urls_of_other_servers_are_not_read() -> None:
    async with studio() as server:
        with pytest.raises(errors.UpstreamFailedError, match="set image_base64"):
            await whole(server.images(), asked("image:elsewhere", user("A cat.")))


@pytest.mark.parametrize(
    ("summaries", "modalities", "said"),
    [
        ("auto", [], Thought("A cat., in oil")),
        ("none", [], None),
        ("none", ["TEXT", "Image"], Text("A cat., in oil")),
    ],
)
async def test_the_servers_own_words_for_a_prompt_are_a_thought_or_a_caption(
    summaries: str, modalities: list[str], said: ModelEvent | None
) -> None:
    turn = asked("image:oil", user("A cat."), response_modalities=modalities)
    turn.request.generation_config.thinking_summaries = summaries
    async with studio() as server:
        events = await whole(server.images(), turn)
    words = [event for event in events if isinstance(event, Text | Thought)]
    assert words == ([] if said is None else [said])


@pytest.mark.parametrize(("summaries", "previews"), [("auto", 2), ("none", 0)])
async def test_previews_of_a_stream_are_thoughts(summaries: str, previews: int) -> None:
    turn = asked("image", user("A cat."))
    turn.request.generation_config.thinking_summaries = summaries
    async with studio() as server:
        events = await streamed(server.images(image_previews=2), turn)
        (body,) = server.asked("image")
    assert (body["stream"], body["partial_images"]) == (True, previews)
    kinds = [type(event) for event in events]
    assert kinds == [Preview] * previews + [Media, Spent, Finish]


async def test_edits_are_streamed_too() -> None:
    turn = asked("image", shows("Edit.", images=(picture("cat"),)))
    async with studio() as server:
        events = await streamed(server.images(image_previews=1), turn)
        assert server.asked("image")[0]["stream"] == "true"
    assert len(images(events)) == 1


FAILURES = [
    ("hello", errors.UpstreamNotFoundError, "images/generations"),
    ("filter:status", errors.ContentBlockedError, "filtered"),
    ("status:429,7", errors.UpstreamRateLimitedError, "limits"),
    ("hang-up", errors.UpstreamFailedError, "closed the connection"),
    ("image:garbage", errors.UpstreamFailedError, "no JSON"),
    ("image:bad", errors.UpstreamFailedError, "no base64"),
    ("image:words", errors.UpstreamFailedError, "no image"),
    ("image:none", errors.UpstreamFailedError, "without an image"),
]


@pytest.mark.parametrize(("model", "kind", "text"), FAILURES)
async def test_what_a_server_does_wrong_is_told(
    model: str, kind: type[errors.DomainError], text: str
) -> None:
    async with studio() as server:
        with pytest.raises(kind, match=re.escape(text)) as caught:
            await whole(server.images(), asked(model, user("A cat.")))
    assert '"studio"' in caught.value.message


@pytest.mark.parametrize(
    ("model", "kind", "text"),
    [
        ("image:cut", errors.UpstreamFailedError, "broke off"),
        ("image:fail", errors.ContentBlockedError, "filtered"),
        ("image:bad", errors.UpstreamFailedError, "no base64"),
    ],
)
async def test_what_goes_wrong_in_a_stream_is_told(
    model: str, kind: type[errors.DomainError], text: str
) -> None:
    async with studio() as server:
        with pytest.raises(kind, match=text):
            await streamed(
                server.images(image_previews=1), asked(model, user("A cat."))
            )


async def test_hints_are_ignored_by_name_and_the_rest_is_refused() -> None:
    wanted = request()
    wanted.generation_config.temperature = 1
    wanted.generation_config.thinking_level = "low"
    async with studio() as server:
        assert set(server.images().check(wanted)) == {
            "generation_config.temperature",
            "generation_config.thinking_level",
        }
        wanted.generation_config.stop_sequences.append("x")
        with pytest.raises(errors.NotSupportedError) as caught:
            server.images().check(wanted)
    assert caught.value.field == "generation_config.stop_sequences"
