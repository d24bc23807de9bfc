"""Speech out of a speech API, on a real socket."""

from __future__ import annotations

import io
import re
import wave
from typing import Any

import pytest

from openinteractions.core import errors
from openinteractions.core.model_events import Finish, Media, ModelEvent
from openinteractions.engine.ports import ModelRequest
from openinteractions.models.speech import request as requests
from openinteractions.models.speech.model import Speech
from openinteractions.v1 import content_pb2, generation_config_pb2, response_format_pb2
from tests.backend import made
from tests.models.asking import asked, user
from tests.models.studios import WAYS, picture, shows, streamed, studio, whole

Speaker = generation_config_pb2.SpeakerConfig

TALK = "Say it merrily:\nAnn: Hi.\nBo: Hello,\nthere.\n**Ann:** Bye."
TWO = [Speaker(speaker="Ann", voice="nova"), Speaker(speaker="Bo", voice="onyx")]


def turn(
    text: str = "Hello.",
    *,
    model: str = "voice",
    speakers: list[Speaker] | None = None,
    **audio: Any,
) -> ModelRequest:
    found = asked(model, user(text))
    if audio:
        formats = found.request.response_format
        formats.single.audio.MergeFrom(response_format_pb2.AudioFormat(**audio))
    if speakers:
        found.request.generation_config.speech_config.list.items.extend(speakers)
    return found


def sound(events: list[ModelEvent]) -> content_pb2.AudioContent:
    """Put the pieces of the one sound together."""
    pieces = [event for event in events if isinstance(event, Media)]
    assert [piece.begins for piece in pieces] == [True] + [False] * (len(pieces) - 1)
    data = b"".join(piece.content.audio.data for piece in pieces)
    whole = content_pb2.AudioContent()
    whole.CopyFrom(pieces[0].content.audio)
    whole.data = data
    return whole


@pytest.mark.parametrize("way", WAYS)
async def test_a_text_becomes_raw_sound_unless_a_format_is_asked_for(way: str) -> None:
    async with studio() as server:
        events = await WAYS[way](server.speech(), turn())
        assert server.asked("voice") == [
            {
                "model": "voice",
                "input": "Hello.",
                "voice": "alloy",
                "response_format": "pcm",
            }
        ]
    heard = sound(events)
    assert heard.data == made.speech("Hello.", "alloy", "pcm")
    assert (heard.mime_type, heard.sample_rate, heard.channels) == (
        "audio/l16",
        24000,
        1,
    )
    assert isinstance(events[-1], Finish)


async def test_sound_is_passed_on_as_it_comes_in_pieces_that_base64_can_join() -> None:
    async with studio() as server:
        events = await streamed(server.speech(), turn("Hello. " * 20))
    pieces = [e.content.audio.data for e in events if isinstance(e, Media)]
    assert len(pieces) > 1
    assert not [piece for piece in pieces[:-1] if len(piece) % 3]


FORMATS = [
    ("audio/mp3", "mp3", "audio/mp3"),
    ("audio/mpeg", "mp3", "audio/mp3"),
    ("audio/wav", "wav", "audio/wav"),
    ("audio/ogg_opus", "opus", "audio/ogg"),
    ("audio/L16", "pcm", "audio/l16"),
    ("audio/flac", "flac", "audio/flac"),
    ("audio/aac", "aac", "audio/aac"),
]


@pytest.mark.parametrize(("asked_for", "word", "heard"), FORMATS)
async def test_formats_have_the_words_of_the_api(
    asked_for: str, word: str, heard: str
) -> None:
    async with studio() as server:
        events = await whole(server.speech(), turn(mime_type=asked_for))
        assert server.asked("voice")[0]["response_format"] == word
    assert sound(events).mime_type == heard


async def test_an_instruction_says_how_to_speak() -> None:
    wanted = turn()
    wanted.request.system_instruction = "Whisper."
    async with studio() as server:
        await whole(server.speech(), wanted)
        assert server.asked("voice")[0]["instructions"] == "Whisper."


VOICES = [
    ("nova", {}, "nova"),
    ("", {}, "alloy"),
    ("Kore", {"kore": "nova", "*": "alloy"}, "nova"),
    ("Puck", {"kore": "nova", "*": "alloy"}, "alloy"),
    ("", {"kore": "nova", "*": "echo"}, "echo"),
]


@pytest.mark.parametrize(("name", "known", "voice"), VOICES)
async def test_voices_are_the_servers_or_those_that_the_profile_names(
    name: str, known: dict[str, str], voice: str
) -> None:
    async with studio() as server:
        speech = server.speech(voices=known)
        await whole(speech, turn(speakers=[Speaker(voice=name)]))
        assert server.asked("voice")[0]["voice"] == voice


@pytest.mark.parametrize("mime_type", ["audio/wav", "audio/mp3", None])
async def test_several_speakers_each_say_their_lines(mime_type: str | None) -> None:
    form = {"mime_type": mime_type} if mime_type else {}
    async with studio() as server:
        events = await whole(server.speech(), turn(TALK, speakers=TWO, **form))
        bodies = server.asked("voice")
    assert [(body["voice"], body["input"]) for body in bodies] == [
        ("nova", "Hi."),
        ("onyx", "Hello,\nthere."),
        ("nova", "Bye."),
    ]
    assert {body["instructions"] for body in bodies} == {"Say it merrily:"}
    heard = sound(events).data
    if mime_type == "audio/wav":
        with wave.open(io.BytesIO(heard)) as file:
            heard = file.readframes(file.getnframes())
    kind = "mp3" if mime_type == "audio/mp3" else "pcm"
    lines = [("Hi.", "nova"), ("Hello,\nthere.", "onyx"), ("Bye.", "nova")]
    assert heard == b"".join(made.speech(*line, kind) for line in lines)


