"""Function calling: stateful, results in every form and order (contract §9)."""

from __future__ import annotations

import json
from typing import Any

from tests.sdk.python import shapes
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a place.",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}
TIME = {**WEATHER, "name": "get_time", "description": "The time of a place."}
TOOLS = [WEATHER, TIME]


def result_of(call: shapes.Part, value: Any, **more: Any) -> dict[str, Any]:
    """Give the result of a call."""
    return {"type": "function_result", "call_id": call.id, "result": value, **more}


async def called(c: Case, model: str, tools: Any = (WEATHER,)) -> tuple[Any, Any]:
    """Give an interaction that waits for results, and its calls."""
    made = await c.create(model=model, input="Weather?", tools=list(tools))
    assert made.status == "requires_action", made
    return made, shapes.calls(made)


async def answered(c: Case, model: str, previous: str, *results: Any) -> Any:
    """Continue with results."""
    return await c.create(
        model=model,
        previous_interaction_id=previous,
        input=list(results),
        tools=TOOLS,
    )


@behaviour("functions")
async def a_call_stops_with_requires_action(c: Case) -> None:
    made, (call,) = await called(c, c.model("call"))
    assert (call.name, call.arguments) == ("get_weather", {"location": "Paris"})
    assert call.id
    assert (await c.get(made.id)).status == "requires_action"


@behaviour("functions", "ask-18")
async def a_declaration_reaches_the_model_as_it_is(c: Case) -> None:
    parameters = {"type": "object", "properties": {}, "required": []}
    tool = {
        "type": "function",
        "name": "ping",
        "description": "Ping.",
        "parameters": parameters,
    }
    body = await c.echo(input="Hi", tools=[tool, WEATHER])
    first, second = (entry["function"] for entry in body["tools"])
    assert first == {
        "name": "ping",
        "description": "Ping.",
        "parameters": parameters,
    }
    assert second["parameters"] == WEATHER["parameters"]
    assert list(second["parameters"]) == list(WEATHER["parameters"])  # type: ignore[call-overload]


@behaviour("functions")
async def a_function_without_parameters_can_be_called(c: Case) -> None:
    _, (call,) = await called(
        c, c.model("call"), [{"type": "function", "name": "ping"}]
    )
    assert (call.name, call.arguments or {}) == ("ping", {})


@behaviour("functions", "after-results", "ask-8", "ask-24")
async def a_result_completes_in_a_new_interaction(c: Case) -> None:
    model = c.model("call")
    made, (call,) = await called(c, model)
    done = await answered(c, model, made.id, result_of(call, "22 °C", name=call.name))
    assert done.status == "completed"
    assert done.id != made.id
    assert shapes.text(done) == "Results: get_weather=22 °C."
    assert shapes.calls(done) == []
    assert (await c.get(made.id)).status == "requires_action"


@behaviour("functions")
async def an_object_as_result_reaches_the_model_as_json(c: Case) -> None:
    model = c.model("call")
    made, (call,) = await called(c, model)
    value = {"celsius": 22, "sky": {"clear": True}}
    await answered(c, model, made.id, result_of(call, value, name=call.name))
    body = (await c.asked(model))[-1]
    assert json.loads(body["messages"][-1]["content"]) == value


@behaviour("functions")
async def a_list_of_texts_as_result_reaches_the_model(c: Case) -> None:
    model = c.model("call")
    made, (call,) = await called(c, model)
    value = [{"type": "text", "text": "22 °C"}]
    done = await answered(c, model, made.id, result_of(call, value, name=call.name))
    assert "22 °C" in shapes.text(done)
    assert done.status == "completed"


@behaviour("functions", "ask-9")
async def a_result_needs_no_name(c: Case) -> None:
    model = c.model("call")
    made, (call,) = await called(c, model)
    done = await answered(c, model, made.id, result_of(call, "22"))
    assert shapes.text(done) == "Results: get_weather=22."


@behaviour("functions", "ask-10")
async def an_error_flag_on_a_result_is_accepted(c: Case) -> None:
    model = c.model("call")
    made, (call,) = await called(c, model)
    result = result_of(call, "no such place", is_error=True)
    done = await answered(c, model, made.id, result)
    assert done.status == "completed"
    assert "no such place" in shapes.text(done)


@behaviour("functions", "ask-10")
async def extra_ids_on_steps_are_tolerated(c: Case) -> None:
    model = c.model("call")
    made, (call,) = await called(c, model)
    result = result_of(call, "22", id="r1", is_error=False)
    done = await c.create(
        model=model,
        input="x",
        extra_body={
            "input": [result],
            "tools": TOOLS,
            "previous_interaction_id": made.id,
        },
    )
    assert shapes.text(done) == "Results: get_weather=22."


@behaviour("functions", "ask-11")
async def parallel_results_pair_in_any_order(c: Case) -> None:
    model = c.model("parallel")
    made, (first, second) = await called(c, model, TOOLS)
    assert (first.name, second.name) == ("get_weather", "get_time")
    assert first.id != second.id
    done = await answered(
        c, model, made.id, result_of(second, "noon"), result_of(first, "sun")
    )
    found = shapes.text(done)
    assert "get_weather=sun" in found
    assert "get_time=noon" in found


