"""Chat models that answer with images or sound in the chat itself."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from openinteractions.core import errors
from openinteractions.core.media import data
from openinteractions.core.model_events import Finish, Media, ModelEvent, Text
from openinteractions.engine.ports import ModelRequest
from openinteractions.models.chat.media import MediaChat
from openinteractions.models.profile import Profile
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import generation_config_pb2
from tests.backend import made
from tests.backend.app import Backend
from tests.models.asking import asked, request, tool, user
from tests.models.events import flat, text
from tests.models.servers import (
    Connection,
    http,
    raw_server,
    scripted_backend,
)

Speaker = generation_config_pb2.SpeakerConfig


@pytest.fixture
async def backend() -> Backend:
    return Backend()


@pytest.fixture
async def endpoint(backend: Backend) -> AsyncIterator[Endpoint]:
    async with scripted_backend(backend) as url:
        found = Endpoint("vllm", base_url=url)
        yield found
        await found.close()


def model(endpoint: Endpoint, kind: str) -> MediaChat:
    return MediaChat(endpoint, kind=kind, upstream=None, profile=Profile())


async def both(chat: MediaChat, wanted: ModelRequest) -> list[list[ModelEvent]]:
    """Ask for a whole answer, and for one piece by piece."""
    streamed = flat([batch async for batch in chat.stream(wanted)])
    return [list(await chat.generate(wanted)), streamed]


def heard(events: list[ModelEvent]) -> bytes:
    pieces = [event for event in events if isinstance(event, Media)]
    assert [piece.begins for piece in pieces] == [True] + [False] * (len(pieces) - 1)
    assert not [piece for piece in pieces[:-1] if len(data(piece.content)) % 3]
    return b"".join(data(piece.content) for piece in pieces)


async def test_a_chat_model_speaks(endpoint: Endpoint, backend: Backend) -> None:
    wanted = asked("speak", user("Hi."), response_modalities=["AUDIO"])
    speakers = wanted.request.generation_config.speech_config.list.items
    speakers.append(Speaker(voice="nova"))
    for events in await both(model(endpoint, "audio"), wanted):
        assert heard(events) == made.speech("Aloud.", "nova", "pcm")
        begun = next(event for event in events if isinstance(event, Media))
        sound = begun.content.audio
        assert (sound.mime_type, sound.sample_rate) == ("audio/l16", 24000)
        assert not text(events)
        assert [event for event in events if isinstance(event, Finish)]
    body = backend.requests["speak"][0]["body"]
    assert body["modalities"] == ["text", "audio"]
    assert body["audio"] == {"voice": "nova", "format": "pcm16"}


async def test_what_is_said_comes_in_words_when_text_is_asked_for(
    endpoint: Endpoint,
) -> None:
    wanted = asked("speak", response_modalities=["TEXT", "AUDIO"])
    for events in await both(model(endpoint, "audio"), wanted):
        assert heard(events) == made.speech("Aloud.", "alloy", "pcm")
        assert text(events) == "Aloud."
        assert isinstance(events[[type(e) for e in events].index(Text) - 1], Media)


async def test_a_format_has_the_word_of_the_api(
    endpoint: Endpoint, backend: Backend
) -> None:
    wanted = asked("speak")
    wanted.request.response_format.single.audio.mime_type = "audio/wav"
    for events in await both(model(endpoint, "audio"), wanted):
        assert heard(events) == made.speech("Aloud.", "alloy", "wav")
    assert backend.requests["speak"][0]["body"]["audio"]["format"] == "wav"


async def test_a_chat_model_draws(endpoint: Endpoint, backend: Backend) -> None:
    wanted = asked("paint", user("A cat."), response_modalities=["image"])
    wanted.request.response_format.single.image.aspect_ratio = "16:9"
    for events in await both(model(endpoint, "image"), wanted):
        (image,) = [event for event in events if isinstance(event, Media)]
        assert (image.begins, image.content.image.mime_type) == (True, "image/png")
        assert data(image.content) == made.image("{'aspect_ratio': '16:9'}")
        assert text(events) == "Here."
    body = backend.requests["paint"][0]["body"]
    assert body["modalities"] == ["image", "text"]
    assert body["messages"] == [{"role": "user", "content": "A cat."}]


@pytest.mark.parametrize("kind", ["image", "audio"])
async def test_a_schema_is_refused(endpoint: Endpoint, kind: str) -> None:
    wanted = request()
    wanted.response_format.list.items.add().bare_schema = '{"type":"object"}'
    with pytest.raises(errors.NotSupportedError) as caught:
        model(endpoint, kind).check(wanted)
    assert caught.value.field == "response_format[0]"


async def test_several_speakers_are_refused(endpoint: Endpoint) -> None:
    wanted = request()
    listed = wanted.generation_config.speech_config.list.items
    listed.extend([Speaker(speaker="A", voice="x"), Speaker(speaker="B", voice="y")])
    with pytest.raises(errors.NotSupportedError, match="one voice"):
        model(endpoint, "audio").check(wanted)


async def test_it_calls_functions_and_follows_hints_like_any_chat_model(
    endpoint: Endpoint,
) -> None:
    wanted = request(tools=[tool()], response_modalities=["AUDIO"])
    wanted.generation_config.temperature = 1
    assert not model(endpoint, "audio").check(wanted)


BROKEN = [
    ({"images": [{"image_url": {"url": "https://elsewhere/1.png"}}]}, "not inline"),
    ({"images": [{"image_url": {"url": "data:image/png;base64,??"}}]}, "no base64"),
    ({"images": [{"image_url": {"url": "data:;base64,aGk="}}]}, "no image"),
    ({"images": [1]}, "not inline"),
    ({"audio": {"data": "??"}}, "no base64"),
    ({"audio": "loud"}, "no answer"),
]


@pytest.mark.parametrize(("message", "said"), BROKEN)
async def test_media_that_are_none_are_the_servers_fault(
    message: dict[str, Any], said: str
) -> None:
    async def answer(connection: Connection) -> None:
        await connection.request()
        await connection.write(http(orjson.dumps({"choices": [{"message": message}]})))

    async with raw_server(answer) as (url, _):
        found = Endpoint("vllm", base_url=url)
        with pytest.raises(errors.UpstreamFailedError, match=said):
            await model(found, "image").generate(asked("m"))
        await found.close()


async def test_an_image_as_base64_alone_is_taken() -> None:
    url = "data:;base64," + base64.b64encode(made.image("x")).decode()
    message = {"content": "", "images": [{"image_url": url}]}

    async def answer(connection: Connection) -> None:
        await connection.request()
        await connection.write(http(orjson.dumps({"choices": [{"message": message}]})))

    async with raw_server(answer) as (address, _):
        found = Endpoint("vllm", base_url=address)
        events = await model(found, "image").generate(asked("m"))
        await found.close()
    assert [data(event.content) for event in events if isinstance(event, Media)] == [
        made.image("x")
    ]
