"""Every reader of a journal gets every event, whenever it comes, however it reads."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.core import cursor
from openinteractions.core.cursor import Place
from openinteractions.core.errors import InternalError
from openinteractions.engine import journal
from openinteractions.engine.journal import Journal
from openinteractions.v1 import event_pb2

ID = "v1_a"
Event = event_pb2.InteractionEvent


def event(number: int) -> Event:
    made = Event(event_id=cursor.encode(cursor.prefix(ID), 0, Place.DELTA, number))
    made.step_delta.index = 0
    made.step_delta.delta.text.text = str(number)
    return made


async def read(
    followed: Journal, *, pauses: int, after: int | None = None
) -> list[str]:
    """Read to the end, giving way so many times before each batch."""
    last = None
    if after is not None:
        last = cursor.decode(event(after).event_id, ID)
    texts = []
    async for batch in followed.tail(last):
        assert batch
        texts += [one.step_delta.delta.text.text for one in batch]
        for _ in range(pauses):
            await asyncio.sleep(0)
    return texts


@given(
    batches=st.lists(st.integers(1, 9), max_size=12),
    pauses=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    recent=st.integers(1, 8),
    late=st.integers(0, 12),
)
def test_readers_of_any_speed_read_the_same(
    batches: list[int], pauses: list[int], recent: int, late: int
) -> None:
    async def scenario() -> None:
        followed = Journal(ID)
        readers = [asyncio.create_task(read(followed, pauses=n)) for n in pauses]
        number = 0
        for turn, size in enumerate(batches):
            if turn == late:
                readers.append(asyncio.create_task(read(followed, pauses=0)))
            followed.append([event(number + n) for n in range(size)])
            number += size
            await asyncio.sleep(0)
        followed.end()
        expected = [str(n) for n in range(number)]
        async with asyncio.timeout(5):
            assert await asyncio.gather(*readers) == [expected] * len(readers)
            assert await read(followed, pauses=0) == expected
            if number > 2:
                rest = await read(followed, pauses=0, after=1)
                assert rest == expected[2:]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "RECENT", recent)
        asyncio.run(scenario())


async def test_an_error_comes_after_the_events() -> None:
    followed = Journal(ID)
    followed.append([event(0)])
    followed.end(InternalError("broken"))
    stream = followed.tail()
    assert len(await anext(stream)) == 1
    with pytest.raises(InternalError, match="broken"):
        await anext(stream)


async def test_a_reader_who_leaves_while_waiting_leaves_nothing_behind() -> None:
    followed = Journal(ID)
    task = asyncio.create_task(read(followed, pauses=0))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    followed.append([event(0)])
    followed.end()
    assert await read(followed, pauses=0) == ["0"]
