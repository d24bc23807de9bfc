"""Whatever a server with this same API may say comes out as it said it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.relays.replay import Answer, answers, fixture, names, replaying, said
from tests.relays.world import OLD, relay, serving

STORES = ("upstream", "here", "both")

UNARY = [
    name
    for name in names("steps_unary_", "steps_", "both_")
    if not name.startswith(("steps_stream_", "steps_get_", "steps_unary_sse"))
    and fixture(name)["call"]["op"] == "interactions.create"
    and not fixture(name)["call"].get("stream")
]
STREAMS = [
    name
    for name in names("steps_stream_")
    if fixture(name)["call"]["op"] == "interactions.create"
    and name not in {"steps_stream_json_response", "steps_stream_disconnect"}
    and name != "steps_stream_missing_event_type"
]
ERRORS = [name for name in names("err_") if answers(name)[0]["status"] >= 400]
GETS = names("steps_get_")


OLDER = {
    "steps_stream_text",
    "steps_stream_function_call",
    "steps_stream_thinking",
    "steps_stream_google_search",
    "steps_stream_media",
    "steps_stream_no_event_lines",
}
"""What the older revision has words for."""


def plain(value: Any) -> Any:
    """Return a JSON value without what stands for nothing (contract §2.3)."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: plain(item)
        for key, item in value.items()
        if item is not None and item != []
    }


def body(name: str) -> dict[str, Any]:
    args: dict[str, Any] = fixture(name)["call"]["args"]
    return {key: args[key] for key in args if not key.startswith("_")}


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", UNARY)
async def test_an_answer_comes_out_as_it_was(
    name: str, store: str, tmp_path: Path
) -> None:
    answer = answers(name)[0]
    sent = body(name)
    if store == "here":
        sent.pop("background", None)
    async with (
        replaying(answer) as google,
        serving(tmp_path, relay(google.url, store)) as site,
    ):
        status, came = await site.call("POST", "interactions", sent)

    assert status == 200
    expected = answer["json"]
    if "id" in came:
        expected = {**expected, "id": came["id"]}
    assert plain(came) == plain(expected)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_comes_out_event_by_event(
    name: str, store: str, tmp_path: Path
) -> None:
    answer = answers(name)[0]
    sent = {**body(name), "stream": True}
    if store == "here":
        sent.pop("background", None)
    async with (
        replaying(answer) as google,
        serving(tmp_path, relay(google.url, store)) as site,
    ):
        came = await site.stream("POST", "interactions", sent)

    expected = said(answer)
    assert [bare(event) for event in came] == [bare(event) for event in expected]
    if store == "upstream":
        tokens = [event.get("event_id") for event in came]
        assert tokens == [event.get("event_id") for event in expected]


def bare(event: dict[str, Any]) -> Any:
    """Return an event without ids of its own and of its interaction."""
    event = {k: v for k, v in plain(event).items() if k != "event_id"}
    if "interaction_id" in event:
        event["interaction_id"] = bool(event["interaction_id"])
    if "interaction" in event:
        members = event["interaction"]
        event["interaction"] = {k: v for k, v in members.items() if k != "id"}
    return event


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_keeps_its_status_and_its_body(
    name: str, stream: bool, tmp_path: Path
) -> None:
    answer = answers(name)[0]
    async with (
        replaying(answer) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        status, came = await site.call(
            "POST", "interactions", {"model": "m", "input": "Hi", "stream": stream}
        )

    assert status == answer["status"]
    error = _error(answer)
    if error is not None:
        assert came == {"error": error}
    else:
        assert came["error"]["message"]
        assert came["error"]["code"]


def _error(answer: Answer) -> Any:
    found = answer.get("json")
    if isinstance(found, list):
        found = found[0]
    return found["error"] if isinstance(found, dict) else None


@pytest.mark.parametrize("name", GETS)
async def test_what_only_the_server_has_is_fetched_as_it_is(
    name: str, tmp_path: Path
) -> None:
    begun = {"json": {"id": "v1_test0001", "status": "in_progress"}}
    answer = answers(name)[0]
    wants = fixture(name)["call"].get("args", {}).get("include_input")
    async with (
        replaying(begun, answer) as google,
        serving(tmp_path, relay(google.url, "upstream")) as site,
    ):
        own = (await site.create(model="m", input="Hi", background=True))["id"]
        came = await site.get(own, "?include_input=true" if wants else "")

    expected = {**answer["json"], "id": own}
    expected.pop("previous_interaction_id", None)  # nothing was continued
    if not wants:
        expected.pop("input", None)
    assert plain(came) == plain(expected)


@pytest.mark.parametrize("name", [n for n in STREAMS if n in OLDER])
async def test_clients_of_the_older_revision_read_it_too(
    name: str, tmp_path: Path
) -> None:
    async with (
        replaying(answers(name)[0]) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        came = await site.stream(
            "POST",
            "interactions",
            {"model": "m", "input": "Hi", "stream": True},
            headers=OLD,
        )

    kinds = [event["event_type"] for event in came]
    assert kinds[0] == "interaction.start"
    assert kinds[-1] == "interaction.complete"
    assert "content.delta" in kinds
    assert not any(kind.startswith("step.") for kind in kinds)


async def test_an_event_of_no_type_is_an_error(tmp_path: Path) -> None:
    answer = answers("steps_stream_missing_event_type")[0]
    async with (
        replaying(answer) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        status, came = await site.call(
            "POST", "interactions", {"model": "m", "input": "Hi", "stream": True}
        )

    assert status == 502
    assert came["error"]["code"] == "bad_gateway"


@pytest.mark.parametrize("name", ["err_200_bad_json", "steps_unary_sse_response"])
async def test_an_answer_that_is_none_is_a_bad_gateway(
    name: str, tmp_path: Path
) -> None:
    async with (
        replaying(answers(name)[0]) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        status, came = await site.call(
            "POST", "interactions", {"model": "m", "input": "Hi"}
        )

    assert status == 502
    assert came["error"]["code"] == "bad_gateway"


@pytest.mark.parametrize("name", ["err_200_no_charset", "err_200_wrong_content_type"])
async def test_an_answer_is_read_whatever_it_is_called(
    name: str, tmp_path: Path
) -> None:
    async with (
        replaying(answers(name)[0]) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        came = await site.create(model="m", input="Hi")

    assert came["status"] == "completed"


async def test_a_whole_answer_to_a_stream_is_told_as_events(tmp_path: Path) -> None:
    async with (
        replaying(answers("steps_stream_json_response")[0]) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        came = await site.stream(
            "POST", "interactions", {"model": "m", "input": "Hi", "stream": True}
        )

    assert came[0]["event_type"] == "interaction.created"
    assert came[-1]["event_type"] == "interaction.completed"


async def test_when_to_try_again_is_passed_on(tmp_path: Path) -> None:
    async with (
        replaying(answers("retry_after_seconds")[0]) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        answer = await site.ask("POST", "interactions", {"model": "m", "input": "a"})
        async with answer:
            assert answer.status == 429
            assert answer.headers["retry-after"] == "1"
