"""Function calls in streams: ids, names and arguments in pieces (contract §6.2)."""

from __future__ import annotations

import json

from tests.sdk.python import shapes
from tests.sdk.python.behaviours.functions import TOOLS, WEATHER, result_of
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour


@behaviour("functions", "§6.2")
async def a_call_is_streamed(c: Case) -> None:
    heard = await c.stream(model=c.model("call"), input="Weather?", tools=[WEATHER])
    (call,) = heard.calls
    assert (call.name, call.arguments) == ("get_weather", {"location": "Paris"})
    assert heard.completed.status == "requires_action"
    (stored,) = shapes.calls(await c.get(heard.id))
    assert (stored.id, stored.arguments) == (call.id, call.arguments)


@behaviour("functions", "§6.2")
async def arguments_in_small_fragments_are_put_together(c: Case) -> None:
    wanted = {"location": "Saint-Rémy-de-Provence", "days": [1, 2, 3]}
    model = c.model(f"call-fragments:{json.dumps(wanted)}")
    heard = await c.stream(model=model, input="Weather?", tools=[WEATHER])
    (call,) = heard.calls
    assert call.arguments == wanted


@behaviour("functions", "§6.2", "ask-11")
async def parallel_calls_are_streamed_apart(c: Case) -> None:
    model = c.model("parallel:3")
    heard = await c.stream(model=model, input="Weather?", tools=TOOLS)
    names = [call.name for call in heard.calls]
    assert names == ["get_weather", "get_time", "get_weather"]
    assert len({call.id for call in heard.calls}) == 3
    starts = [event.index for event in heard.of("start")]
    assert starts == sorted(set(starts))


@behaviour("functions", "ask-7", "ask-8")
async def a_streamed_call_continues_with_a_streamed_answer(c: Case) -> None:
    model = c.model("call")
    first = await c.stream(model=model, input="Weather?", tools=[WEATHER])
    (call,) = first.calls
    second = await c.stream(
        model=model,
        previous_interaction_id=first.id,
        input=[result_of(call, "22")],
        tools=[WEATHER],
    )
    assert second.text == "Results: get_weather=22."
    assert second.completed.status == "completed"
    assert second.id not in {"", first.id}
