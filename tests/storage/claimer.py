"""A process that claims interactions and ends them, and says so, until none is left.

It gives one sign of life, for an hour; what it claims is believed for no longer.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from openinteractions.engine.store_ports import Lease
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from openinteractions.storage.sqlite import SqliteStore
from tests.clock import WAIT_SECONDS
from tests.storage.records import record

LIVES = 3600.0


async def opened(place: str) -> SqliteStore | PostgresStore:
    if place.startswith("postgresql:"):
        return await PostgresStore.open(Server(place))
    return await SqliteStore.open(Path(place), lock_timeout_seconds=WAIT_SECONDS)


async def main() -> None:
    """Take the place of the store and the name of the process as arguments."""
    store = await opened(sys.argv[1])
    process = sys.argv[2]
    await store.renew(Lease(process, LIVES))
    while claimed := await store.claim(Lease(process, 0), 5):
        for one in claimed:
            say("claimed", one.record.interaction.id, one.epoch)
        for one in claimed:
            end = record(one.record.interaction.id, says=process)
            if await store.update(end, one.epoch):
                say("ended", end.interaction.id, one.epoch)
    await store.close()


def say(word: str, subject: str, epoch: int) -> None:
    # A single write reaches the pipe whole, and survives this process.
    os.write(1, f"{word} {subject} {epoch}\n".encode())


if __name__ == "__main__":
    asyncio.run(main())
