"""Interactions with large media, which are kept as objects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from openinteractions.core.errors import (
    NotFoundError,
    RequestError,
    UnavailableError,
)
from openinteractions.core.fold import fold
from openinteractions.core.model_events import Finish, FinishReason, Media, Text
from openinteractions.engine.attachments import Attachments
from openinteractions.engine.file_ports import Objects
from openinteractions.storage.memory import MemoryStore
from openinteractions.storage.objects.directory import DirectoryObjects
from openinteractions.v1 import content_pb2, interaction_service_pb2
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, Request, Rig, drain, rig
from tests.media import png
from tests.storage.object_acceptance import content

GIVEN = png() + content(300_000)
MADE = png() + content(500_000, seed=2)
STOP = Finish(FinishReason.STOP)


class Failing:
    """Objects that fail for the next few operations of a kind."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.failures: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        if self.failures.get(name, 0) > 0:
            self.failures[name] -= 1
            raise UnavailableError("The object store cannot be reached.")
        return getattr(self._objects, name)


@pytest.fixture
async def objects(tmp_path: Path) -> AsyncIterator[Failing]:
    directory = await DirectoryObjects.open(tmp_path / "objects")
    yield Failing(directory)
    await directory.close()


def made_with(puppet: Puppet, objects: Failing) -> Rig:
    kept = Attachments(cast("Any", MemoryStore()), cast("Objects", objects))
    return rig(puppet, store=cast("MemoryStore", kept))


def drawing(*, times: int = 1) -> Puppet:
    """A model that says something and draws an image, in each of some turns."""
    puppet = Puppet()
    for _ in range(times):
        image = content_pb2.Content()
        image.image.data, image.image.mime_type = MADE, "image/png"
        puppet.say([Text("Here: "), Media(image, begins=True), STOP])
        puppet.say(None)
    return puppet


def ask(**members: Any) -> Request:
    request = Request(model="m", **members)
    request.input.contents.items.add().text.text = "Draw it."
    image = request.input.contents.items.add().image
    image.data, image.mime_type = GIVEN, "image/png"
    return request


async def keys(objects: Failing) -> list[str]:
    return [stored.key async for stored in objects.list("interactions/")]


def get(identifier: str) -> interaction_service_pb2.GetInteractionRequest:
    return interaction_service_pb2.GetInteractionRequest(id=identifier)


def delete(identifier: str) -> interaction_service_pb2.DeleteInteractionRequest:
    return interaction_service_pb2.DeleteInteractionRequest(id=identifier)


async def test_what_was_sent_and_made_comes_back(objects: Failing) -> None:
    made = made_with(drawing(), objects)
    answer = await made.create(ask())
    found = await made.interactions.get(
        Caller(),
        interaction_service_pb2.GetInteractionRequest(id=answer.id, include_input=True),
    )

    assert found.steps[0].user_input.content[1].image.data == GIVEN
    assert list(found.steps[1:]) == list(answer.steps)
    assert answer.steps[-1].model_output.content[-1].image.data == MADE
    assert found.input == ask().input
    assert len(await keys(objects)) == 2


async def test_a_replay_has_the_media(objects: Failing) -> None:
    made = made_with(drawing(), objects)
    events = await drain(made.interactions.stream_create(Caller(), ask()))
    streamed = fold(events)
    replayed = await drain(
        made.interactions.stream(
            Caller(),
            interaction_service_pb2.StreamInteractionRequest(id=streamed.id),
        )
    )

    assert fold(replayed).steps == streamed.steps
    assert streamed.steps[-1].model_output.content[-1].image.data == MADE


async def test_a_model_is_shown_the_media_of_earlier_turns(objects: Failing) -> None:
    puppet = drawing(times=2)
    made = made_with(puppet, objects)
    first = await made.create(ask())
    await made.create(ask(previous_interaction_id=first.id))

    shown = puppet.asked[1].steps
    assert shown[0].user_input.content[1].image.data == GIVEN
    assert shown[1].model_output.content[1].image.data == MADE


async def test_without_objects_nothing_is_made_durable_and_nothing_is_lost(
    objects: Failing,
) -> None:
    made = made_with(drawing(times=2), objects)
    objects.failures["put"] = 2
    with pytest.raises(UnavailableError):
        await made.create(ask())
    page = await made.interactions.list(
        Caller(), interaction_service_pb2.ListInteractionsRequest()
    )
    assert list(page.interactions) == []


async def test_a_stream_whose_end_cannot_be_stored_at_once_is_stored_later(
    objects: Failing,
) -> None:
    puppet = Puppet()
    made = made_with(puppet, objects)
    stream = made.interactions.stream_create(Caller(), ask())
    puppet.say([Text("Here: ")])
    first = await anext(aiter(stream))
    objects.failures["put"] = 3
    image = content_pb2.Content()
    image.image.data, image.image.mime_type = MADE, "image/png"
    puppet.say([Media(image, begins=True), STOP])
    puppet.say(None)
    events = [*first, *await drain(stream)]

    assert events[-1].HasField("completed")
    found = await made.get(fold(events).id)
    assert found.steps[-1].model_output.content[-1].image.data == MADE


async def test_what_has_lost_its_media_is_said_and_can_be_deleted(
    objects: Failing,
) -> None:
    made = made_with(drawing(times=2), objects)
    answer = await made.create(ask())
    await objects.delete(await keys(objects))

    with pytest.raises(NotFoundError, match="bytes of its media are lost"):
        await made.get(answer.id)
    with pytest.raises(RequestError, match="bytes of its media are lost") as caught:
        await made.create(ask(previous_interaction_id=answer.id))
    assert caught.value.field == "previous_interaction_id"
    await made.interactions.delete(Caller(), delete(answer.id))
    with pytest.raises(NotFoundError, match="There is no interaction"):
        await made.get(answer.id)


async def test_media_go_when_their_interaction_is_deleted(objects: Failing) -> None:
    made = made_with(drawing(), objects)
    answer = await made.create(ask())
    objects.failures["read"] = 100
    await made.interactions.delete(Caller(), delete(answer.id))

    assert await keys(objects) == []
