"""What happens when real processes claim from one store, one of which is killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openinteractions.engine.store_ports import InteractionStore, Lease, Place
from tests.clock import WAIT_SECONDS
from tests.storage.claimer import LIVES
from tests.storage.records import Status, record

ROWS = 400


@contextmanager
def claimer(path: Path | str, name: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that claims; it is gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.claimer", path, name],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=WAIT_SECONDS)


def finished(process: subprocess.Popen[str]) -> list[str]:
    said, _ = process.communicate(timeout=WAIT_SECONDS)
    return said.splitlines()


async def claim_everything(store: InteractionStore, place: Path | str) -> None:
    """Have all claimed once, and what one process leaves once more."""
    new = [f"a{number:03}" for number in range(ROWS)]
    queued = (record(one, status=Status.INTERACTION_STATUS_QUEUED) for one in new)
    queue = Place("ann", ROWS)
    await asyncio.gather(*(store.add(one, [], place=queue) for one in queued))

    with (
        claimer(place, "killed") as killed,
        claimer(place, "p") as first,
        claimer(place, "q") as second,
    ):
        assert killed.stdout is not None
        said = [killed.stdout.readline().strip() for _ in range(8)]
        killed.kill()
        said += killed.stdout.read().splitlines()
        killed.wait(WAIT_SECONDS)
        said += finished(first)
        said += finished(second)
    # It has just now been believed for the last time.
    left = (await store.renew(Lease("killed", 0))).held
    with claimer(place, "r") as last:
        said += finished(last)

    claimed = Counter(line.split()[1] for line in said if line.startswith("claimed"))
    ended = Counter(line.split()[1] for line in said if line.startswith("ended"))
    assert set(ended.values()) <= {1}
    assert {one for one, times in claimed.items() if times > 1} <= left.keys()
    assert max(claimed.values()) <= 2
    for one in new:
        kept = await store.get(one, "ann")
        assert kept is not None
        assert kept.interaction.status == Status.INTERACTION_STATUS_COMPLETED
    assert await store.claim(Lease("s", LIVES), ROWS) == []
