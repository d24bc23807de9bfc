"""Interactions that run at a server with this same API: followed, cut and stopped."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.relays.replay import events, replaying
from tests.relays.test_keeping import pair
from tests.relays.world import relay, serving

HANGING = {"model": "m", "input": "script: words 3; hang", "stream": True}

ASKED = {"model": "m", "input": "a", "stream": True}

THEIRS = "v1_theirs"


def sse(*events: dict[str, Any], done: bool = True, **more: Any) -> dict[str, Any]:
    """Return a canned stream."""
    blocks: list[dict[str, Any]] = [{"data": event} for event in events]
    if done:
        blocks.append({"event": "done", "data": "[DONE]"})
    return {"sse": blocks, **more}


def created(status: str = "in_progress") -> dict[str, Any]:
    named = {"id": THEIRS, "status": status, "object": "interaction", "model": "m"}
    return {"event_type": "interaction.created", "interaction": named, "event_id": "e1"}


def completed(status: str = "completed") -> dict[str, Any]:
    named = {"id": THEIRS, "status": status, "object": "interaction", "model": "m"}
    return {
        "event_type": "interaction.completed",
        "interaction": named,
        "event_id": "e9",
    }


START = {
    "event_type": "step.start",
    "index": 0,
    "step": {"type": "model_output"},
    "event_id": "e2",
}
STOP = {"event_type": "step.stop", "index": 0, "event_id": "e8"}


def said(text: str, token: str | None) -> dict[str, Any]:
    delta = {"type": "text", "text": text}
    event = {"event_type": "step.delta", "index": 0, "delta": delta}
    return event if token is None else {**event, "event_id": token}


def told(status: str, text: str = "") -> dict[str, Any]:
    """Return what the server answers when it is asked for the interaction."""
    steps: list[Any] = [
        {"type": "user_input", "content": [{"type": "text", "text": "a"}]}
    ]
    if text:
        content = [{"type": "text", "text": text}]
        steps.append({"type": "model_output", "content": content})
    named = {"id": THEIRS, "status": status, "object": "interaction", "model": "m"}
    return {"json": {**named, "steps": steps}}


async def some(answer: aiohttp.ClientResponse, wanted: str) -> list[Any]:
    """Read a stream until an event has a text in it; give the events so far."""
    text = ""
    async with asyncio.timeout(20):
        while wanted not in text:
            text += (await answer.content.readany()).decode()
    return events(text[: text.rindex("\n\n") + 2])


def texts(events: list[Any]) -> str:
    return "".join(event.get("delta", {}).get("text", "") for event in events)


@pytest.mark.parametrize("store", ["upstream", "both"])
async def test_a_running_stream_is_followed_and_cancelled(
    store: str, tmp_path: Path
) -> None:
    async with pair(tmp_path, store) as both:
        front = both.front
        async with await front.ask("POST", "interactions", HANGING) as first:
            came = await some(first, "word2")
            own, token = came[0]["interaction"]["id"], came[-2]["event_id"]
            path = f"interactions/{own}?stream=true&last_event_id={token}"
            async with await front.ask("GET", path) as second:
                more = await some(second, "word2")
                status, stopped = await front.call("POST", f"interactions/{own}/cancel")
                ended = events((await second.content.read()).decode())
        fetched = await front.get(own)
        again, _ = await front.call("POST", f"interactions/{own}/cancel")
        behind = await both.listed()

    assert texts(more) == texts(came)[len(texts(came[:-1])) :]
    assert (status, stopped["status"], fetched["status"]) == (
        200,
        "cancelled",
        "cancelled",
    )
    assert ended[-1]["interaction"]["status"] == "cancelled"
    assert again in (200, 400)
    assert [entry["status"] for entry in behind] == ["cancelled"]


async def test_a_stream_kept_here_only_is_cancelled_here(tmp_path: Path) -> None:
    async with pair(tmp_path, "here") as both:
        front = both.front
        async with await front.ask("POST", "interactions", HANGING) as first:
            came = await some(first, "word2")
            own = came[0]["interaction"]["id"]
            status, stopped = await front.call("POST", f"interactions/{own}/cancel")

    assert (status, stopped["status"]) == (200, "cancelled")
    assert stopped["steps"][-1]["content"][0]["text"] == texts(came)


@pytest.mark.parametrize("store", ["here", "both"])
async def test_a_stream_goes_on_when_its_caller_leaves(
    store: str, tmp_path: Path
) -> None:
    slow = sse(created(), START, said("Hel", "e3"), done=False, hangs=True)
    async with (
        replaying(slow) as google,
        serving(tmp_path, relay(google.url, store)) as site,
    ):
        sent = {"model": "m", "input": "a", "stream": True}
        async with await site.ask("POST", "interactions", sent) as answer:
            came = await some(answer, "Hel")
        own = came[0]["interaction"]["id"]
        fetched = await site.get(own)
        path = f"interactions/{own}?stream=true"
        async with await site.ask("GET", path) as again:
            more = await some(again, "Hel")

    assert fetched["status"] == "in_progress"
    assert [e["event_type"] for e in more] == [e["event_type"] for e in came]


async def test_a_broken_stream_is_taken_up_where_it_was(tmp_path: Path) -> None:
    ends = {"abort": True, "waits": True}
    first = sse(created(), START, said("Hel", "e3"), done=False, **ends)
    second = sse(said("lo", "e4"), STOP, completed())
    async with (
        replaying(first, second) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        sent = {"model": "m", "input": "a", "stream": True}
        async with await site.ask("POST", "interactions", sent) as answer:
            came = await some(answer, "Hel")
            google.released.set()
            came += events((await answer.content.read()).decode())
        fetched = await site.get(came[0]["interaction"]["id"])

    assert texts(came) == "Hello"
    assert [e["event_type"] for e in came].count("interaction.created") == 1
    assert came[-1]["interaction"]["status"] == "completed"
    assert fetched["steps"][-1]["content"][0]["text"] == "Hello"
    asked = google.asked[1]
    assert (asked.method, asked.path) == ("GET", f"/v1beta/interactions/{THEIRS}")
    assert asked.query == {"stream": "true", "last_event_id": "e3"}


@pytest.mark.parametrize("end", ["abort", "eof"])
async def test_a_stream_cut_for_good_ends_with_an_error_and_is_fetched_later(
    end: str, tmp_path: Path
) -> None:
    bare = {k: v for k, v in created().items() if k != "event_id"}
    start = {k: v for k, v in START.items() if k != "event_id"}
    cut = sse(bare, start, said("Hel", None), done=False, abort=end == "abort")
    async with (
        replaying(cut, told("in_progress"), told("completed", "Hello")) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        sent = {"model": "m", "input": "a", "stream": True}
        came = await site.stream("POST", "interactions", sent)
        own = came[0]["interaction"]["id"]
        running = await site.get(own)
        ended = await site.get(own)
        asked = len(google.asked)
        settled = await site.get(own)

    assert came[-1]["event_type"] == "error"
    assert came[-1]["error"]["code"] == "bad_gateway"
    assert running["status"] == "in_progress"
    assert ended == settled
    assert ended["status"] == "completed"
    assert ended["steps"][-1]["content"][0]["text"] == "Hello"
    assert len(google.asked) == asked  # what has ended is here


@pytest.mark.parametrize("store", ["here", "upstream"])
async def test_a_cut_stream_ends_with_an_error(store: str, tmp_path: Path) -> None:
    bare = {k: v for k, v in created().items() if k != "event_id"}
    ends = {"abort": True, "waits": True}
    start = {k: v for k, v in START.items() if k != "event_id"}
    cut = sse(bare, start, said("Hel", None), done=False, **ends)
    if store == "here":
        cut["sse"][0]["data"]["interaction"]["id"] = ""
    async with (
        replaying(cut) as google,
        serving(tmp_path, relay(google.url, store)) as site,
    ):
        sent = {"model": "m", "input": "a", "stream": True}
        async with await site.ask("POST", "interactions", sent) as answer:
            came = await some(answer, "Hel")
            google.released.set()
            came += events((await answer.content.read()).decode())
        if store == "here":
            fetched = await site.get(came[0]["interaction"]["id"])
            assert fetched["status"] == "failed"
            assert fetched["errors"][0]["code"] == "bad_gateway"

    assert came[-1]["event_type"] == "error"


async def test_a_stream_that_nobody_keeps_has_no_id(tmp_path: Path) -> None:
    begin, end = created(), completed()
    begin["interaction"]["id"] = end["interaction"]["id"] = ""
    stream = sse(begin, START, said("Hello", "e3"), STOP, end)
    async with (
        replaying(stream) as google,
        serving(tmp_path, relay(google.url, "upstream")) as site,
    ):
        came = await site.stream("POST", "interactions", ASKED)
        _, page = await site.call("GET", "interactions")

    assert texts(came) == "Hello"
    assert [came[0]["interaction"]["id"], came[-1]["interaction"]["id"]] == ["", ""]
    assert page.get("interactions", []) == []


async def test_an_error_event_passes_and_the_interaction_has_failed(
    tmp_path: Path,
) -> None:
    wrong = {"message": "Out of luck.", "code": "bad_luck"}
    failed = sse(created(), {"event_type": "error", "error": wrong})
    async with (
        replaying(failed) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        sent = {"model": "m", "input": "a", "stream": True}
        came = await site.stream("POST", "interactions", sent)
        fetched = await site.get(came[0]["interaction"]["id"])

    assert came[-1] | {"event_id": None} == {
        "event_type": "error",
        "error": wrong,
        "event_id": None,
    }
    assert (fetched["status"], fetched["errors"]) == ("failed", [wrong])


@pytest.mark.parametrize("store", ["upstream", "both"])
async def test_background_work_is_polled_followed_and_settled(
    store: str, tmp_path: Path
) -> None:
    ack = told("in_progress")
    stream = sse(created(), START, said("Done.", "e3"), STOP, completed())
    answers = (ack, told("in_progress"), stream, told("completed", "Done."))
    async with (
        replaying(*answers) as google,
        serving(tmp_path, relay(google.url, store)) as site,
    ):
        begun = await site.create(agent="a", input="a", background=True)
        own = begun["id"]
        polled = await site.get(own)
        came = await site.stream("GET", f"interactions/{own}?stream=true")
        ended = await site.get(own)

    assert google.asked[0].body["background"] is True
    assert (begun["status"], polled["status"]) == ("in_progress", "in_progress")
    assert came[-1]["interaction"] | {"id": own} == came[-1]["interaction"]
    assert texts(came) == "Done."
    assert ended["status"] == "completed"
    assert ended["id"] == own
    assert ended["steps"][-1]["content"][0]["text"] == "Done."
    assert THEIRS not in json.dumps([begun, polled, came, ended])


async def test_what_is_kept_here_only_does_not_work_in_the_background(
    tmp_path: Path,
) -> None:
    async with (
        replaying(told("in_progress")) as google,
        serving(tmp_path, relay(google.url, "here")) as site,
    ):
        sent = {"model": "m", "input": "a", "background": True}
        status, body = await site.call("POST", "interactions", sent)

    assert (status, google.asked) == (400, [])
    assert "background" in body["error"]["message"]


async def test_what_the_server_loses_while_it_runs_has_failed(tmp_path: Path) -> None:
    lost = {"status": 404, "json": {"error": {"message": "Gone.", "code": "not_found"}}}
    async with (
        replaying(told("in_progress"), lost) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        begun = await site.create(model="m", input="a", background=True)
        fetched = await site.get(begun["id"])

    assert fetched["status"] == "failed"
    assert '"e" has lost it' in fetched["errors"][0]["message"]


async def test_a_server_that_starts_again_finds_what_ran_meanwhile(
    tmp_path: Path,
) -> None:
    async with replaying(told("in_progress"), told("completed", "Done.")) as google:
        settings = relay(google.url)
        async with serving(tmp_path, settings) as site:
            begun = await site.create(model="m", input="a", background=True)
        async with serving(tmp_path, settings) as site:
            fetched = await site.get(begun["id"])

    assert fetched["status"] == "completed"


async def test_a_continued_answer_is_asked_for_again(tmp_path: Path) -> None:
    part = told("requires_continuation", "Once upon")
    part["json"]["continuation_token"] = "t1"
    for store in ("here", "both"):
        async with (
            replaying(part, told("completed", " a time.")) as google,
            serving(tmp_path / store, relay(google.url, store)) as site,
        ):
            first = await site.create(model="m", input="a")
            second = await site.create(
                model="m",
                previous_interaction_id=first["id"],
                continuation_token="t1",
            )
        sent = google.asked[1].body
        assert second["previous_interaction_id"] == first["id"]
        assert sent["continuation_token"] == "t1"
        if store == "both":
            assert sent["previous_interaction_id"] == THEIRS
            assert "input" not in sent
        else:
            assert "previous_interaction_id" not in sent
            assert sent["input"][0]["content"][0]["text"] == "a"