REFUSED: list[tuple[ModelRequest, dict[str, Any], str]] = [
    (turn(mime_type="audio/mulaw"), {}, "response_format.mime_type"),
    (turn(sample_rate=8000), {}, "response_format.sample_rate"),
    (
        turn(speakers=[Speaker(voice="x")]),
        {"voices": {"kore": "nova"}},
        "generation_config.speech_config[0].voice",
    ),
    (turn(speakers=TWO), {"speakers": False}, "generation_config.speech_config"),
    (
        turn(speakers=[TWO[0], Speaker(voice="x")]),
        {},
        "generation_config.speech_config[1].speaker",
    ),
    (turn(speakers=TWO, mime_type="audio/flac"), {}, "response_format.mime_type"),
]


@pytest.mark.parametrize(("wanted", "facts", "field"), REFUSED)
async def test_recordings_that_cannot_be_made_are_refused_by_member(
    wanted: ModelRequest, facts: dict[str, Any], field: str
) -> None:
    async with studio() as server:
        with pytest.raises(errors.RequestError) as caught:
            server.speech(**facts).check(wanted.request)
    assert caught.value.field == field
    assert field in caught.value.message


async def test_speakers_who_have_no_line_are_told_how_to_write_one() -> None:
    async with studio() as server:
        with pytest.raises(errors.RequestError, match="no line of a speaker"):
            await whole(server.speech(), turn("Hello.", speakers=TWO))


async def test_a_speaker_is_known_by_letters_of_another_case() -> None:
    two = [Speaker(speaker="Cass", voice="nova"), Speaker(speaker="Bo", voice="onyx")]
    async with studio() as server:
        text = "CASS: Hi.\nca\u017fs: Bye.\nBO: No."
        await whole(server.speech(), turn(text, speakers=two))
        bodies = server.asked("voice")
    assert [body["voice"] for body in bodies] == ["nova", "nova", "onyx"]


async def test_more_lines_or_speakers_than_are_recorded_are_refused() -> None:
    lines = "Ann: Hi.\nBo: Hi.\n" * (requests.MOST_LINES // 2)
    names = [f"s{number}" for number in range(requests.MOST_SPEAKERS + 1)]
    many = [Speaker(speaker=name, voice="x") for name in names]
    async with studio() as server:
        with pytest.raises(errors.RequestError, match="more than 500 lines"):
            await whole(server.speech(), turn(f"{lines}Ann: Bye.", speakers=TWO))
        with pytest.raises(errors.NotSupportedError, match="50 voices at most"):
            server.speech().check(turn(speakers=many).request)
        await whole(server.speech(), turn("Ann: Once.", speakers=TWO))
        assert len(server.asked("voice")) == 1


async def test_media_cannot_be_read_aloud() -> None:
    wanted = asked("voice", shows("Read.", images=(picture("cat"),)))
    async with studio() as server:
        with pytest.raises(errors.NotSupportedError, match="cannot take image content"):
            await whole(server.speech(), wanted)


async def test_hints_are_ignored_by_name() -> None:
    wanted = turn(bit_rate=64000, speakers=[Speaker(voice="nova", language="de-DE")])
    wanted.request.generation_config.temperature = 1
    async with studio() as server:
        assert set(server.speech().check(wanted.request)) == {
            "generation_config.temperature",
            "generation_config.speech_config[0].language",
            "response_format.bit_rate",
        }


FAILURES = [
    ("hello", errors.UpstreamNotFoundError, "audio/speech"),
    ("filter:status", errors.ContentBlockedError, "filtered"),
    ("hang-up", errors.UpstreamFailedError, "closed the connection"),
    ("voice:error", errors.UpstreamRefusedError, "No such voice"),
    ("voice:text", errors.UpstreamFailedError, "no sound"),
    ("voice:mute", errors.UpstreamFailedError, "without sound"),
    ("voice:cut", errors.UpstreamFailedError, "broke off"),
]


@pytest.mark.parametrize(("model", "kind", "text"), FAILURES)
async def test_what_a_server_does_wrong_is_told(
    model: str, kind: type[errors.DomainError], text: str
) -> None:
    async with studio() as server:
        with pytest.raises(kind, match=re.escape(text)) as caught:
            await whole(server.speech(), turn("Hello. " * 9, model=model))
    assert '"studio"' in caught.value.message


async def test_a_cut_comes_after_the_sound_before_it() -> None:
    heard: list[ModelEvent] = []

    async def listen(speech: Speech, wanted: ModelRequest) -> None:
        async for batch in speech.stream(wanted):
            heard.extend(batch)

    async with studio() as server:
        with pytest.raises(errors.UpstreamFailedError):
            await listen(server.speech(), turn("Hello. " * 9, model="voice:cut"))
    assert sound(heard).data.startswith(made.speech("Hello.", "alloy", "pcm")[:999])
