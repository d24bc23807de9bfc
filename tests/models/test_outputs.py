"""Which adapter makes what a request asks for."""

from __future__ import annotations

from typing import Any

import pytest

from openinteractions.core.errors import NotSupportedError
from openinteractions.models.outputs import Outputs
from openinteractions.models.profile import Profile
from openinteractions.models.scripted.model import Scripted
from openinteractions.v1 import response_format_pb2
from tests.models.asking import request

Formats = response_format_pb2.ResponseFormats
Format = response_format_pb2.ResponseFormat

TEXT = Format(text=response_format_pb2.TextFormat())
SCHEMA = Format(bare_schema='{"type":"object"}')
IMAGE = Format(image=response_format_pb2.ImageFormat())
AUDIO = Format(audio=response_format_pb2.AudioFormat())
VIDEO = Format(video=response_format_pb2.VideoFormat())


def one(entry: Format) -> dict[str, Any]:
    return {"response_format": Formats(single=entry)}


def several(*entries: Format) -> dict[str, Any]:
    listed = response_format_pb2.ResponseFormatList(items=entries)
    return {"response_format": Formats(list=listed)}


def picked(outputs: tuple[str, ...] | None, members: dict[str, Any]) -> str:
    adapters = {kind: Scripted("s", script=kind) for kind in ("text", "image", "audio")}
    model = Outputs(**adapters, profile=Profile(outputs=outputs))
    found = model.pick(request("m", **members))
    return next(kind for kind, adapter in adapters.items() if adapter is found)


PICKED: list[tuple[tuple[str, ...] | None, dict[str, Any], str]] = [
    (None, {}, "text"),
    (None, {"response_modalities": ["text"]}, "text"),
    (None, {"response_modalities": ["IMAGE"]}, "image"),
    (None, {"response_modalities": ["audio"]}, "audio"),
    (None, {"response_mime_type": "application/json"}, "text"),
    (None, one(IMAGE), "image"),
    (None, one(AUDIO), "audio"),
    (None, one(SCHEMA), "text"),
    (None, several(IMAGE), "image"),
    (None, several(), "text"),
    (None, one(IMAGE) | {"response_modalities": ["Image"]}, "image"),
    (("image",), {}, "image"),
    (("audio",), {}, "audio"),
    (("image",), several(), "image"),
    (("text", "image"), {}, "text"),
    (("image", "text"), {}, "image"),
    (("text", "image"), one(TEXT), "text"),
    (("text", "image"), several(TEXT, IMAGE), "image"),
    (("text", "image"), {"response_modalities": ["TEXT", "IMAGE"]}, "image"),
]


@pytest.mark.parametrize(("outputs", "members", "kind"), PICKED)
def test_what_is_asked_for_picks_the_adapter(
    outputs: tuple[str, ...] | None, members: dict[str, Any], kind: str
) -> None:
    assert picked(outputs, members) == kind


def test_chats_with_media_make_text_beside_them() -> None:
    adapters = {kind: Scripted("s", script=kind) for kind in ("text", "image", "audio")}
    model = Outputs(**adapters, profile=Profile(chat_media=True))
    both = request("m", response_modalities=["TEXT", "AUDIO"])
    assert model.pick(both) is adapters["audio"]


REFUSED: list[tuple[tuple[str, ...] | None, dict[str, Any], str]] = [
    (None, one(VIDEO), "response_format"),
    (None, {"response_modalities": ["text", "VIDEO"]}, "response_modalities[1]"),
    (None, {"response_modalities": ["text", "image"]}, "response_modalities[1]"),
    (None, several(TEXT, IMAGE), "response_format[1]"),
    (None, several(IMAGE, AUDIO), "response_format[1]"),
    (("text",), one(IMAGE), "response_format"),
    (("image",), {"response_modalities": ["text"]}, "response_modalities[0]"),
    (("image",), {"response_mime_type": "text/plain"}, "response_mime_type"),
    (("text", "image", "audio"), several(IMAGE, AUDIO), "response_format[1]"),
]


@pytest.mark.parametrize(("outputs", "members", "field"), REFUSED)
def test_what_the_model_does_not_make_is_refused_by_member(
    outputs: tuple[str, ...] | None, members: dict[str, Any], field: str
) -> None:
    with pytest.raises(NotSupportedError) as caught:
        picked(outputs, members)
    assert caught.value.field == field
    assert caught.value.message.startswith(f'{field}: the model "m" ')
