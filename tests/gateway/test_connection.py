"""The connection below the gateway: two `User-Agent` lines, and what is no HTTP."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from openinteractions.gateway.connection import Server, one_agent
from openinteractions.v1.interaction_pb2 import Interaction
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import Face, face

FIRST = b"User-Agent: GeminiNextGenAPIClient/Python 1.55.0\r\n"
SECOND = b"user-agent: google-genai-sdk/1.55.0 gl-python/3.11\r\n"
BODY = b'{"model":"m","input":"Hi"}'
START = b"POST /v1beta/interactions HTTP/1.1\r\nHost: x\r\n"
END = b"Content-Length: %d\r\n\r\n" % len(BODY)
TWO = START + FIRST + SECOND + END + BODY


@pytest.fixture
async def gateway() -> AsyncIterator[Face]:
    async with face() as made:
        made.service.answer = Interaction(id="v1_a")
        yield made


async def answer(reader: asyncio.StreamReader) -> tuple[int, object]:
    async with asyncio.timeout(WAIT_SECONDS):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        (length,) = [
            int(line.partition(":")[2])
            for line in head.splitlines()
            if line.startswith("content-length:")
        ]
        body = json.loads(await reader.readexactly(length))
        return int(head.split()[1]), body


OLDER = (200, {"id": "v1_a", "outputs": []})


async def test_a_client_with_two_agents_is_served_and_known(gateway: Face) -> None:
    reader, writer = await gateway.raw(TWO)
    for _ in range(3):
        assert await answer(reader) == OLDER
        writer.write(TWO)
    writer.close()


async def test_a_body_of_unknown_length_is_followed_by_a_head(gateway: Face) -> None:
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    request = START + FIRST + SECOND + chunked % (len(BODY), BODY)
    reader, writer = await gateway.raw(request)
    for _ in range(3):
        assert await answer(reader) == OLDER
        await gateway_idle()
        writer.write(request)


@pytest.mark.parametrize("cut", [1, 10, len(START) + 3, len(START + FIRST) + 5])
async def test_a_head_may_come_in_pieces(gateway: Face, cut: int) -> None:
    reader, writer = await gateway.raw(TWO[:cut])
    await writer.drain()
    await gateway_idle()
    writer.write(TWO[cut:])

    assert await answer(reader) == OLDER
    writer.close()


@pytest.mark.parametrize("cut", [0, 20])
async def test_a_body_is_left_as_it_is(gateway: Face, cut: int) -> None:
    body = b"\r\n\r\n\r\n" + FIRST + SECOND + b"\r\n\r\n"
    head = START + FIRST + b"Content-Length: %d\r\n\r\n" % len(body)
    reader, writer = await gateway.raw(head + body[:cut])
    await gateway_idle()
    writer.write(body[cut:] + TWO)

    status, _ = await answer(reader)
    assert status == 400  # it is no JSON
    assert await answer(reader) == OLDER  # had the body grown, this would be in it


async def test_requests_may_come_together(gateway: Face) -> None:
    reader, _ = await gateway.raw(TWO + TWO + TWO[:9])
    for _ in range(2):
        assert await answer(reader) == OLDER


async def gateway_idle() -> None:
    """Give what was sent some turns of the loop to arrive."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /v1/interactions/a HTTP/9.9\r\n\r\n",
        b"GET /v1/interactions/a HTTP/1.1\r\nHost x\r\n\r\n",
        b"FOO bar\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_in_json(gateway: Face, data: bytes) -> None:
    reader, writer = await gateway.raw(data)

    error = {"message": "The request is not valid HTTP.", "code": "invalid_request"}
    assert await answer(reader) == (400, {"error": error})
    assert await reader.read() == b""
    writer.close()


GET = b"GET /v1/interactions/a HTTP/1.1\r\nHost: x\r\n"
TOO_LONG = [
    pytest.param(
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "The URL or a header is longer than 8190 bytes.",
        id="URL",
    ),
    pytest.param(
        GET + b"x: " + b"a" * 9000 + b"\r\n\r\n",
        "The URL or a header is longer than 8190 bytes.",
        id="header",
    ),
    pytest.param(
        GET + b"x: y\r\n" * 128 + b"\r\n",
        "The request has more than 128 headers.",
        id="headers",
    ),
    pytest.param(
        b"GET /" + b"a" * 70_000,
        "The head of the request is larger than 65536 bytes.",
        id="head without end",
    ),
    pytest.param(
        START
        + b"Content-Length: 2\r\n"
        + b"x: %b\r\n" % (b"a" * 5000) * 20
        + b"\r\n{}",
        "The head of the request is larger than 65536 bytes.",
        id="head",
    ),
]


@pytest.mark.parametrize(("data", "message"), TOO_LONG)
async def test_what_is_too_long_is_refused_by_its_name(
    gateway: Face, data: bytes, message: str
) -> None:
    reader, writer = await gateway.raw(TWO)
    assert await answer(reader) == OLDER
    writer.write(data)

    error = {"message": message, "code": "invalid_request"}
    assert await answer(reader) == (400, {"error": error})
    assert await reader.read() == b""
    writer.close()


async def test_what_came_before_a_head_that_is_too_large_is_answered(
    gateway: Face,
) -> None:
    reader, writer = await gateway.raw(TWO + b"GET /" + b"a" * 70_000)

    assert await answer(reader) == OLDER
    assert (await answer(reader))[0] == 400
    writer.close()


