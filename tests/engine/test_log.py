"""A log gives every reader the events as they came."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core import cursor
from openinteractions.core.cursor import Place
from openinteractions.core.marks import Taken
from openinteractions.engine.log import Log
from openinteractions.v1 import event_pb2
from tests.engine.relay_puppet import created, start, stop, text
from tests.engine.rig import drain

Event = event_pb2.InteractionEvent
START = cursor.prefix("a")


def event(index: int, place: Place = Place.DELTA, offset: int = 0) -> Event:
    return Event(event_id=cursor.encode(START, index, place, offset))


# Two steps at once: their events come in no order of places.
EVENTS = [
    event(0, Place.START),
    event(1, Place.START),
    event(0, offset=1),
    event(1, offset=1),
    event(0, Place.STOP),
    event(1, Place.STOP),
]


def filled(*events: Event) -> Log:
    log = Log("a")
    log.append(events)
    return log


@pytest.mark.parametrize("place", range(len(EVENTS)))
async def test_a_reader_goes_on_right_behind_the_event_it_names(place: int) -> None:
    log = filled(*EVENTS)
    log.end()
    after = cursor.decode(EVENTS[place].event_id, "a")

    assert await drain(log.tail(after)) == EVENTS[place + 1 :]


async def test_readers_wait_for_what_comes() -> None:
    log = filled(*EVENTS[:2])
    readers = [asyncio.create_task(drain(log.tail())) for _ in range(3)]
    await asyncio.sleep(0)
    log.append(EVENTS[2:4])
    await asyncio.sleep(0)
    log.end(EVENTS[4:])

    assert await asyncio.gather(*readers) == [EVENTS] * 3


async def test_an_event_of_an_earlier_life_is_not_given_again() -> None:
    first, second = event(0, offset=3), event(0, offset=5)
    log = filled(first)
    reader = asyncio.create_task(
        drain(log.tail(cursor.decode(event(0, offset=4).event_id, "a")))
    )
    await asyncio.sleep(0)
    log.end([second])

    assert await reader == [second]


async def test_an_error_comes_after_everything() -> None:
    log = filled(EVENTS[0])
    log.end([EVENTS[1]], ValueError("broken"))
    came: list[Event] = []

    async def read() -> None:
        async for batch in log.tail():
            came.extend(batch)

    with pytest.raises(ValueError, match="broken"):
        await read()

    assert came == EVENTS[:2]


def told(*events: Event) -> Log:
    """Return a log of what a server has told, with the places that it gets."""
    log, places = Log("a"), Taken("a")
    for one in events:
        places.take(one)
    log.append(events)
    return log


@pytest.mark.parametrize("length", range(len("Hello")))
async def test_an_earlier_life_may_have_had_other_pieces(length: int) -> None:
    begun = [created(), start(), text("Hello"[:length])]
    seen = told(*begun)._events if length else told(*begun[:2])._events
    again = told(created(), start(), text("Hel"), text("lo"), stop())
    again.end()
    after = cursor.decode(seen[-1].event_id, "a")
    rest = await drain(again.tail(after))

    assert "".join(e.step_delta.delta.text.text for e in rest) == "Hello"[length:]
    assert rest[-1].HasField("step_stop")


async def test_two_steps_at_once_go_on_right_behind_an_earlier_life() -> None:
    log = filled(*EVENTS[:2])
    after = cursor.decode(EVENTS[3].event_id, "a")
    reader = asyncio.create_task(drain(log.tail(after)))
    await asyncio.sleep(0)
    log.append(EVENTS[2:4])
    await asyncio.sleep(0)
    log.end(EVENTS[4:])

    assert await reader == EVENTS[4:]
