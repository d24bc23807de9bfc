"""What the tests of a failing PostgreSQL server share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg

from openinteractions.engine.store_ports import InteractionStore, Lease, Place
from tests.storage.records import Status, record

RUNNING = Status.INTERACTION_STATUS_IN_PROGRESS
QUEUED = Status.INTERACTION_STATUS_QUEUED
P = Lease("p", 3600)


async def statement(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for one in statements:
            await connection.execute(one)
    finally:
        await connection.close()


def everything(store: InteractionStore) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: store.add(record("b"), []),
        lambda: store.add(record("b", status=QUEUED), [], place=Place("ann", 9)),
        lambda: store.update(record("a"), 1),
        lambda: store.renew(P),
        lambda: store.claim(P, 1),
        lambda: store.claim_one("a", "ann", P),
        lambda: store.release("p", {"a": 1}),
        lambda: store.holder("a", "ann"),
        store.queued,
        lambda: store.get("a", "ann"),
        lambda: store.conversation("a", "ann"),
        lambda: store.known(["a"]),
        lambda: store.delete("a", "ann"),
        lambda: store.aged(1, 1),
        lambda: store.list("ann", limit=1, before=None),
    ]
