"""What a large request takes is taken until what it has begun has ended."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.model_events import Finish, FinishReason, Text
from openinteractions.engine.supervisor import Supervisor
from tests.clock import WAIT_SECONDS
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, Rig, ask, rig


class Room:
    """Counts who keeps it."""

    def __init__(self) -> None:
        self.keepers = 0

    def keep(self) -> Room:
        self.keepers += 1
        return self

    def __call__(self) -> None:
        self.keepers -= 1


def with_room(room: Room, monkeypatch: pytest.MonkeyPatch) -> Rig:
    made = rig(Puppet([Text("a")]))
    kept = Supervisor(keep_room=room.keep)._keep_room
    monkeypatch.setattr(made.supervisor, "_keep_room", kept)
    return made


@pytest.mark.parametrize("background", [False, True])
async def test_a_run_that_outlives_its_request_keeps_the_room(
    monkeypatch: pytest.MonkeyPatch, *, background: bool
) -> None:
    room = Room()
    made = with_room(room, monkeypatch)
    async with asyncio.timeout(WAIT_SECONDS):
        request = ask(background=background)
        stream = made.interactions.stream_create(Caller(), request)
        identifier = (await anext(stream))[0].created.interaction.id
        await stream.aclose()  # type: ignore[attr-defined]
        running = made.supervisor.find(identifier)
        assert running is not None
        assert room.keepers == 1
        made.puppet.say([Finish(FinishReason.STOP)])
        made.puppet.say(None)
        await running.task
        await asyncio.sleep(0)
    assert room.keepers == 0
