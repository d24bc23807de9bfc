"""A server of this project behind another one, wherever interactions are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.relays.world import OLD, SCRIPTED, Site, relay, serving

STORES = ("upstream", "here", "both")
CHAT = """
[endpoints.demo]
dialect = "scripted"
[models.demo]
endpoint = "demo"
"""
TOOL = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
}

CALL = 'script: call get_weather {"location": "Paris"}'


@dataclass
class Pair:
    """A server in front, and the one behind it."""

    front: Site
    behind: Site

    async def listed(self) -> list[dict[str, Any]]:
        """Return what the server behind has stored, newest first."""
        _, page = await self.behind.call("GET", "interactions")
        return list(page.get("interactions", []))


@asynccontextmanager
async def pair(folder: Path, store: str, *, keys: str = "") -> AsyncIterator[Pair]:
    """Run both."""
    async with (
        serving(folder / "behind", SCRIPTED) as behind,
        serving(
            folder / "front", relay(f"{behind.url}/v1beta", store), CHAT, keys=keys
        ) as front,
    ):
        yield Pair(front, behind)


def text(interaction: dict[str, Any]) -> str:
    """Return what the model said last."""
    outputs = [s for s in interaction["steps"] if s["type"] == "model_output"]
    return str(outputs[-1]["content"][-1]["text"])


@pytest.mark.parametrize("store", STORES)
async def test_what_was_created_is_fetched_replayed_continued_and_deleted(
    store: str, tmp_path: Path
) -> None:
    async with pair(tmp_path, store) as both:
        front = both.front
        first = await front.create(model="m", input="My name is Ada.")
        own = first["id"]
        fetched = await front.get(own)
        replayed = await front.stream("GET", f"interactions/{own}?stream=true")
        second = await front.create(
            model="m", input="And yours?", previous_interaction_id=own
        )
        status, _ = await front.call("DELETE", f"interactions/{own}")
        gone, _ = await front.call("GET", f"interactions/{own}")
        behind = await both.listed()

    assert fetched["steps"][0]["type"] == "user_input"
    assert fetched["steps"][1:] == first["steps"]
    assert replayed[0]["interaction"]["id"] == own
    assert replayed[-1]["interaction"]["status"] == "completed"
    assert second["previous_interaction_id"] == own
    assert second["id"] != own
    assert (status, gone) == (200, 404)
    # The second of the two is all that is left there.
    assert len(behind) == (0 if store == "here" else 1)
    assert second["id"] not in [entry["id"] for entry in behind]


@pytest.mark.parametrize("store", STORES)
async def test_a_stream_resumes_in_the_middle(store: str, tmp_path: Path) -> None:
    async with pair(tmp_path, store) as both:
        front = both.front
        came = await front.stream(
            "POST", "interactions", {"model": "m", "input": "One two.", "stream": True}
        )
        own = came[0]["interaction"]["id"]
        for place, event in enumerate(came):
            token = event["event_id"]
            rest = await front.stream(
                "GET", f"interactions/{own}?stream=true&last_event_id={token}"
            )
            seen = "".join(map(delta, came[: place + 1]))
            assert seen + "".join(map(delta, rest)) == "".join(map(delta, came))
            if place < len(came) - 1:
                assert rest[-1]["event_type"] == "interaction.completed"
                assert rest[-1]["interaction"]["id"] == own
        fetched = await front.get(own)

    assert text(fetched) == "".join(map(delta, came))
    assert len({event["event_id"] for event in came}) == len(came)


def delta(event: dict[str, Any]) -> str:
    return str(event.get("delta", {}).get("text", ""))


@pytest.mark.parametrize("store", STORES)
async def test_calls_and_results_go_back_and_forth(store: str, tmp_path: Path) -> None:
    async with pair(tmp_path, store) as both:
        first = await both.front.create(model="m", input=CALL, tools=[TOOL])
        assert first["status"] == "requires_action", first
        call = next(s for s in first["steps"] if s["type"] == "function_call")
        result = {"type": "function_result", "call_id": call["id"], "result": "22 C"}
        second = await both.front.create(
            model="m",
            input=[result],
            tools=[TOOL],
            previous_interaction_id=first["id"],
        )
        fetched = await both.front.get(second["id"])

    assert second["status"] == "completed"
    assert fetched["steps"][0]["type"] == "function_result"


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize(("first", "second"), [("m", "demo"), ("demo", "m")])
async def test_a_conversation_goes_on_at_another_kind_of_endpoint(
    first: str, second: str, store: str, tmp_path: Path
) -> None:
    async with pair(tmp_path, store) as both:
        front = both.front
        one = await front.create(model=first, input="one")
        two = await front.create(
            model=second, input="two", previous_interaction_id=one["id"]
        )
        three = await front.create(
            model=first, input="three", previous_interaction_id=two["id"]
        )
        fetched = await front.get(two["id"], "?include_input=true")

    # The scripted model says how many turns of the user it has read.
    assert [s["type"] for s in fetched["steps"]][:1] == ["user_input"]
    assert len([s for s in fetched["steps"] if s["type"] == "user_input"]) == 1
    assert three["status"] == "completed"


@pytest.mark.parametrize("store", STORES)
async def test_what_is_another_keys_does_not_exist(store: str, tmp_path: Path) -> None:
    mine, other = {"x-goog-api-key": "mine"}, {"x-goog-api-key": "other"}
    async with pair(tmp_path, store, keys="mine,other") as both:
        front = both.front
        _, made = await front.call(
            "POST", "interactions", {"model": "m", "input": "a"}, headers=mine
        )
        path = f"interactions/{made['id']}"
        seen = [
            (await front.call("GET", path, headers=other))[0],
            (await front.call("GET", f"{path}?stream=true", headers=other))[0],
            (await front.call("POST", f"{path}/cancel", headers=other))[0],
            (await front.call("DELETE", path, headers=other))[0],
        ]
        sent = {"model": "m", "input": "b", "previous_interaction_id": made["id"]}
        continued, _ = await front.call("POST", "interactions", sent, headers=other)
        theirs = [entry["id"] for entry in await both.listed()]
        for remote in theirs:
            guessed, _ = await front.call("GET", f"interactions/{remote}", headers=mine)
            assert guessed == 404
        still, _ = await front.call("GET", path, headers=mine)

    assert seen == [404, 404, 404, 404]
    assert continued == 400
    assert still == 200


@pytest.mark.parametrize("store", STORES)
async def test_what_is_not_stored_is_nowhere(store: str, tmp_path: Path) -> None:
    async with pair(tmp_path, store) as both:
        made = await both.front.create(model="m", input="a", store=False)
        came = await both.front.stream(
            "POST",
            "interactions",
            {"model": "m", "input": "a", "store": False, "stream": True},
        )
        _, page = await both.front.call("GET", "interactions")
        behind = await both.listed()

    assert "id" not in made
    assert came[0]["interaction"]["id"] == ""
    assert came[-1]["event_type"] == "interaction.completed"
    assert (page.get("interactions", []), behind) == ([], [])


async def test_what_the_server_behind_has_lost_is_told_again(tmp_path: Path) -> None:
    async with pair(tmp_path, "both") as both:
        front = both.front
        first = await front.create(model="m", input="one")
        for entry in await both.listed():
            await both.behind.call("DELETE", f"interactions/{entry['id']}")
        fetched = await front.get(first["id"])
        unary = await front.create(
            model="m", input="two", previous_interaction_id=first["id"]
        )
        for entry in await both.listed():
            await both.behind.call("DELETE", f"interactions/{entry['id']}")
        sent = {"model": "m", "input": "three", "stream": True}
        came = await front.stream(
            "POST", "interactions", {**sent, "previous_interaction_id": unary["id"]}
        )
        (newest, *_) = await both.listed()
        _, told = await both.behind.call(
            "GET", f"interactions/{newest['id']}?include_input=true"
        )

    assert text(fetched) == text(first)
    assert came[-1]["interaction"]["status"] == "completed"
    said = [s for s in told["input"] if s["type"] == "user_input"]
    assert [s["content"][0]["text"] for s in said] == ["one", "two", "three"]


async def test_what_only_the_server_behind_had_is_gone_with_it(tmp_path: Path) -> None:
    async with pair(tmp_path, "upstream") as both:
        front = both.front
        first = await front.create(model="m", input="one")
        for entry in await both.listed():
            await both.behind.call("DELETE", f"interactions/{entry['id']}")
        fetched = await front.call("GET", f"interactions/{first['id']}")
        sent = {"input": "two", "previous_interaction_id": first["id"]}
        continued = await front.call("POST", "interactions", {"model": "m", **sent})
        elsewhere = await front.call("POST", "interactions", {"model": "demo", **sent})
        deleted = await front.call("DELETE", f"interactions/{first['id']}")

    assert fetched[0] == 404
    assert first["id"] in fetched[1]["error"]["message"]
    assert continued[0] == 400
    assert elsewhere[0] in (400, 404)
    assert deleted == (200, {})


@pytest.mark.parametrize("store", STORES)
async def test_the_server_behind_is_down(store: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        behind = AsyncExitStack()
        site = await behind.enter_async_context(serving(tmp_path / "b", SCRIPTED))
        settings = relay(f"{site.url}/v1beta", store)
        front = await stack.enter_async_context(serving(tmp_path / "f", settings))
        made = await front.create(model="m", input="one")
        await behind.aclose()
        created = await front.call("POST", "interactions", {"model": "m", "input": "a"})
        sent = {"model": "m", "input": "a", "stream": True}
        streamed = await front.call("POST", "interactions", sent)
        fetched, _ = await front.call("GET", f"interactions/{made['id']}")

    for status, body in (created, streamed):
        assert status == 503
        assert '"e" cannot be reached' in body["error"]["message"]
    assert fetched == (503 if store == "upstream" else 200)


@pytest.mark.parametrize("store", STORES)
async def test_the_older_revision_reads_and_resumes(store: str, tmp_path: Path) -> None:
    async with pair(tmp_path, store) as both:
        front = both.front
        came = await front.stream(
            "POST",
            "interactions",
            {"model": "m", "input": "One two.", "stream": True},
            headers=OLD,
        )
        own = came[0]["interaction"]["id"]
        token = next(e["event_id"] for e in came if e["event_type"] == "content.delta")
        rest = await front.stream(
            "GET",
            f"interactions/{own}?stream=true&last_event_id={token}",
            headers=OLD,
        )
        _, fetched = await front.call("GET", f"interactions/{own}", headers=OLD)

    said = "".join(delta(event) for event in came)
    place = next(i for i, e in enumerate(came) if e.get("event_id") == token)
    before = "".join(delta(event) for event in came[: place + 1])
    assert before + "".join(delta(event) for event in rest) == said
    assert fetched["outputs"][-1]["text"] == said
