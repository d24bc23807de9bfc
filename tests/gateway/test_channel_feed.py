"""RPCs that take many messages, behind a gRPC channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2

from openinteractions.gateway.channel import ChannelUpstream
from openinteractions.gateway.upstream import StatusError
from tests.clock import WAIT_SECONDS
from tests.gateway.protos import compile_file

FILE = compile_file(
    """
    message Piece { bytes data = 1; }
    message Sum { int64 bytes = 1; }
    service Sink { rpc Fill(stream Piece) returns (Sum); }
    """
)
SERVICE = FILE.services_by_name["Sink"]
Piece: Any = GetMessageClass(FILE.message_types_by_name["Piece"])
Sum: Any = GetMessageClass(FILE.message_types_by_name["Sum"])

PIECE_BYTES = 64 * 1024


class Sink:
    """Counts bytes, and notes how a call came to its end."""

    def __init__(self, *, most: int | None = None, refuses: bool = False) -> None:
        self.begun = asyncio.Event()
        self.left = asyncio.Event()
        self.going = asyncio.Event()
        self.going.set()
        self._most = most
        self._refuses = refuses

    async def fill(self, requests: AsyncIterator[Any], context: Any) -> Any:
        await context.send_initial_metadata((("x-request-id", "r"),))
        self.begun.set()
        taken = 0
        try:
            await self.going.wait()
            if self._refuses:
                await context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
            async for request in requests:
                taken += len(request.data)
                if self._most is not None and taken >= self._most:
                    break
        finally:
            self.left.set()
        return Sum(bytes=taken)


@asynccontextmanager
async def dialled(sink: Sink) -> AsyncIterator[ChannelUpstream]:
    server = grpc.aio.server()
    handler = grpc.stream_unary_rpc_method_handler(
        sink.fill,
        request_deserializer=Piece.FromString,
        response_serializer=Sum.SerializeToString,
    )
    name = SERVICE.full_name
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(name, {"Fill": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    upstream = ChannelUpstream(f"127.0.0.1:{port}", [SERVICE])
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            yield upstream
    finally:
        await upstream.close()
        await server.stop(None)


class Source:
    """Gives pieces and counts them; then ends, or fails after something else."""

    def __init__(
        self,
        pieces: int,
        then: Exception | None = None,
        after: asyncio.Event | None = None,
    ) -> None:
        self.given = 0
        self._after = after
        self._pieces = pieces
        self._then = then

    async def __aiter__(self) -> AsyncIterator[Message]:
        while self.given < self._pieces:
            self.given += 1
            yield Piece(data=bytes(PIECE_BYTES))
        if self._after is not None:
            await self._after.wait()
        if self._then is not None:
            raise self._then


async def feed(upstream: ChannelUpstream, source: Source) -> tuple[Any, dict[str, str]]:
    headers: dict[str, str] = {}
    return await upstream.feed("Fill", aiter(source), {}, headers), headers


@pytest.mark.parametrize("pieces", [0, 1, 40])
async def test_all_messages_arrive_and_one_answer_returns(pieces: int) -> None:
    async with dialled(Sink()) as upstream:
        answer, headers = await feed(upstream, Source(pieces))

    assert answer.bytes == pieces * PIECE_BYTES
    assert headers == {"x-request-id": "r"}


# An end may come while a message is being sent, which is worth more than one try.
CALLS = 20


async def test_an_answer_before_the_end_ends_the_call() -> None:
    sources = [Source(100_000) for _ in range(CALLS)]
    async with dialled(Sink(most=PIECE_BYTES)) as upstream:
        answers = await asyncio.gather(*(feed(upstream, each) for each in sources))

    assert [answer.bytes for answer, _ in answers] == [PIECE_BYTES] * CALLS
    assert all(source.given < 100_000 for source in sources)


async def test_a_refusal_is_a_status() -> None:
    async with dialled(Sink(refuses=True)) as upstream:
        ends = await asyncio.gather(
            *(feed(upstream, Source(100_000)) for _ in range(CALLS)),
            return_exceptions=True,
        )

    assert all(isinstance(end, StatusError) for end in ends)
    assert {end.status.code for end in ends} == {code_pb2.NOT_FOUND}  # type: ignore[union-attr]


async def test_messages_that_fail_cancel_the_call_and_say_why() -> None:
    sink = Sink()
    async with dialled(sink) as upstream:
        with pytest.raises(ValueError, match="cut"):
            await feed(upstream, Source(3, ValueError("cut"), sink.begun))
        await sink.left.wait()


async def test_little_is_sent_to_a_service_that_does_not_read() -> None:
    sink = Sink()
    sink.going.clear()
    source = Source(1000)
    async with dialled(sink) as upstream:
        calling = asyncio.create_task(feed(upstream, source))
        given = -1
        while given != source.given or not given:
            given = source.given
            for _ in range(500):  # turns of the loop in which more could be sent
                await asyncio.sleep(0)
        sink.going.set()
        answer, _ = await calling

    assert given < 200
    assert answer.bytes == 1000 * PIECE_BYTES


async def test_a_caller_who_leaves_cancels_the_call() -> None:
    sink = Sink()
    sink.going.clear()
    async with dialled(sink) as upstream:
        calling = asyncio.create_task(feed(upstream, Source(1)))
        await asyncio.sleep(0)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
