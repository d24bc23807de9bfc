"""The chat dialect against a scripted model server, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from openinteractions.core import errors
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.models.chat.model import Chat
from openinteractions.models.profile import Profile
from openinteractions.models.transport.endpoint import Endpoint
from tests.backend.app import Backend
from tests.clock import WAIT_SECONDS
from tests.models.asking import asked, call, result, tool, user
from tests.models.chat.streams import data, stream
from tests.models.events import joined, text
from tests.models.servers import (
    STREAM_HEAD,
    Connection,
    chunked,
    http,
    raw_server,
    scripted_backend,
)

CALL_ID = "call_1_0"


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
async def chat(backend: Backend) -> AsyncIterator[Chat]:
    async with scripted_backend(backend) as url:
        endpoint = Endpoint("vllm", base_url=url)
        yield Chat(endpoint)
        await endpoint.close()


async def both(chat: Chat, model: str, **members: object) -> list[ModelEvent]:
    """Ask for a whole answer and for a stream; give what both amount to."""
    whole = joined(await chat.generate(asked(model, **members)))
    assert joined(await stream(chat, model, **members)) == whole
    return whole


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("hello", [Text("Hello."), Finish(FinishReason.STOP)]),
        ("no-done", [Text("Hello."), Finish(FinishReason.STOP)]),
        (
            "unicode",
            [Text("Zürich 東京 😀 a\u2028b\u0085c"), Finish(FinishReason.STOP)],
        ),
        ("length", [Text("Cut sho"), Finish(FinishReason.LENGTH)]),
        ("refuse", [Text("I will not."), Finish(FinishReason.STOP)]),
        ("empty", [Finish(FinishReason.STOP)]),
    ],
)
async def test_an_answer_is_the_same_whole_and_streamed(
    chat: Chat, model: str, expected: list[ModelEvent]
) -> None:
    assert [e for e in await both(chat, model) if not isinstance(e, Spent)] == expected


@pytest.mark.parametrize("member", ["reasoning_content", "reasoning"])
async def test_thoughts_come_signed_before_the_answer(chat: Chat, member: str) -> None:
    thought, signature, answer, *_ = await both(chat, f"reason:{member}")
    assert thought == Thought("First I think. Then I know.")
    assert isinstance(signature, Signature)
    assert answer == Text("The answer.")


async def test_parallel_calls(chat: Chat) -> None:
    tools = [tool("a"), tool("b")]
    events = await both(chat, "parallel:2", tools=tools)
    assert events[:3] == [
        CallFragment(0, CALL_ID, "a", "{}"),
        CallFragment(1, "call_1_1", "b", "{}"),
        Finish(FinishReason.CALLS),
    ]


async def test_results_reach_the_model(chat: Chat) -> None:
    request = asked(
        "parallel:2",
        user("Weather?"),
        call("x", "a"),
        call("y", "b"),
        result("y", name="b", json='{"c":22}'),
        result("x", name="a", text="sun"),
        tools=[tool("a"), tool("b")],
    )
    events = await chat.generate(request)
    assert text(events) == 'Results: a=sun; b={"c":22}.'


async def test_the_model_is_asked_under_its_upstream_name(backend: Backend) -> None:
    async with scripted_backend(backend) as url:
        endpoint = Endpoint("vllm", base_url=url)
        chat = Chat(endpoint, upstream="hello@renamed")
        assert text(await chat.generate(asked("gemini-2.5-flash"))) == "Hello."
        await endpoint.close()
    assert backend.seen == {"hello@renamed": 1}


async def test_a_stream_asks_for_usage_and_tells_it_last(chat: Chat) -> None:
    events = await stream(chat, "usage")
    assert [type(event) for event in events] == [Text, Finish, Spent]
    assert isinstance(events[-1], Spent)
    assert events[-1].usage.total_thought_tokens == 20


async def test_without_usage_none_is_told(chat: Chat) -> None:
    assert not [e for e in await both(chat, "no-usage") if isinstance(e, Spent)]


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("status:400", errors.UpstreamRefusedError),
        ("status:401", errors.UpstreamCredentialsError),
        ("status:403", errors.UpstreamCredentialsError),
        ("status:404", errors.UpstreamNotFoundError),
        ("status:408", errors.UpstreamTimeoutError),
        ("status:422", errors.UpstreamRefusedError),
        ("status:429,7", errors.UpstreamRateLimitedError),
        ("status:500", errors.UpstreamFailedError),
        ("status:503", errors.UpstreamFailedError),
        ("quota", errors.UpstreamQuotaError),
        ("filter", errors.ContentBlockedError),
        ("filter:status", errors.ContentBlockedError),
        ("bad-json", errors.UpstreamFailedError),
        ("hang-up", errors.UpstreamFailedError),
        ("nobody", errors.UpstreamNotFoundError),
    ],
)
async def test_a_failure_is_raised_whole_and_streamed(
    chat: Chat, model: str, error: type[errors.BackendError]
) -> None:
    for asking in (chat.generate(asked(model)), stream(chat, model)):
        with pytest.raises(error) as raised:
            await asking
        assert type(raised.value) is error
        assert raised.value.metadata == {"endpoint": "vllm"}
        assert raised.value.retry_after == (7 if "429" in model else None)


@pytest.mark.parametrize(
    ("model", "error", "said"),
    [
        ("die-mid-stream", errors.UpstreamFailedError, "Soon it"),
        ("error-mid-stream", errors.UpstreamFailedError, "Soon it"),
        ("bad-json", errors.UpstreamFailedError, "Soon "),
        ("filter:mid", errors.ContentBlockedError, "Once upon a time"),
    ],
)
async def test_what_came_before_a_failure_is_told(
    chat: Chat, model: str, error: type[errors.BackendError], said: str
) -> None:
    events: list[ModelEvent] = []

    async def collect() -> None:
        async for batch in chat.stream(asked(model)):
            events.extend(batch)

    with pytest.raises(error):
        await collect()
    assert text(events) == said


async def test_nothing_is_tried_again(backend: Backend, chat: Chat) -> None:
    for asking in (chat.generate(asked("flaky:503")), stream(chat, "flaky:500")):
        with pytest.raises(errors.UpstreamFailedError):
            await asking
    assert backend.seen == {"flaky:503": 1, "flaky:500": 1}


async def test_pieces_are_told_as_they_come(backend: Backend, chat: Chat) -> None:
    async with (
        asyncio.timeout(WAIT_SECONDS),
        aclosing(chat.stream(asked("slow:3"))) as batches,
    ):
        for word in ("word0 ", "word1 ", "word2 "):
            assert await anext(batches) == [Text(word)]
            await backend.gate("slow:3").release(1)


async def test_leaving_a_stream_closes_the_connection() -> None:
    left = asyncio.Event()

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(STREAM_HEAD, chunked(data({"content": "a"})))
        await connection.closed()
        left.set()

    async with raw_server(talk) as (url, _), asyncio.timeout(WAIT_SECONDS):
        endpoint = Endpoint("vllm", base_url=url)
        async with aclosing(Chat(endpoint).stream(asked("m"))) as batches:
            assert await anext(batches) == [Text("a")]
            assert not left.is_set()
        await left.wait()
        await endpoint.close()


@pytest.mark.parametrize("streamed", [False, True])
async def test_cancelling_closes_the_connection(streamed: bool) -> None:
    left = asyncio.Event()

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.closed()
        left.set()

    async with raw_server(talk) as (url, server), asyncio.timeout(WAIT_SECONDS):
        endpoint = Endpoint("vllm", base_url=url)
        chat = Chat(endpoint)
        asking = stream(chat, "m") if streamed else chat.generate(asked("m"))
        task = asyncio.ensure_future(asking)
        await server.silent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await left.wait()
        await endpoint.close()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            b'{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}',
            [Text("Hi"), Finish(FinishReason.STOP)],
            id="an answer",
        ),
        pytest.param(
            b' {"error":{"message":"no","code":400}}',
            errors.UpstreamRefusedError,
            id="an error",
        ),
    ],
)
async def test_a_server_may_answer_a_stream_with_one_body(
    body: bytes, expected: list[ModelEvent] | type[errors.BackendError]
) -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(http(body))

    async with raw_server(talk) as (url, _):
        endpoint = Endpoint("vllm", base_url=url)
        try:
            if isinstance(expected, list):
                assert await stream(Chat(endpoint), "m") == expected
            else:
                with pytest.raises(expected):
                    await stream(Chat(endpoint), "m")
        finally:
            await endpoint.close()


def test_what_the_profile_denies_is_refused_without_asking() -> None:
    chat = Chat(
        Endpoint("vllm", base_url="http://127.0.0.1"), profile=Profile(top_k=False)
    )
    request = asked("m").request
    request.generation_config.top_k = 1
    with pytest.raises(errors.NotSupportedError):
        chat.check(request)
