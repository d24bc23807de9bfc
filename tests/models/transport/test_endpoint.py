"""What goes over the wire to a model server, and which connection it takes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from openinteractions.core import errors
from openinteractions.models.transport import endpoint as transport
from openinteractions.models.transport.target import Target, find_target
from tests.models.servers import (
    STREAM_END,
    STREAM_HEAD,
    Connection,
    chunked,
    http,
    raw_server,
)
from tests.models.transport.posting import (
    PATH,
    opened,
    post,
    silent,
    silent_after_a_chunk,
    silent_after_the_head,
)

KEY = "sk-secret-0123456789"


async def head_of_a_request(path: str = "/v1", **settings: Any) -> list[str]:
    heads = []

    async def talk(connection: Connection) -> None:
        head, _ = await connection.request()
        heads.append(head)
        await connection.write(http(b"{}"))

    async with raw_server(talk) as (url, _):
        base_url = url.removesuffix("/v1") + path
        async with opened(base_url, **settings) as endpoint:
            await post(endpoint)
    lines: list[str] = heads[0].rstrip().split("\r\n")
    return lines


async def test_a_request_carries_the_key_and_nothing_about_us() -> None:
    head = await head_of_a_request(api_key=KEY)
    host = next(line for line in head if line.startswith("Host: "))
    assert sorted(head) == sorted(
        [
            "POST /v1/chat/completions HTTP/1.1",
            host,
            "User-Agent: openinteractions",
            "Accept-Encoding: identity",
            "Accept: application/json",
            "Content-Type: application/json",
            f"Authorization: Bearer {KEY}",
            "Content-Length: 2",
        ]
    )


async def test_without_a_key_there_is_no_authorization() -> None:
    head = await head_of_a_request()
    assert not [line for line in head if line.lower().startswith("authorization")]


async def test_configured_headers_are_sent_and_win() -> None:
    headers = {"authorization": "Basic abc", "X-Tenant": "7", "user-agent": "me"}
    head = await head_of_a_request(api_key=KEY, headers=headers)
    named = {line.partition(": ")[0].lower(): line for line in head[1:]}
    assert len(named) == len(head) - 1
    assert named["authorization"] == "authorization: Basic abc"
    assert named["x-tenant"] == "X-Tenant: 7"
    assert named["user-agent"] == "user-agent: me"


async def test_settings_of_the_environment_are_not_for_every_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ORG_ID", "PROJECT_ID", "API_KEY", "BASE_URL", "ADMIN_KEY"):
        monkeypatch.setenv(f"OPENAI_{name}", "http://of-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: of-the-environment")
    head = await head_of_a_request()
    assert "of-the-environment" not in "".join(head)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        pytest.param(
            "/openai",
            "/openai/deployments/m/chat/completions?api-version=2024-10-21",
            id="resource",
        ),
        pytest.param(
            "/openai/deployments/d/",
            "/openai/deployments/d/chat/completions?api-version=2024-10-21",
            id="deployment",
        ),
    ],
)
async def test_azure_is_asked_in_its_own_way(path: str, target: str) -> None:
    head = await head_of_a_request(path, api_key=KEY, api_version="2024-10-21")
    assert head[0] == f"POST {target} HTTP/1.1"
    assert f"api-key: {KEY}" in head
    assert not [line for line in head if line.startswith("Authorization")]


async def test_a_connection_is_used_again_and_keeps_no_cookies() -> None:
    heads = []

    async def talk(connection: Connection) -> None:
        while True:
            head, body = await connection.request()
            heads.append(head)
            await connection.write(http(body, headers="Set-Cookie: a=b\r\n"))

    async with raw_server(talk) as (url, server), opened(url) as endpoint:
        assert await post(endpoint, b"1") == b"1"
        assert await post(endpoint, b"2") == b"2"
        assert server.connections == 1
    assert "cookie" not in heads[1].lower()


async def test_the_first_requests_share_one_session() -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(http(b"{}", close=True))

    async with raw_server(talk) as (url, server), opened(url) as endpoint:
        answers = await asyncio.gather(*(post(endpoint) for _ in range(5)))
        assert answers == [b"{}"] * 5
        assert server.connections == 5


async def test_a_closed_endpoint_opens_again() -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(http(b"{}"))

    async with raw_server(talk) as (url, _), opened(url) as endpoint:
        await post(endpoint)
        await endpoint.close()
        assert await post(endpoint) == b"{}"


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_kept_connection_that_was_closed_is_replaced_once(reset: bool) -> None:
    async def talk(connection: Connection) -> None:
        _, body = await connection.request()
        await connection.write(http(body))
        await connection.request()
        if reset:
            connection.reset()
        else:
            connection.close()

    async with raw_server(talk) as (url, server), opened(url) as endpoint:
        await post(endpoint)
        assert await post(endpoint, b"again") == b"again"
        assert server.connections == 2


async def test_a_new_connection_that_was_closed_is_not_replaced() -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()

    async with raw_server(talk) as (url, server), opened(url) as endpoint:
        with pytest.raises(errors.UpstreamFailedError):
            await post(endpoint)
        assert server.connections == 1


async def test_a_connection_is_replaced_only_once() -> None:
    connections = 0

    async def talk(connection: Connection) -> None:
        nonlocal connections
        connections += 1
        await connection.request()
        if connections == 1:
            await connection.write(http(b"{}"))
            await connection.request()

    async with raw_server(talk) as (url, server), opened(url) as endpoint:
        await post(endpoint)
        with pytest.raises(errors.UpstreamFailedError):
            await post(endpoint)
        assert server.connections == 2


@pytest.mark.parametrize(
    "begun", [b"HTTP/1.1 200 OK\r\nContent-", STREAM_HEAD, STREAM_HEAD + b"5\r\nhel"]
)
async def test_an_answer_that_has_begun_is_not_asked_for_again(begun: bytes) -> None:
    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.write(http(b"{}"))
        await connection.request()
        await connection.write(begun)

    async with raw_server(talk) as (url, server), opened(url) as endpoint:
        await post(endpoint)
        with pytest.raises(errors.UpstreamFailedError):
            await post(endpoint)
        assert server.connections == 1


@pytest.mark.parametrize("talk", [silent, silent_after_the_head, silent_after_a_chunk])
async def test_cancelling_closes_the_connection(talk: Any) -> None:
    left = asyncio.Event()

    async def watched(connection: Connection) -> None:
        await talk(connection)
        left.set()

    async with raw_server(watched) as (url, server), opened(url) as endpoint:
        asking = asyncio.create_task(post(endpoint))
        await server.silent.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await left.wait()


async def test_closing_an_answer_closes_the_connection() -> None:
    left = asyncio.Event()

    async def talk(connection: Connection) -> None:
        await silent_after_a_chunk(connection)
        left.set()

    async with raw_server(talk) as (url, _), opened(url) as endpoint:
        answer = await endpoint.open(PATH, b"{}", model="m")
        assert await answer.read() == b"a"
        answer.close()
        await left.wait()


async def test_an_answer_that_ended_gives_its_connection_back() -> None:
    async def talk(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.write(STREAM_HEAD, chunked(b"a"), STREAM_END)

    async with raw_server(talk) as (url, server), opened(url) as endpoint:
        for _ in range(2):
            answer = await endpoint.open(PATH, b"{}", model="m")
            assert await answer.read() == b"a"
            await answer.finish()
            answer.close()
        assert server.connections == 1


async def test_an_answer_that_does_not_end_is_not_waited_for() -> None:
    async with raw_server(silent_after_a_chunk) as (url, _), opened(url) as endpoint:
        answer = await endpoint.open(PATH, b"{}", model="m")
        assert await answer.read() == b"a"
        await answer.finish()
        answer.close()


async def test_the_log_has_no_key(caplog: pytest.LogCaptureFixture) -> None:
    async def talk(connection: Connection) -> None:
        head, _ = await connection.request()
        await connection.write(http(head.encode(), status="401 No"))

    with caplog.at_level(logging.DEBUG):
        async with raw_server(talk) as (url, _), opened(url, api_key=KEY) as endpoint:
            with pytest.raises(errors.UpstreamCredentialsError) as raised:
                await post(endpoint)
    assert "401" in caplog.text
    assert KEY not in caplog.text
    assert KEY not in raised.value.message


async def test_calls_that_came_while_it_started_go_out_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address: dict[str, Any] = {
        "base_url": "http://127.0.0.1:9/v1",
        "api_key": None,
        "headers": {},
    }
    target = await find_target(**address, api_version=None)
    found = asyncio.Event()
    sent = set()

    async def find(**_: Any) -> Target:
        await found.wait()
        return target

    async def request(*_: Any) -> Any:
        sent.add(asyncio.current_task())
        raise ConnectionError

    monkeypatch.setattr(transport, "find_target", find)
    monkeypatch.setattr(transport, "_request", request)
    async with opened("http://127.0.0.1:9/v1") as endpoint:
        calls = [asyncio.create_task(post(endpoint)) for _ in range(99)]
        await asyncio.sleep(0)
        found.set()
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)

        assert sent == set(calls)
        await asyncio.gather(*calls, return_exceptions=True)
