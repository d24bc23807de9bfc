"""What lies outside of the engine, in memory: the web, and files that were uploaded.

They fill the ports of `engine.media`; the real adapters are tested by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from openinteractions.core.errors import RequestError
from openinteractions.engine.media_ports import Fetched
from openinteractions.v1 import file_pb2
from tests.clock import WAIT_SECONDS

BUSY = 4
"""How many fetches at once set `Web.busy`."""

OURS = "http://here/v1/files/"


class Web:
    """URLs and what stands there; `inside` in a URL is not allowed.

    `fetched` and `checked` have what was asked for, `most` how many fetches ran at
    once. Every fetch waits until `open` is set.
    """

    def __init__(self, **found: tuple[bytes, str]) -> None:
        self.found = {f"https://web/{name}": page for name, page in found.items()}
        self.fetched: list[str] = []
        self.checked: list[str] = []
        self.limits: list[int | None] = []
        self.owners: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.busy = asyncio.Event()
        self.running = self.most = 0

    async def fetch(
        self,
        url: str,
        *,
        field: str,
        limit: int | None = None,
        mime_types: Collection[str] | None = None,
        owner: str = "",
    ) -> Fetched:
        """Return what stands there."""
        self.fetched.append(url)
        self.owners.append(owner)
        self.limits.append(limit)
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running == BUSY:
            self.busy.set()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self.open.wait()
        finally:
            self.running -= 1
        if url not in self.found:
            raise RequestError(f"{field}: nothing stands at {url}.", field=field)
        data, mime_type = self.found[url]
        return Fetched(data, mime_type, url)

    def check(self, url: str, *, field: str) -> None:
        """Refuse what is inside."""
        self.checked.append(url)
        if "inside" in url:
            raise RequestError(f"{field}: {url} is not allowed.", field=field)


class Shelf:
    """Files by their id; `gone` was deleted."""

    def __init__(self, **files: tuple[bytes, str]) -> None:
        self.files = files

    def own_id(self, uri: str) -> str | None:
        """Return the id of a file of ours."""
        return uri.removeprefix(OURS) if uri.startswith(OURS) else None

    async def load(
        self, file: str, owner: str, *, field: str, limit: int | None = None
    ) -> tuple[file_pb2.File, bytes]:
        """Return a file of the owner `me`, and of nobody else."""
        found = self.files.get(self.own_id(file) or "")
        if found is None or owner != "me":
            raise RequestError(f"{field}: the file was deleted.", field=field)
        data, mime_type = found
        assert limit is None or len(data) <= limit
        name = f"{self.own_id(file)}.bin"
        return file_pb2.File(display_name=name, mime_type=mime_type), data
