"""The RPCs of uploads, as the gateway calls them.

Bodies are passed on piece by piece, as fast as the service takes them. That a file is
complete is said after the last piece, so a body that breaks off never makes a file.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import cast

from google.protobuf.message import Message

from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.upstream import Upstream
from openinteractions.v1 import file_service_pb2 as rpcs


class UploadCalls:
    """Calls the RPCs of uploads. All of them raise `StatusError`."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def admit(self, exchange: Exchange) -> None:
        """Say that the caller may begin an upload."""
        self._upstream.admit(exchange.metadata)

    async def start(
        self, exchange: Exchange, request: rpcs.StartUploadRequest
    ) -> rpcs.UploadSession:
        """Begin an upload."""
        answer = await self._unary(exchange, "StartUpload", request)
        return cast("rpcs.UploadSession", answer)

    async def query(self, exchange: Exchange, upload: str) -> rpcs.UploadStatus:
        """Return how far an upload is."""
        request = rpcs.QueryUploadRequest(upload_id=upload)
        answer = await self._unary(exchange, "QueryUpload", request)
        return cast("rpcs.UploadStatus", answer)

    async def cancel(self, exchange: Exchange, upload: str) -> rpcs.UploadStatus:
        """Give an upload up."""
        request = rpcs.CancelUploadRequest(upload_id=upload)
        answer = await self._unary(exchange, "CancelUpload", request)
        return cast("rpcs.UploadStatus", answer)

    async def write(
        self,
        exchange: Exchange,
        first: rpcs.WriteUploadRequest,
        pieces: AsyncIterator[bytes],
        *,
        finish: bool,
    ) -> rpcs.UploadStatus:
        """Append a body to an upload.

        Args:
            exchange: the request with the body.
            first: the upload, and where the body belongs.
            pieces: the body; closed when this returns.
            finish: whether the file is complete with it.
        """
        async with contextlib.aclosing(_messages(first, pieces, finish=finish)) as sent:
            answer = await self._upstream.feed(
                "WriteUpload", sent, exchange.metadata, exchange.headers
            )
        return cast("rpcs.UploadStatus", answer)

    async def _unary(self, exchange: Exchange, method: str, request: Message) -> object:
        return await self._upstream.unary(
            method, request, exchange.metadata, exchange.headers
        )


async def nothing() -> AsyncIterator[bytes]:
    """Yield an empty body."""
    return
    yield


async def without(pieces: AsyncIterator[bytes], skipped: int) -> AsyncIterator[bytes]:
    """Yield a body without its first bytes."""
    async with _closing(pieces):
        async for piece in pieces:
            if skipped >= len(piece):
                skipped -= len(piece)
            else:
                yield piece[skipped:]
                skipped = 0


async def _messages(
    first: rpcs.WriteUploadRequest, pieces: AsyncIterator[bytes], *, finish: bool
) -> AsyncGenerator[Message, None]:
    async with _closing(pieces):
        yield first
        async for piece in pieces:
            yield rpcs.WriteUploadRequest(data=piece)
        if finish:
            yield rpcs.WriteUploadRequest(finish=True)


@contextlib.asynccontextmanager
async def _closing(pieces: AsyncIterator[bytes]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
