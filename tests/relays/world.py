"""Whole servers of this project in the test's own event loop, with a client."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from openinteractions import server
from openinteractions.config import load
from tests.relays.replay import events

WAIT = aiohttp.ClientTimeout(total=30)

OLD = {"x-goog-api-client": "google-genai-sdk/1.75.0 gl-python/3.11"}
"""What a client of the older revision sends."""


@dataclass
class Site:
    """A running server, asked over HTTP."""

    url: str
    grpc: str
    client: aiohttp.ClientSession

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Send a request; give status and JSON body."""
        answer = await self.ask(method, path, body, headers=headers)
        async with answer:
            return answer.status, await answer.json()

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> aiohttp.ClientResponse:
        """Send a request; give the answer as it is."""
        return await self.client.request(
            method, f"{self.url}/v1beta/{path}", json=body, headers=headers
        )

    async def create(self, **members: Any) -> dict[str, Any]:
        """Create an interaction, which has to succeed."""
        status, body = await self.call("POST", "interactions", members)
        assert status == 200, body
        return dict(body)

    async def get(self, identifier: str, query: str = "") -> dict[str, Any]:
        """Fetch an interaction, which has to succeed."""
        status, body = await self.call("GET", f"interactions/{identifier}{query}")
        assert status == 200, body
        return dict(body)

    async def stream(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> list[Any]:
        """Give the events of a stream, which has to begin and to end well."""
        async with await self.ask(method, path, body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 200, text
        assert text.endswith("event: done\ndata: [DONE]\n\n"), text
        return events(text)


@asynccontextmanager
async def serving(
    folder: Path, endpoint: str, more: str = "", *, keys: str = ""
) -> AsyncIterator[Site]:
    """Run a server with one endpoint `e`, which every model and agent is at."""
    file = _file(folder)
    agents = '[agents."*"]\nendpoint = "e"\n' if '"gemini"' in endpoint else ""
    auth = '[auth]\nkeys_env = "KEYS"\n' if keys else ""
    file.write_text(
        '[server]\nhttp = "127.0.0.1:0"\ngrpc = "127.0.0.1:0"\n'
        "shutdown_grace_seconds = 0.1\n"
        f'[store]\nurl = "sqlite:///{folder}/oi.db"\n{auth}'
        f'[endpoints.e]\n{endpoint}\n[models."*"]\nendpoint = "e"\n{agents}{more}'
    )
    environ = {"KEYS": keys, "UPSTREAM_KEY": "upstream-s3cret"}
    config = load(file, environ=environ)
    async with (
        server._running(config) as (line, _),
        aiohttp.ClientSession(timeout=WAIT) as client,
    ):
        found = re.search(r"HTTP on (http://[^,]+), gRPC on ([^,]+),", line)
        assert found is not None
        yield Site(found[1], found[2], client)


def _file(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "oi.toml"


def relay(url: str, store: str = "both") -> str:
    """Return the settings of an endpoint that passes on to a URL."""
    return (
        f'dialect = "gemini"\nbase_url = "{url}"\nstore = "{store}"\n'
        'api_key_env = "UPSTREAM_KEY"'
    )


SCRIPTED = 'dialect = "scripted"'
