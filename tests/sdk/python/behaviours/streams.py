"""Streams: events and their order, replay, resume, leaving (contract §6, §9)."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sdk.python import shapes
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

POLLS = 300
POLL_SECONDS = 0.05


async def finished(c: Case, name: str) -> Any:
    """Poll until the interaction does not run any more; bounded."""
    for _ in range(POLLS):
        found = await c.get(name)
        if found.status != "in_progress":
            return found
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError(f"{name} still runs")


async def first_text(events: Any) -> tuple[str, list[shapes.Event]]:
    """Read up to the first text; give the id and what was read."""
    heard = []
    async for event in events:
        heard.append(event)
        if event.text:
            return heard[0].interaction_id, heard
    raise AssertionError("the stream ended without text")


@behaviour("§6.2")
async def the_events_come_in_order(c: Case) -> None:
    heard = await c.stream(model=c.model("words:5"), input="Hi")
    assert heard.kinds == ["created", "status", "start", "delta", "stop", "completed"]
    assert heard.of("status")[0].raw.status == "in_progress"
    assert heard.of("created")[0].interaction.status == "in_progress"


@behaviour("§6.2")
async def the_text_comes_in_pieces(c: Case) -> None:
    heard = await c.stream(model=c.model("words:5"), input="Hi")
    assert heard.text == "word0 word1 word2 word3 word4 "
    assert len(heard.deltas("text")) > 1


@behaviour("§6.2")
async def the_event_types_are_those_of_the_generation(c: Case) -> None:
    heard = await c.stream(model=c.model("hello"), input="Hi")
    first, last = heard.events[0].type, heard.events[-1].type
    if c.is_legacy:
        assert (first, last) == ("interaction.start", "interaction.complete")
    else:
        assert (first, last) == ("interaction.created", "interaction.completed")


@behaviour("§6.2", "§1.6")
async def a_stream_is_200_with_an_event_stream(c: Case) -> None:
    await c.stream(model=c.model("hello"), input="Hi")
    exchange = c.wire[-1]
    assert exchange.status == 200
    assert exchange.reply["content-type"].startswith("text/event-stream")
    assert "no-cache" in exchange.reply["cache-control"]


@behaviour("§6.2", "ask-7")
async def the_id_stands_in_every_place(c: Case) -> None:
    heard = await c.stream(model=c.model("hello"), input="Hi")
    assert heard.id
    for event in heard.of("created") + heard.of("status") + heard.of("completed"):
        assert event.interaction_id == heard.id, event.type


@behaviour("§6.2", "ask-22")
async def the_terminal_event_sums_up_without_the_steps(c: Case) -> None:
    model = c.model("hello")
    heard = await c.stream(model=model, input="Hi")
    last = heard.completed
    assert (last.status, last.model) == ("completed", model)
    assert last.usage.total_tokens == 12
    assert not shapes.read(last, "steps")
    assert not shapes.read(last, "outputs")
    assert last.created
    assert last.updated


@behaviour("§6.4", "§6.2")
async def every_event_of_a_stored_stream_has_an_event_id(c: Case) -> None:
    heard = await c.stream(model=c.model("words:4"), input="Hi")
    # The older revision opens a content together with what first stands in it.
    joined = "start" if c.is_legacy else ""
    ids = [event.event_id for event in heard.events if event.kind != joined]
    assert all(ids)
    assert len(set(ids)) == len(ids)


@behaviour("scope", "§6.2")
async def a_stream_and_get_tell_the_same(c: Case) -> None:
    heard = await c.stream(model=c.model("words"), input="Hi")
    found = await c.get(heard.id)
    assert shapes.text(found) == heard.text
    assert found.status == heard.completed.status
    assert found.usage.total_tokens == heard.completed.usage.total_tokens


@behaviour("§6.2")
async def text_outside_ascii_is_streamed_whole(c: Case) -> None:
    heard = await c.stream(model=c.model("unicode"), input="Hi")
    assert heard.text == "Zürich 東京 😀 a\u2028b\u0085c"


@behaviour("§6.2")
async def a_character_split_over_chunks_is_streamed_whole(c: Case) -> None:
    heard = await c.stream(model=c.model("surrogates"), input="Hi")
    assert heard.text == "😀"


@behaviour("§6.2")
async def a_backend_without_a_terminator_is_fine(c: Case) -> None:
    heard = await c.stream(model=c.model("no-done"), input="Hi")
    assert (heard.text, heard.completed.status) == ("Hello.", "completed")


@behaviour("§6.2", "§3")
async def an_empty_answer_is_streamed(c: Case) -> None:
    heard = await c.stream(model=c.model("empty"), input="Hi")
    assert (heard.text, heard.completed.status) == ("", "completed")


@behaviour("§6.2")
async def events_come_while_the_model_still_writes(c: Case) -> None:
    model = c.model("slow")
    async with c.open(model=model, input="Hi") as events:
        _, heard = await first_text(events)
        assert heard[-1].text == "word0 "
        await c.door("GET", "_waiting", model=model)
        await c.door("POST", "_release", model=model)
        rest = [event async for event in events]
    assert "".join(event.text for event in rest) == "word1 word2 "


@behaviour("get-running", "scope")
async def a_running_stream_is_in_progress_in_get(c: Case) -> None:
    model = c.model("slow")
    async with c.open(model=model, input="Hi") as events:
        name, _ = await first_text(events)
        assert (await c.get(name)).status == "in_progress"
        await c.door("POST", "_release", model=model)
        async for _ in events:
            pass
    assert (await finished(c, name)).status == "completed"


@behaviour("previous-running", "400")
async def a_running_stream_cannot_be_continued(c: Case) -> None:
    model = c.model("slow")
    async with c.open(model=model, input="Hi") as events:
        name, _ = await first_text(events)
        await c.refusal(
            "previous_interaction_id",
            model=c.model("hello"),
            input="Go on",
            previous_interaction_id=name,
        )
        await c.door("POST", "_release", model=model)
        async for _ in events:
            pass


@behaviour("disconnect")
async def a_stream_that_was_left_goes_on(c: Case) -> None:
    model = c.model("slow")
    async with c.open(model=model, input="Hi") as events:
        name, _ = await first_text(events)
    await c.door("POST", "_release", model=model)
    found = await finished(c, name)
    assert (found.status, shapes.text(found)) == ("completed", "word0 word1 word2 ")


@behaviour("§6.4", "disconnect")
async def a_stream_that_was_left_is_resumed_while_it_runs(c: Case) -> None:
    model = c.model("slow")
    async with c.open(model=model, input="Hi") as events:
        name, heard = await first_text(events)
    await c.door("POST", "_release", model=model)
    rest = await c.replay(name, last_event_id=heard[-1].event_id)
    assert rest.text == "word1 word2 "
    assert rest.completed.status == "completed"


@behaviour("§6.4")
async def a_finished_stream_is_replayed(c: Case) -> None:
    heard = await c.stream(model=c.model("words:4"), input="Hi")
    again = await c.replay(heard.id)
    assert again.text == heard.text
    assert again.id == heard.id
    assert again.completed.status == "completed"
    assert again.kinds[0] == "created"


@behaviour("§6.4")
async def a_unary_interaction_is_replayed(c: Case) -> None:
    made = await c.create(model=c.model("reason"), input="Hi")
    heard = await c.replay(made.id)
    assert heard.text == "The answer."
    assert heard.completed.usage.total_tokens == made.usage.total_tokens


@behaviour("§6.4")
async def a_replay_resumes_after_the_named_event(c: Case) -> None:
    heard = await c.stream(model=c.model("words:4"), input="Hi")
    at = next(n for n, event in enumerate(heard.events) if event.text)
    rest = await c.replay(heard.id, last_event_id=heard.events[at].event_id)
    assert heard.events[at].text + rest.text == heard.text
    assert rest.of("created") == []
    assert rest.completed.status == "completed"


@behaviour("§6.4")
async def nothing_is_left_after_the_last_event(c: Case) -> None:
    heard = await c.stream(model=c.model("hello"), input="Hi")
    rest = await c.replay(heard.id, last_event_id=heard.events[-1].event_id)
    assert rest.events == []


@behaviour("§6.4", "functions")
async def a_call_is_replayed(c: Case) -> None:
    tool = {
        "type": "function",
        "name": "f",
        "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}},
    }
    made = await c.create(model=c.model("call"), input="Hi", tools=[tool])
    heard = await c.replay(made.id)
    (call,) = heard.calls
    assert (call.name, call.arguments) == ("f", {"x": 1})
    assert heard.completed.status == "requires_action"


@behaviour("stream-store-false", "store")
async def a_stream_that_is_not_stored_has_empty_ids(c: Case) -> None:
    heard = await c.stream(model=c.model("hello"), input="Hi", store=False)
    assert heard.text == "Hello."
    for event in heard.of("created") + heard.of("status") + heard.of("completed"):
        assert event.interaction_id == "", event.type


@behaviour("§6.4", "404")
async def replaying_an_unknown_interaction_is_a_404(c: Case) -> None:
    failure = await c.failure(c.replay("v1_bm8tc3VjaC1pbnRlcmFjdGlvbg"))
    assert (failure.kind, failure.status) == ("NotFoundError", 404), failure
    assert failure.attempts == 1, failure
