"""Two servers in front of a third; the one that reads from it is killed in mid-stream.

They share a database. Whoever comes to the other is told the rest, wherever the
interaction is kept.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.relays.replay import Replay, events, replaying
from tests.relays.test_running import (
    START,
    STOP,
    THEIRS,
    completed,
    created,
    said,
    some,
    sse,
    texts,
    told,
)
from tests.relays.world import WAIT, relay
from tests.test_server import Server, start, wait_for_line

CONFIGURATION = """
[server]
http = "127.0.0.1:0"
grpc = "127.0.0.1:0"

[store]
url = "sqlite:///{database}"

[background]
deadline_seconds = 2

[endpoints.e]
{endpoint}

[models."*"]
endpoint = "e"
"""

ASKED = {"model": "m", "input": "a", "stream": True}


@asynccontextmanager
async def serving(folder: Path, name: str, endpoint: str) -> AsyncIterator[Server]:
    """Run a server in a process of its own."""
    place = folder / name
    place.mkdir()
    text = CONFIGURATION.format(database=folder / "shared.db", endpoint=endpoint)
    (place / "openinteractions.toml").write_text(text)
    process = start(place)
    try:
        yield Server(process, await asyncio.to_thread(wait_for_line, process, place))
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


@asynccontextmanager
async def two(
    folder: Path, store: str, *answers: dict[str, Any]
) -> AsyncIterator[tuple[Replay, Server, Server, aiohttp.ClientSession]]:
    """Run both, what is behind them, and a client."""
    async with AsyncExitStack() as stack:
        behind = await stack.enter_async_context(replaying(*answers))
        endpoint = "\n".join(
            line for line in relay(behind.url, store).splitlines() if "key" not in line
        )
        one, other = [
            await stack.enter_async_context(serving(folder, name, endpoint))
            for name in ("one", "other")
        ]
        client = aiohttp.ClientSession(timeout=WAIT)
        await stack.enter_async_context(client)
        yield behind, one, other, client


async def kill(server: Server) -> None:
    """End a server as the system does that has no memory left."""
    assert await asyncio.to_thread(server.end, signal.SIGKILL) == -signal.SIGKILL


async def rest(answer: aiohttp.ClientResponse) -> list[Any]:
    """Read a stream to its end."""
    async with asyncio.timeout(30):
        return events((await answer.content.read()).decode())


async def cut_off(client: aiohttp.ClientSession, one: Server, wanted: str) -> list[Any]:
    """Begin a stream, and kill its server when a text has come."""
    url = f"{one.http}/v1beta/interactions"
    async with client.post(url, json=ASKED) as answer:
        came = await some(answer, wanted)
        await kill(one)
    return came


async def fetched(
    client: aiohttp.ClientSession, server: Server, identifier: str
) -> dict[str, Any]:
    """Fetch an interaction."""
    async with client.get(f"{server.http}/v1beta/interactions/{identifier}") as answer:
        body = await answer.json()
        assert answer.status == 200, body
        return dict(body)


def folded(told_: list[Any]) -> list[str]:
    """Return the texts of the steps that events tell."""
    steps: list[str] = []
    for event in told_:
        if event["event_type"] == "step.start":
            del steps[event["index"] :]
            steps.append("")
        elif event["event_type"] == "step.delta":
            steps[event["index"]] += event["delta"]["text"]
    return steps


def outputs(interaction: dict[str, Any]) -> list[str]:
    """Return what the model has said."""
    return [
        "".join(content["text"] for content in step["content"])
        for step in interaction["steps"]
        if step["type"] == "model_output"
    ]


async def test_what_only_we_keep_is_asked_for_anew(tmp_path: Path) -> None:
    unkept = created()
    unkept["interaction"] = {**unkept["interaction"], "id": ""}
    end = completed()
    end["interaction"] = {**end["interaction"], "id": ""}
    first = sse(unkept, START, said("lost", None), done=False, hangs=True)
    second = sse(unkept, START, said("Hel", None), said("lo", None), STOP, end)
    async with two(tmp_path, "here", first, second) as (behind, one, other, client):
        url = f"{one.http}/v1beta/interactions"
        async with client.post(url, json=ASKED) as answer:
            came = await some(answer, "lost")
            own = came[0]["interaction"]["id"]
            path = f"{other.http}/v1beta/interactions/{own}?stream=true"
            async with client.get(path) as watching:
                watched = await some(watching, "lost")
                await kill(one)
                watched += await rest(watching)
        token = came[-1]["event_id"]
        async with client.get(f"{path}&last_event_id={token}") as answer:
            resumed = await rest(answer)
        stored = await fetched(client, other, own)
        async with client.get(path) as answer:
            replayed = await rest(answer)

    assert [asked.body["store"] for asked in behind.asked] == [False, False]
    assert stored["status"] == "completed"
    assert outputs(stored) == ["Hello"]
    for told_ in ([*came, *resumed], watched, replayed):
        assert folded(told_) == ["Hello"]
        assert told_[-1]["interaction"]["status"] == "completed"
        names = [event["event_id"] for event in told_]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("pieces", [("Hel", "lo"), ("Hello",), ("H", "ello")])
async def test_what_both_keep_is_read_on_from_the_server(
    pieces: tuple[str, ...], tmp_path: Path
) -> None:
    first = sse(created(), START, said("Hel", "e3"), done=False, hangs=True)
    again = [said(piece, f"e{3 + n}") for n, piece in enumerate(pieces)]
    second = sse(created(), START, *again, STOP, completed())
    async with two(tmp_path, "both", first, second) as (behind, one, other, client):
        came = await cut_off(client, one, "Hel")
        own, token = came[0]["interaction"]["id"], came[-1]["event_id"]
        path = f"{other.http}/v1beta/interactions/{own}?stream=true"
        async with client.get(f"{path}&last_event_id={token}") as answer:
            resumed = await rest(answer)
        stored = await fetched(client, other, own)
        asked = len(behind.asked)
        async with client.get(path) as answer:
            replayed = await rest(answer)

    assert [asked.method for asked in behind.asked[:2]] == ["POST", "GET"]
    assert len(behind.asked) == asked == 2  # what has ended is here
    assert outputs(stored) == ["Hello"]
    assert folded([*came, *resumed]) == folded(replayed) == ["Hello"]
    assert resumed[-1]["interaction"]["status"] == "completed"
    assert THEIRS not in json.dumps([came, resumed, stored, replayed])


async def test_what_only_the_server_keeps_is_resumed_there(tmp_path: Path) -> None:
    first = sse(created(), START, said("Hel", "e3"), done=False, hangs=True)
    second = sse(said("lo", "e4"), STOP, completed())
    answers = first, second, told("completed", "Hello")
    async with two(tmp_path, "upstream", *answers) as (behind, one, other, client):
        came = await cut_off(client, one, "Hel")
        own, token = came[0]["interaction"]["id"], came[-1]["event_id"]
        path = f"{other.http}/v1beta/interactions/{own}?stream=true"
        async with client.get(f"{path}&last_event_id={token}") as answer:
            resumed = await rest(answer)
        stored = await fetched(client, other, own)

    assert behind.asked[1].query == {"stream": "true", "last_event_id": "e3"}
    assert texts([*came, *resumed]) == "Hello"
    assert outputs(stored) == ["Hello"]
    assert THEIRS not in json.dumps([came, resumed, stored])


@pytest.mark.parametrize("store", ["both", "upstream"])
async def test_background_work_goes_on_at_the_server(
    store: str, tmp_path: Path
) -> None:
    first = sse(created(), START, said("Hel", "e3"), done=False, hangs=True)
    answers = told("in_progress"), first, told("completed", "Hello")
    async with two(tmp_path, store, *answers) as (behind, one, other, client):
        url = f"{one.http}/v1beta/interactions"
        sent = {"model": "m", "input": "a", "background": True}
        async with client.post(url, json=sent) as answer:
            own = (await answer.json())["id"]
        async with client.get(f"{url}/{own}?stream=true") as answer:
            await some(answer, "Hel")
            await kill(one)
        stored = await fetched(client, other, own)
        asked = len(behind.asked)
        again = await fetched(client, other, own)

    assert stored["status"] == again["status"] == "completed"
    assert outputs(stored) == outputs(again) == ["Hello"]
    assert [asked.method for asked in behind.asked].count("POST") == 1
    assert len(behind.asked) == asked + (store == "upstream")