@behaviour("functions", "ask-11")
async def calls_of_the_same_function_pair_by_id(c: Case) -> None:
    model = c.model("parallel:3")
    made, calls = await called(c, model)
    results = [result_of(call, f"r{n}") for n, call in enumerate(calls)]
    await answered(c, model, made.id, *reversed(results))
    messages = (await c.asked(model))[-1]["messages"]
    (assistant,) = [m for m in messages if m.get("tool_calls")]
    ids = [call["id"] for call in assistant["tool_calls"]]
    told = {m["tool_call_id"]: m["content"] for m in messages if m["role"] == "tool"}
    assert [told[name] for name in ids] == ["r0", "r1", "r2"]


@behaviour("functions", "ask-11", "ask-9", "400")
async def an_unknown_call_id_is_named(c: Case) -> None:
    model = c.model("call")
    made, _ = await called(c, model)
    wrong = {"type": "function_result", "call_id": "no-such-call", "result": "x"}
    await c.refusal(
        "no-such-call",
        "call_id",
        model=model,
        previous_interaction_id=made.id,
        input=[wrong],
    )
    assert await c.seen(model) == 1


@behaviour("functions", "ask-11", "400")
async def a_result_without_any_call_is_refused(c: Case) -> None:
    wrong = {"type": "function_result", "call_id": "c1", "name": "f", "result": "x"}
    await c.refusal("call_id", model=c.model("hello"), input=[wrong])
    assert await c.seen(c.model("hello")) == 0


@behaviour("functions")
async def results_may_come_one_at_a_time(c: Case) -> None:
    model = c.model("parallel")
    made, (first, second) = await called(c, model, TOOLS)
    half = await answered(c, model, made.id, result_of(first, "sun"))
    assert half.status == "completed"
    open_result = (await c.asked(model))[-1]["messages"][-1]
    assert open_result["role"] == "tool"
    await answered(c, model, half.id, result_of(second, "noon"))
    messages = (await c.asked(model))[-1]["messages"]
    told = [m["content"] for m in messages if m["role"] == "tool"]
    assert told == ["sun", "noon"]


@behaviour("functions")
async def words_instead_of_a_result_are_heard(c: Case) -> None:
    model = c.model("call")
    made, _ = await called(c, model)
    said = await c.create(
        model=model, previous_interaction_id=made.id, input="Never mind."
    )
    assert said.status == "completed"
    messages = (await c.asked(model))[-1]["messages"]
    roles = [m["role"] for m in messages]
    assert roles == ["user", "assistant", "tool", "user"]
    assert messages[2]["content"]


@behaviour("functions")
async def a_late_result_takes_its_place(c: Case) -> None:
    model = c.model("call")
    made, (call,) = await called(c, model)
    said = await c.create(
        model=c.model("hello"), previous_interaction_id=made.id, input="Wait."
    )
    await c.create(
        model=c.model("hello"),
        previous_interaction_id=said.id,
        input=[result_of(call, "22")],
    )
    messages = (await c.asked(c.model("hello")))[-1]["messages"]
    told = [m["content"] for m in messages if m["role"] == "tool"]
    assert told == ["22"]


@behaviour("functions", "after-results")
async def several_rounds_end_with_an_answer(c: Case) -> None:
    model = c.model("call-again:3")
    made, calls = await called(c, model)
    rounds = 0
    while made.status == "requires_action":
        rounds += 1
        (call,) = calls
        made = await answered(c, model, made.id, result_of(call, f"r{rounds}"))
        calls = shapes.calls(made)
    assert rounds == 3
    assert shapes.text(made) == "Results: get_weather=r3."


@behaviour("functions")
async def a_text_before_a_call_is_kept(c: Case) -> None:
    made, (call,) = await called(c, c.model("call-text"))
    assert shapes.text(made) == "Let me look. "
    assert [part.type for part in shapes.parts(made)] == ["text", "function_call"]
    assert call.name == "get_weather"


@behaviour("previous", "ask-23")
async def tools_are_not_inherited(c: Case) -> None:
    model = c.model("call")
    made, (call,) = await called(c, model)
    await c.create(
        model=model, previous_interaction_id=made.id, input=[result_of(call, "22")]
    )
    assert "tools" not in (await c.asked(model))[-1]


@behaviour("functions")
async def arguments_keep_their_value(c: Case) -> None:
    wanted = {"z": 1, "a": 9007199254740993, "text": "ü\n", "deep": [{"x": None}]}
    model = c.model(f"call:{json.dumps(wanted)}")
    made, (call,) = await called(c, model)
    assert call.arguments == wanted
    await answered(c, model, made.id, result_of(call, "ok"))
    (turn,) = [m for m in (await c.asked(model))[-1]["messages"] if "tool_calls" in m]
    sent = turn["tool_calls"][0]["function"]["arguments"]
    assert json.loads(sent) == wanted
    assert list(json.loads(sent)) == list(wanted)


@behaviour("functions", "400")
async def a_function_without_a_name_is_refused(c: Case) -> None:
    await c.refusal(
        "tools[0]",
        model=c.model("hello"),
        input="Hi",
        extra_body={"tools": [{"type": "function"}]},
    )