async def test_a_large_head_is_read(gateway: Face) -> None:
    many = b"x: %b\r\n" % (b"a" * 5000) * 12
    reader, writer = await gateway.raw(START + many + FIRST + SECOND + END + BODY)

    assert await answer(reader) == OLDER
    writer.close()


@pytest.mark.parametrize("method", [b"FOO", b"get", b"X-1"])
async def test_a_method_that_nobody_knows_is_not_allowed(
    gateway: Face, method: bytes
) -> None:
    reader, writer = await gateway.raw(TWO)
    assert await answer(reader) == OLDER
    writer.write(method + GET.removeprefix(b"GET") + b"\r\n")

    message = f"This path has no method {method.decode()}."
    error = {"message": message, "code": "method_not_allowed"}
    assert await answer(reader) == (405, {"error": error})
    writer.close()


@pytest.mark.parametrize(
    "data", [b"FOO / HTTP/1.1\r\n\r\n", b"x\r\n\r\n", GET + b"\r\n"]
)
async def test_every_answer_says_who_gives_it(gateway: Face, data: bytes) -> None:
    reader, writer = await gateway.raw(data)
    async with asyncio.timeout(WAIT_SECONDS):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()

    assert "\r\nServer: openinteractions\r\n" in head
    assert "\r\nx-request-id: " in head
    assert "\r\nContent-Type: application/json\r\n" in head
    assert (" 405 " in head) == ("\r\nAllow: DELETE, GET, HEAD, POST, PUT\r\n" in head)
    writer.close()


async def test_requests_of_two_agents_may_come_back_to_back(gateway: Face) -> None:
    reader, writer = await gateway.raw(b"")
    requests = TWO * 4
    # Each cut puts the rest of one request and the beginning of the next together:
    # within the body, at its end, and within the agents of the next head.
    size = len(TWO)
    cuts = [size - 9, 2 * size, 3 * size - len(BODY), 3 * size + len(START + FIRST) + 4]
    for begin, end in itertools.pairwise([0, *cuts, len(requests)]):
        writer.write(requests[begin:end])
        await writer.drain()
        await gateway_idle()

    for _ in range(4):
        assert await answer(reader) == OLDER
    models = [request.model for _, request in gateway.service.calls]  # type: ignore[attr-defined]
    assert models == ["m"] * 4
    writer.close()


@pytest.mark.parametrize("behind", [1, 20, len(START) + 20, len(START + FIRST) + 20])
async def test_a_body_may_come_with_the_next_head(gateway: Face, behind: int) -> None:
    head = len(TWO) - len(BODY)
    reader, writer = await gateway.raw(TWO[:head])
    await gateway_idle()
    writer.write(TWO[head:] + TWO[:behind])
    assert await answer(reader) == OLDER
    writer.write(TWO[behind:])

    assert await answer(reader) == OLDER
    writer.close()


async def test_requests_may_come_while_another_is_answered(gateway: Face) -> None:
    gateway.service.answer = waiting = asyncio.Event()
    gateway.service.after = Interaction(id="v1_a")
    cut = len(START + FIRST) + 20
    reader, writer = await gateway.raw(TWO + TWO[:cut])
    async with asyncio.timeout(WAIT_SECONDS):
        await gateway.service.started.wait()
    writer.write(TWO[cut:] + TWO + TWO[:-3])
    await writer.drain()
    await gateway_idle()
    waiting.set()
    writer.write(TWO[-3:])

    for _ in range(4):
        assert await answer(reader) == OLDER
    writer.close()


HEADS = [
    (b"a", b"a"),
    (b"\r\nuser-agent: 1\r\n\r\n", b"\r\nuser-agent: 1\r\n\r\n"),
    (
        b"\r\nUSER-AGENT: 1\r\na: b\r\nUser-Agent: 2\r\nuser-agent: 3\r\n\r\n",
        b"\r\nUSER-AGENT: 1\r\na: b\r\nx-user-agent-2: 2\r\nx-user-agent-2: 3\r\n\r\n",
    ),
    (
        b"\r\nuser-agent: 1\r\n\r\n\r\nuser-agent: in the body",
        b"\r\nuser-agent: 1\r\n\r\n\r\nuser-agent: in the body",
    ),
]


@pytest.mark.parametrize(("head", "renamed"), HEADS)
def test_all_agents_but_the_first_are_renamed(head: bytes, renamed: bytes) -> None:
    end = (head + b"\r\n\r\n").find(b"\r\n\r\n")

    assert one_agent(head, 0, end) == renamed


async def read_slowly(request: web.BaseRequest) -> web.StreamResponse:
    size = 0
    while piece := await request.content.readany():
        size += len(piece)
        await asyncio.to_thread(len, piece)  # slower than the bytes come
    return web.json_response(size)


@pytest.mark.parametrize("size", [200_000, 700_000, 3_000_000])
async def test_a_body_larger_than_what_is_read_ahead_arrives(size: int) -> None:
    runner = web.ServerRunner(Server(read_slowly))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        # Where a read ends is chance: some tries hit a pause on the last one.
        for _ in range(40):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(START + b"Content-Length: %d\r\n\r\n" % size + b"x" * size)
            assert await answer(reader) == (200, size)
            writer.close()
    finally:
        await runner.cleanup()
