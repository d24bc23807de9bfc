"""A process that stores interactions and says which are acknowledged, until killed."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from openinteractions.engine.store_ports import Lease
from openinteractions.storage.sqlite import SqliteStore
from tests.storage.records import Status, record

WORKERS = 16
LEASE = Lease("traffic", 60)


async def live(store: SqliteStore, worker: int) -> None:
    """Add, end and delete in turn; each line is written after its call returned."""
    lineage: list[str] = []
    for number in range(1_000_000):
        new = f"w{worker:02}n{number:06}"
        running = record(new, status=Status.INTERACTION_STATUS_IN_PROGRESS, says="")
        await store.add(running, lineage, lease=LEASE)
        say("added", new)
        await store.update(record(new), 1)
        say("ended", new)
        lineage.append(new)
        if number % 5 == 4:
            say("deleting", lineage[-3])
            await store.delete(lineage[-3], "ann")
            say("deleted", lineage.pop(-3))


def say(word: str, subject: str) -> None:
    # A single write reaches the pipe whole, and survives this process.
    os.write(1, f"{word} {subject}\n".encode())


async def main() -> None:
    store = await SqliteStore.open(Path(sys.argv[1]))
    await asyncio.gather(*(live(store, worker) for worker in range(WORKERS)))


if __name__ == "__main__":
    asyncio.run(main())
