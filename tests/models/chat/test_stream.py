"""Streams of the chat dialect, however their bytes come."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.core import errors
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Text,
    Thought,
)
from openinteractions.models.chat.model import Chat
from openinteractions.models.transport.endpoint import Endpoint
from tests.models.asking import asked
from tests.models.chat.streams import data, stream
from tests.models.events import flat, joined
from tests.models.servers import (
    STREAM_END,
    STREAM_HEAD,
    Connection,
    chunked,
    raw_server,
)

VALID = b"".join(
    [
        b": hello\n\n",
        data({"role": "assistant", "content": ""}),
        data({"reasoning": "Hm, 東."}),
        data({"content": "Zürich "}).replace(b"\n\n", b"\r\n\r\n"),
        b'data:{"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n',
        b'event: x\ndata: {"choices":\ndata: [{"delta":{"content":"\\ude00"}}]}\n\n',
        data({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f"}}]}),
        data({"tool_calls": [{"index": 0, "function": {"arguments": '{"é":1}'}}]}),
        data({}, "tool_calls"),
        b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
        b"data: [DONE]\n\n",
    ]
)


class Reads:
    """An endpoint whose answer comes in given reads."""

    def __init__(self, reads: list[bytes]) -> None:
        self._reads = iter(reads)
        self.failures = Endpoint("vllm", base_url="http://127.0.0.1").failures
        self.max_response_bytes = 1000

    async def open(self, path: str, body: bytes, *, model: str) -> Reads:
        return self

    async def read(self) -> bytes:
        return next(self._reads, b"")

    async def rest(self) -> bytes:
        return b"".join(self._reads)

    async def finish(self) -> None:
        pass

    def close(self) -> None:
        pass


async def batches_of(reads: list[bytes]) -> list[list[ModelEvent]]:
    chat = Chat(Reads(reads))  # type: ignore[arg-type]
    return [list(batch) async for batch in chat.stream(asked("m"))]


@given(st.lists(st.integers(1, len(VALID) - 1), unique=True))
def test_where_the_stream_is_cut_does_not_matter(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(VALID)]
    reads = [VALID[start:end] for start, end in itertools.pairwise(bounds)]
    found = asyncio.run(batches_of(reads))
    assert all(found)
    thought, signature, answer, called, finish, spent = joined(flat(found))
    assert (thought, answer) == (Thought("Hm, 東."), Text("Zürich 😀"))
    assert called == CallFragment(0, "c", "f", '{"é":1}')
    assert finish == Finish(FinishReason.CALLS)
    assert isinstance(signature, Signature)
    assert spent.usage.total_tokens == 3


async def test_the_first_event_of_a_read_comes_alone() -> None:
    one, two, three = (data({"content": word}) for word in "abc")
    last = data({}, "stop")
    assert await batches_of([one + two + three, last]) == [
        [Text("a")],
        [Text("b"), Text("c")],
        [Finish(FinishReason.STOP)],
    ]


async def test_the_first_event_is_told_before_the_rest_is_parsed() -> None:
    batches = Chat(Reads([data({"content": "a"}) + b"data: {garbage\n\n"])).stream(  # type: ignore[arg-type]
        asked("m")
    )
    assert await anext(batches) == [Text("a")]
    with pytest.raises(errors.UpstreamFailedError):
        await anext(batches)


async def test_nothing_after_the_end_of_a_stream_is_waited_for() -> None:
    ended = data({"content": "a"}, "stop") + b"data: [DONE]\n\n"
    assert await batches_of([ended, b"data: {garbage\n\n"]) == [
        [Text("a")],
        [Finish(FinishReason.STOP)],
    ]


async def test_a_piece_that_never_ends_is_given_up() -> None:
    with pytest.raises(errors.UpstreamFailedError, match="too large"):
        await batches_of([b"data: " + b"x" * 2000])


async def test_a_stream_that_ended_gives_its_connection_back() -> None:
    async def talk(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.write(STREAM_HEAD, chunked(VALID), STREAM_END)

    async with raw_server(talk) as (url, server):
        endpoint = Endpoint("vllm", base_url=url)
        for _ in range(3):
            assert await stream(Chat(endpoint), "m")
        await endpoint.close()
        assert server.connections == 1
