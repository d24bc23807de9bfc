"""What another server begins anew, or names, is taken for no more than it is."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.errors import UpstreamUnreachableError
from openinteractions.engine.writes import DeletedError
from tests.clock import WAIT_SECONDS
from tests.engine.cluster import Delete, cluster, texts
from tests.engine.relay_puppet import created, start, text, whole
from tests.engine.rig import Caller
from tests.engine.test_relay_takeover import THEIRS, begun, check, cut, here, joined
from tests.engine.test_takeover import identifier_of, rest_of


async def test_a_call_made_anew_is_another_attempt_than_what_the_server_began() -> None:
    made = cluster()
    down = UpstreamUnreachableError("down")
    restarts = [
        created(),
        start(),
        text("void"),
        *(event for _ in range(2) for event in (start(), text("void too"))),
    ]
    second = here(restarts, down, whole("a"))
    one, two = joined(made, here(cut())), joined(made, second)
    received = await begun(one)
    reader = asyncio.create_task(rest_of(two, received))
    await made.settle()
    await made.lose(one)
    async with asyncio.timeout(WAIT_SECONDS):
        stored = await check(two, [*received, *await reader])
    assert texts(stored.steps) == ["a"]


async def test_what_was_deleted_before_it_is_taken_up_is_not_asked_for() -> None:
    made = cluster()
    second = here(whole("a"))
    one, two = joined(made, here(cut())), joined(made, second)
    received = await begun(one)
    identifier = identifier_of(received)
    made.members.remove(one)
    await one.crash()
    await two.process.background.close()
    made.clock.seconds += 20
    claimed = await made.store.claim_one(identifier, "", two.supervisor.lease)
    assert claimed is not None
    await two.interactions.delete(Caller(), Delete(id=identifier))
    relaying = two.interactions._relaying
    assert relaying is not None
    with pytest.raises(DeletedError):
        await relaying.resume(claimed)


async def test_an_id_of_what_is_not_kept_is_nobodys() -> None:
    made = cluster()
    first = here([created(THEIRS), start(), text("lost")])
    second = here(whole("a", identifier=THEIRS))
    one, two = joined(made, first), joined(made, second)
    received = await begun(one)
    await made.lose(one)
    stored = await check(two, [*received, *await rest_of(two, received)])
    assert texts(stored.steps) == ["a"]
    assert not second.followed
