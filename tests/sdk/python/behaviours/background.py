"""Background work: asked for, polled, followed, cancelled, deleted (contract §9)."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sdk.python import shapes
from tests.sdk.python.behaviours.streams import first_text
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

POLLS = 300
POLL_SECONDS = 0.05
RUNNING = ("queued", "in_progress")


async def ended(c: Case, name: str) -> Any:
    """Poll as the guides do, until the status is another than those two."""
    for _ in range(POLLS):
        found = await c.get(name)
        if found.status not in RUNNING:
            return found
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError(f"{name} still runs")


@behaviour("background", "§8.2")
async def background_work_is_answered_at_once_and_polled(c: Case) -> None:
    model = c.model("slow")
    made = await c.create(model=model, input="Hi", background=True)
    assert made.id
    assert made.status in RUNNING
    assert shapes.parts(made) == []
    await c.door("GET", "_waiting", model=model)
    assert (await c.get(made.id)).status == "in_progress"
    await c.door("POST", "_release", model=model)
    found = await ended(c, made.id)
    assert (found.status, shapes.text(found)) == ("completed", "word0 word1 word2 ")
    assert found.usage.total_tokens


@behaviour("background", "§6.2")
async def background_work_is_streamed(c: Case) -> None:
    heard = await c.stream(model=c.model("words:5"), input="Hi", background=True)
    assert heard.kinds == ["created", "status", "start", "delta", "stop", "completed"]
    assert heard.text == "word0 word1 word2 word3 word4 "
    assert shapes.text(await c.get(heard.id)) == heard.text


@behaviour("background", "§6.4")
async def background_work_is_followed_from_where_it_was_left(c: Case) -> None:
    model = c.model("slow")
    async with c.open(model=model, input="Hi", background=True) as events:
        name, heard = await first_text(events)
    await c.door("POST", "_release", model=model)
    rest = await c.replay(name, last_event_id=heard[-1].event_id)
    assert rest.text == "word1 word2 "
    assert rest.completed.status == "completed"


@behaviour("background", "§6.4")
async def background_work_is_followed_by_whoever_has_the_id(c: Case) -> None:
    model = c.model("slow")
    made = await c.create(model=model, input="Hi", background=True)
    await c.door("GET", "_waiting", model=model)
    await c.door("POST", "_release", model=model)
    heard = await c.replay(made.id)
    assert heard.kinds[0] == "created"
    assert heard.text == "word0 word1 word2 "


@behaviour("background", "cancel")
async def background_work_is_cancelled(c: Case) -> None:
    model = c.model("slow")
    made = await c.create(model=model, input="Hi", background=True)
    await c.door("GET", "_waiting", model=model)
    assert (await c.cancel(made.id)).status == "cancelled"
    found = await c.get(made.id)
    assert (found.status, shapes.text(found)) == ("cancelled", "word0 ")


@behaviour("background", "delete")
async def background_work_is_deleted_while_it_runs(c: Case) -> None:
    model = c.model("slow")
    made = await c.create(model=model, input="Hi", background=True)
    await c.door("GET", "_waiting", model=model)
    await c.delete(made.id)
    failure = await c.failure(c.get(made.id))
    assert failure.kind == "NotFoundError", failure


@behaviour("background", "400")
async def background_work_that_the_model_refuses_fails(c: Case) -> None:
    made = await c.create(model=c.model("status:400"), input="Hi", background=True)
    found = await ended(c, made.id)
    assert found.status == "failed"


@behaviour("background", "functions")
async def background_work_may_want_a_function(c: Case) -> None:
    tool = {
        "type": "function",
        "name": "get_weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    made = await c.create(
        model=c.model("call"), input="Hi", tools=[tool], background=True
    )
    found = await ended(c, made.id)
    assert found.status == "requires_action"


@behaviour("background", "previous-running", "400")
async def background_work_cannot_be_continued_while_it_runs(c: Case) -> None:
    model = c.model("slow")
    made = await c.create(model=model, input="Hi", background=True)
    await c.refusal(
        "previous_interaction_id",
        model=c.model("hello"),
        input="Go on",
        previous_interaction_id=made.id,
    )
    await c.door("GET", "_waiting", model=model)
    await c.door("POST", "_release", model=model)
    await ended(c, made.id)
    again = await c.create(
        model=c.model("hello"), input="Go on", previous_interaction_id=made.id
    )
    assert shapes.text(again) == "Hello."


@behaviour("deferred")
async def deferred_work_waits_first(c: Case) -> None:
    made = await c.create(
        model=c.model("hello"),
        input="Hi",
        background=True,
        extra_body={"service_tier": "deferred"},
    )
    assert made.status == "queued"
    found = await ended(c, made.id)
    assert (found.status, shapes.text(found)) == ("completed", "Hello.")
