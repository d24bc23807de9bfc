"""The adapters of images and speech are held to the suite of all, as far as it goes.

They neither think, nor call, nor run out of tokens; what others say in text, they say
in media.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from openinteractions.core.model_events import Finish, FinishReason, Media
from openinteractions.engine.ports import Model
from tests.models.acceptance import Act, ModelAcceptance, Rig, Situation, both
from tests.models.asking import user
from tests.models.studios import studio

_SAME = {
    Situation.REFUSE: "status:400",
    Situation.FAIL: "hang-up",
    Situation.HANG: "hang",
}


class StudioRig:
    """A model of the scripted studio."""

    def __init__(self, model: Model, script: str) -> None:
        self._model = model
        self._script = script

    def act(self, situation: Situation) -> Act:
        if situation is Situation.SPEAK:
            return Act(self._model, self._script)
        if situation not in _SAME:
            pytest.skip(f"makes media: it cannot {situation.value}")
        return Act(self._model, _SAME[situation], (user("Hello?"),))


class MediaAcceptance(ModelAcceptance):
    """The suite, for what makes media."""

    async def test_text_is_told_in_pieces_and_whole(self, rig: Rig) -> None:
        for events in await both(rig.act(Situation.SPEAK)):
            assert next(event.begins for event in events if isinstance(event, Media))
            assert Finish(FinishReason.STOP) in events


class TestImages(MediaAcceptance):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[StudioRig]:
        async with studio() as server:
            yield StudioRig(server.images(), "image")


class TestStreamedImages(MediaAcceptance):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[StudioRig]:
        async with studio() as server:
            yield StudioRig(server.images(image_previews=1), "image")


class TestSpeech(MediaAcceptance):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[StudioRig]:
        async with studio() as server:
            yield StudioRig(server.speech(), "voice")

    @pytest.mark.skip(reason="the speech API does not count tokens")
    async def test_tokens_are_counted(self, rig: Rig, situation: Situation) -> None:
        raise NotImplementedError
