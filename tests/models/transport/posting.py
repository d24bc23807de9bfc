"""An endpoint that is closed in the end, and a call of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openinteractions.models.transport.endpoint import Endpoint
from tests.clock import WAIT_SECONDS
from tests.models.servers import STREAM_HEAD, Connection, chunked

PATH = "chat/completions"


@asynccontextmanager
async def opened(base_url: str, **settings: Any) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint("vllm", base_url=base_url, **settings)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            yield endpoint
    finally:
        await endpoint.close()


async def post(endpoint: Endpoint, body: bytes = b"{}") -> bytes:
    return await endpoint.post(PATH, body, model="m")


async def silent(connection: Connection) -> None:
    await connection.closed()


async def silent_after_the_head(connection: Connection) -> None:
    await connection.request()
    await connection.write(STREAM_HEAD)
    await connection.closed()


async def silent_after_a_chunk(connection: Connection) -> None:
    await connection.request()
    await connection.write(STREAM_HEAD, chunked(b"a"))
    await connection.closed()
