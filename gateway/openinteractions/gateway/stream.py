"""Events as the answer: an HTTP response of server-sent events.

The status line waits for the service's first batch, so that early failures are HTTP
errors, but not for ever. From then on a batch is one write, silence is filled with
comments, a failure is an `error` event, and the last block is always `done`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import ClientConnectionResetError, web
from google.protobuf.message import Message

from openinteractions.gateway import revisions, sse
from openinteractions.gateway.binding import Call, revision_refused
from openinteractions.gateway.codec import Codec
from openinteractions.gateway.encoder import embedded
from openinteractions.gateway.exchange import Exchange
from openinteractions.gateway.upstream import Upstream

_RESUMED = "last_event_id"


class StreamCaller:
    """Makes calls with many answers.

    Args:
        upstream: the service.
        codec: has the types of all events.
        headers_after: seconds after which the headers go out, whatever has come.
        comment_after: seconds of silence after which a comment is sent.
        drop_after: seconds after which a client is dropped that does not read.
    """

    def __init__(
        self,
        upstream: Upstream,
        codec: Codec,
        *,
        headers_after: float,
        comment_after: float,
        drop_after: float,
    ) -> None:
        self._upstream = upstream
        self._codec = codec
        self._headers_after = headers_after
        self._comment_after = comment_after
        self._drop_after = drop_after

    async def answer(self, exchange: Exchange, call: Call) -> web.StreamResponse:
        """Call the RPC, send its events, and return the finished response.

        When the client leaves, the service is told at once.

        Raises:
            RefusedError: the client wants to resume from what no stream has sent.
            StatusError: the call failed before the headers were sent.
        """
        writing = _Writing(self._codec, call, _translator(exchange, call))
        response = _Response(exchange, self._comment_after, self._drop_after)
        batches = self._upstream.stream(
            call.method.name, call.message, exchange.metadata, exchange.headers
        )
        with contextlib.suppress(ClientConnectionResetError):  # the client has left
            async with _closing(batches), response.kept_alive(self._headers_after):
                try:
                    async for batch in batches:
                        await response.send(writing.blocks(batch))
                    await response.send(writing.end())
                except ClientConnectionResetError:
                    raise
                except Exception as error:
                    if not response.begun:
                        raise
                    await response.send(writing.error(exchange.note(error).error))
            await response.end()
        return response.stream


class _Writing:
    """Makes the blocks of one stream out of messages, in the client's revision."""

    def __init__(
        self, codec: Codec, call: Call, translator: revisions.EventTranslator | None
    ) -> None:
        self._encode = codec.encoder(call.method.output_type)
        self._translator = translator

    def blocks(self, batch: Sequence[Message]) -> bytes:
        """Return the blocks for a batch, perhaps none."""
        encode = self._encode
        if self._translator is None:
            if len(batch) == 1:
                return sse.frame(encode(batch[0]))
            return sse.frames([encode(message) for message in batch])
        feed = self._translator.feed
        return sse.frames([older for event in batch for older in feed(encode(event))])

    def error(self, error: dict[str, Any]) -> bytes:
        """Return the blocks that end a stream which has failed."""
        event = {"event_type": "error", "error": error}
        if self._translator is None:
            return sse.frame(event)
        return sse.frames(self._translator.feed(event)) + self.end()

    def end(self) -> bytes:
        """Return the blocks that the end of the events brings about."""
        if self._translator is None:
            return b""
        return sse.frames(self._translator.close())


class _Response:
    """The response; its headers go out with the first bytes, or in time."""

    def __init__(
        self, exchange: Exchange, comment_after: float, drop_after: float
    ) -> None:
        self._exchange = exchange
        self._comment_after = comment_after
        self._drop = drop_after
        self._loop = asyncio.get_running_loop()
        self._sent_at = 0.0
        self._read_at = 0.0
        self._unread = 0
        self.stream = web.StreamResponse()

    @property
    def begun(self) -> bool:
        """Whether the status can no longer be changed."""
        return self.stream.prepared

    async def send(self, data: bytes) -> None:
        """Send bytes in one write, waiting while the client reads too slowly."""
        if not self.stream.prepared:
            await self._begin()
        if data:
            self._sent_at = self._loop.time()
            await self.stream.write(data)

    async def end(self) -> None:
        """Send the last block."""
        await self.stream.write_eof(sse.DONE)

    async def _begin(self) -> None:
        self._sent_at = self._loop.time()
        headers = self._exchange.response_headers("text/event-stream")
        self.stream.headers.update(headers)
        self.stream.headers["Cache-Control"] = "no-cache"
        self.stream.headers["X-Accel-Buffering"] = "no"
        await self.stream.prepare(self._exchange.request)

    @contextlib.asynccontextmanager
    async def kept_alive(self, headers_after: float) -> AsyncIterator[None]:
        """Send headers in time, and comments into silence, during the block."""
        filling = asyncio.create_task(self._fill(headers_after))
        try:
            yield
        finally:
            filling.cancel()
            await asyncio.wait([filling])

    async def _fill(self, headers_after: float) -> None:
        await asyncio.sleep(headers_after)
        self._read_at = self._loop.time()
        with contextlib.suppress(ClientConnectionResetError):  # the client has left
            await self.send(b"")
            while True:
                due = self._sent_at + self._comment_after - self._loop.time()
                if due > 0:
                    await asyncio.sleep(due)
                else:
                    await self._comment()

    async def _comment(self) -> None:
        """Send a comment; drop a client that has not read anything for so long.

        It holds bytes and a place that others could have, and can resume.
        """
        transport = self._exchange.request.transport
        unread = 0 if transport is None else transport.get_write_buffer_size()
        if not unread or unread < self._unread:
            self._read_at = self._loop.time()
        self._unread = unread
        if transport is not None and self._loop.time() > self._read_at + self._drop:
            transport.abort()
        await self.send(sse.KEEP_ALIVE)


def _translator(exchange: Exchange, call: Call) -> revisions.EventTranslator | None:
    """Prepare the way out; the call then resumes from the service's own token."""
    message: Any = call.message
    resumes = _RESUMED in call.method.input_type.fields_by_name
    token = None
    if resumes and message.HasField(_RESUMED):
        token = message.last_event_id
    try:
        token, translator = revisions.translate(
            exchange.revision, last_event_id=token, raw=embedded
        )
    except revisions.RevisionError as error:
        raise revision_refused(error) from None
    if token is not None:
        message.last_event_id = token
    return translator


@contextlib.asynccontextmanager
async def _closing(batches: AsyncIterator[Sequence[Message]]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        close = getattr(batches, "aclose", None)
        if close is not None:
            await close()
