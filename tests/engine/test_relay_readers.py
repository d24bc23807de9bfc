"""Who reads what another server makes, many at once or from before, is told its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from openinteractions.core.errors import InternalError
from openinteractions.engine.store_ports import Record
from openinteractions.storage.memory import MemoryStore
from openinteractions.v1 import event_pb2
from tests.clock import WAIT_SECONDS
from tests.engine.cluster import Stream, cluster, texts
from tests.engine.relay_puppet import (
    RelayPuppet,
    completed,
    created,
    start,
    stop,
    text,
)
from tests.engine.rig import Caller, Clock, ask, drain
from tests.engine.test_relay_takeover import THEIRS, begun, both, check, here, joined
from tests.engine.test_takeover import identifier_of, rest_of

Event = event_pb2.InteractionEvent


class Slow(MemoryStore):
    """Lets others go on before it answers, as a store behind a connection does."""

    async def get(
        self,
        id: str,  # noqa: A002 - the resource's own word
        owner: str,
        *,
        media: bool = True,
    ) -> Record | None:
        """Answer later."""
        await asyncio.sleep(0)
        return await super().get(id, owner, media=media)


async def test_readers_who_come_at_once_share_one_reading_of_the_server() -> None:
    made = cluster(store=Slow(Clock().now))
    one = joined(made, both([created(THEIRS), start(), text("a")]))
    second = both([created(THEIRS), start(), text("a")])
    two = joined(made, second)
    received = await begun(one)
    await made.lose(one)
    request = Stream(id=identifier_of(received))
    readers = [
        asyncio.create_task(drain(two.interactions.stream(Caller(), request)))
        for _ in range(3)
    ]
    await made.settle()
    second.say([text("b"), stop(), completed(THEIRS)])
    async with asyncio.timeout(WAIT_SECONDS):
        for told in await asyncio.gather(*readers):
            assert texts((await check(two, told)).steps) == ["ab"]
    assert second.followed == [None]


class Forgetful(MemoryStore):
    """Keeps how an interaction begins, and not how it ends."""

    async def update(self, record: Record, epoch: int) -> bool:
        """Fail."""
        del record, epoch
        raise InternalError("The disk is broken.")


async def test_a_reader_from_before_is_told_that_the_end_is_not_stored() -> None:
    made = cluster(store=Forgetful(Clock().now))
    one = joined(made, both([created(THEIRS), start(), text("Hello")]))
    second = both([created(THEIRS), start(), text("Hel")])
    two = joined(made, second)
    received = await begun(one)
    await made.lose(one)
    reader = asyncio.create_task(rest_of(two, received))
    await made.settle()
    second.say([completed(THEIRS)])
    async with asyncio.timeout(WAIT_SECONDS):
        *_, last = await reader
    assert last.error.error.message == "The disk is broken."


@pytest.mark.parametrize("server", [here, both])
async def test_a_fault_of_our_own_is_one_line_that_names_the_interaction(
    server: Callable[..., RelayPuppet], caplog: pytest.LogCaptureFixture
) -> None:
    made = cluster()
    names_it = created(THEIRS if server is both else "")
    relay = server([names_it, start()], ZeroDivisionError("secret detail"))
    one = joined(made, relay)
    stream = one.interactions.stream_create(Caller(), ask())
    received: list[Event] = []
    message = ""
    try:
        async for batch in stream:
            received += batch
        message = received[-1].error.error.message
    except InternalError as error:
        message = error.message
    assert message == "Internal error."
    (line,) = caplog.records
    assert identifier_of(received) in line.getMessage()
    assert line.exc_info is not None
    assert isinstance(line.exc_info[1], ZeroDivisionError)
