"""Interactions that run, that wait and that are lost, for the suites of all stores.

The store's own clock is not the test's: a lease is over at once, or not in this test.
"""

from __future__ import annotations

from collections.abc import Sequence

from openinteractions.engine.store_ports import (
    Claimed,
    InteractionStore,
    Lease,
    Place,
    Record,
)
from tests.storage.records import Status, record

RUNNING = Status.INTERACTION_STATUS_IN_PROGRESS
QUEUED = Status.INTERACTION_STATUS_QUEUED
COMPLETED = Status.INTERACTION_STATUS_COMPLETED

LONG = 3600.0
P, Q = Lease("p", LONG), Lease("q", LONG)
GONE = Lease("gone", 0)


def place(caller: str = "ann", limit: int = 1000) -> Place:
    """Return a place in the queue."""
    return Place(caller, limit)


def waits(id: str) -> Record:  # noqa: A002 - the resource's own word
    """Return what is to wait."""
    return record(id, status=QUEUED, says="")


async def enqueue(store: InteractionStore, *ids: str, caller: str = "ann") -> None:
    """Let interactions of a caller wait."""
    for new in ids:
        await store.add(waits(new), [], place=place(caller))


async def run(store: InteractionStore, *ids: str, lease: Lease = P) -> None:
    """Let interactions run in a process."""
    for new in ids:
        await store.add(record(new, status=RUNNING), [], lease=lease)


def names(claimed: Sequence[Claimed]) -> list[str]:
    """Return the ids of what was claimed."""
    return [one.record.interaction.id for one in claimed]
