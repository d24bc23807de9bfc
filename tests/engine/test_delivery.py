"""Media that are asked for by their address become files."""

from __future__ import annotations

import pytest

from openinteractions.core import fold
from openinteractions.core.errors import (
    NotSupportedError,
    RequestError,
    UnavailableError,
    UpstreamFailedError,
)
from openinteractions.core.model_events import (
    Finish,
    FinishReason,
    Media,
    ModelEvent,
    Text,
)
from openinteractions.v1 import content_pb2, file_pb2, interaction_pb2
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, Request, ask, drain, rig

STOP = Finish(FinishReason.STOP)


class Shelf:
    """Keeps files, or not."""

    def __init__(self, *, full: bool = False) -> None:
        self.kept: list[tuple[bytes, str, str, str]] = []
        self._full = full

    async def keep(
        self, data: bytes, mime_type: str, owner: str, origin: str
    ) -> file_pb2.File:
        """Take note of what is kept."""
        if self._full:
            raise UnavailableError("The store is full.")
        self.kept.append((data, mime_type, owner, origin))
        return file_pb2.File(uri=f"{origin}/v1beta/files/f{len(self.kept)}")


def image(data: bytes, *, begins: bool = True) -> Media:
    mime_type = "image/png" if begins else None
    inner = content_pb2.ImageContent(data=data, mime_type=mime_type)
    return Media(content_pb2.Content(image=inner), begins)


def sound(data: bytes, *, begins: bool = True) -> Media:
    inner = content_pb2.AudioContent(
        data=data, mime_type="audio/l16", sample_rate=24000, channels=1
    )
    return Media(content_pb2.Content(audio=inner), begins)


def wanted(kind: str = "image", delivery: str = "uri") -> Request:
    request = ask(store=False)
    getattr(request.response_format.single, kind).delivery = delivery
    return request


def shown(interaction: interaction_pb2.Interaction) -> list[str]:
    contents = [c for step in interaction.steps for c in step.model_output.content]
    found = []
    for content in contents:
        kind = content.WhichOneof("kind") or ""
        inner = getattr(content, kind)
        said = inner.text if kind == "text" else inner.uri or inner.data.decode()
        found.append(f"{kind} {said}")
    return found


SAID: list[ModelEvent] = [
    Text("Here: "),
    image(b"ab"),
    image(b"cd", begins=False),
    image(b"ef"),
    Text("and"),
    sound(b"gh"),
    STOP,
]
CALLER = Caller(owner="me", origin="http://here")


@pytest.mark.parametrize("delivery", ["uri", "URI", "url"])
async def test_images_become_files_and_the_rest_passes(delivery: str) -> None:
    shelf = Shelf()
    made = rig(Puppet(SAID, None), keeper=shelf)
    interaction = await made.interactions.create(CALLER, wanted(delivery=delivery))
    assert shown(interaction) == [
        "text Here: ",
        "image http://here/v1beta/files/f1",
        "image http://here/v1beta/files/f2",
        "text and",
        "audio gh",
    ]
    assert shelf.kept == [
        (b"abcd", "image/png", "me", "http://here"),
        (b"ef", "image/png", "me", "http://here"),
    ]


async def test_a_stream_says_the_address_when_the_medium_is_whole() -> None:
    shelf = Shelf()
    puppet = Puppet([sound(b"ab")], [sound(b"cd", begins=False)], [STOP], None)
    made = rig(puppet, keeper=shelf)
    request = wanted("audio")
    events = await drain(made.interactions.stream_create(CALLER, request))
    deltas = [e.step_delta.delta for e in events if e.HasField("step_delta")]
    (delta,) = deltas
    assert not delta.audio.HasField("data")
    assert (delta.audio.uri, delta.audio.mime_type) == (
        "http://here/v1beta/files/f1",
        "audio/l16",
    )
    assert delta.audio.sample_rate == 24000
    assert shown(fold.fold(events)) == ["audio http://here/v1beta/files/f1"]
    assert shelf.kept[0][0] == b"abcd"


@pytest.mark.parametrize("delivery", ["inline", "INLINE"])
async def test_bytes_stay_inline_otherwise(delivery: str) -> None:
    shelf = Shelf()
    made = rig(Puppet(SAID, None), keeper=shelf)
    interaction = await made.interactions.create(CALLER, wanted(delivery=delivery))
    assert shown(interaction)[1] == "image abcd"
    assert not shelf.kept


async def test_another_way_of_delivery_is_refused_by_member() -> None:
    with pytest.raises(RequestError) as caught:
        await rig(keeper=Shelf()).create(wanted(delivery="pigeon"))
    assert caught.value.field == "response_format.delivery"


async def test_a_server_without_files_says_so() -> None:
    with pytest.raises(NotSupportedError, match="keeps no files"):
        await rig().create(wanted())


async def test_a_file_that_cannot_be_kept_fails_the_turn() -> None:
    made = rig(Puppet(SAID, None), keeper=Shelf(full=True))
    with pytest.raises(UnavailableError):
        await made.create(wanted())


async def test_half_a_medium_is_not_kept() -> None:
    shelf = Shelf()
    puppet = Puppet([image(b"ab")], UpstreamFailedError("broke off"))
    made = rig(puppet, keeper=shelf)
    with pytest.raises(UpstreamFailedError):
        await made.create(wanted())
    assert not shelf.kept
