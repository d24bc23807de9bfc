"""Stateless function calling, and requests as the agent kit sends them (§8.5)."""

from __future__ import annotations

from typing import Any

from tests.sdk.python import shapes
from tests.sdk.python.behaviours.functions import TOOLS, WEATHER, result_of
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

QUESTION = [{"type": "text", "text": "Weather?"}]


def history(c: Case, made: Any, results: list[Any], *, dumped: bool) -> list[Any]:
    """Give the whole conversation the way the SDK's generation writes it."""
    said = made.outputs if c.is_legacy else made.steps
    said = [shapes.plain(item) for item in said] if dumped else list(said)
    if c.is_legacy:
        return [
            {"role": "user", "content": QUESTION},
            {"role": "model", "content": said},
            {"role": "user", "content": results},
        ]
    return [{"type": "user_input", "content": QUESTION}, *said, *results]


async def loop(c: Case, script: str, *, dumped: bool) -> tuple[Any, str]:
    """Call once, without state, and send everything back."""
    model = c.model(script)
    made = await c.create(model=model, store=False, input="Weather?", tools=[WEATHER])
    (call,) = shapes.calls(made)
    turns = history(c, made, [result_of(call, "22", name=call.name)], dumped=dumped)
    done = await c.create(model=model, store=False, tools=[WEATHER], input=turns)
    return done, model


@behaviour("functions", "stateless-replays", "store")
async def a_stateless_loop_sends_objects_back(c: Case) -> None:
    done, _ = await loop(c, "call", dumped=False)
    assert shapes.text(done) == "Results: get_weather=22."


@behaviour("functions", "stateless-replays", "§2.1", "§2.3")
async def a_stateless_loop_sends_dumps_with_nulls_back(c: Case) -> None:
    done, _ = await loop(c, "call", dumped=True)
    assert shapes.text(done) == "Results: get_weather=22."


@behaviour("stateless-replays", "signatures", "ask-4")
async def thoughts_sent_back_unchanged_are_accepted(c: Case) -> None:
    done, model = await loop(c, "call-reason", dumped=True)
    assert shapes.text(done) == "Results: get_weather=22."
    roles = [m["role"] for m in (await c.asked(model))[-1]["messages"]]
    assert roles == ["user", "assistant", "tool"]


@behaviour("functions", "stateless-replays")
async def parallel_calls_stateless_are_one_turn_of_the_model(c: Case) -> None:
    model = c.model("parallel")
    made = await c.create(model=model, store=False, input="Weather?", tools=TOOLS)
    results = [result_of(call, call.name) for call in shapes.calls(made)]
    turns = history(c, made, results[::-1], dumped=True)
    done = await c.create(model=model, store=False, tools=TOOLS, input=turns)
    messages = (await c.asked(model))[-1]["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "tool", "tool"]
    assert "get_weather=get_weather" in shapes.text(done)


@behaviour("store", "stateless-replays")
async def a_stateless_conversation_of_texts(c: Case) -> None:
    first = await c.create(model=c.model("hello"), store=False, input="Weather?")
    more = [{"type": "text", "text": "Bye"}]
    said = first.outputs if c.is_legacy else first.steps
    if c.is_legacy:
        turns = [
            {"role": "user", "content": QUESTION},
            {"role": "model", "content": [shapes.plain(item) for item in said]},
            {"role": "user", "content": more},
        ]
    else:
        turns = [
            {"type": "user_input", "content": QUESTION},
            *[shapes.plain(item) for item in said],
            {"type": "user_input", "content": more},
        ]
    body = await c.echo(store=False, input=turns)
    assert [m["role"] for m in body["messages"]] == ["user", "assistant", "user"]


@behaviour("signatures", "§2.3")
async def an_empty_signature_is_accepted(c: Case) -> None:
    steps = [
        {"type": "user_input", "content": QUESTION},
        {"type": "thought", "signature": ""},
        {
            "type": "function_call",
            "id": "c1",
            "name": "get_weather",
            "arguments": {"location": "Paris"},
            "signature": "",
        },
        {"type": "function_result", "call_id": "c1", "result": "22"},
    ]
    model = c.model("call")
    done = await c.create(model=model, input=steps, tools=[WEATHER])
    assert shapes.text(done) == "Results: get_weather=22."


@behaviour("signatures")
async def a_signature_of_somebody_else_is_accepted(c: Case) -> None:
    steps = [
        {"type": "user_input", "content": QUESTION},
        {"type": "thought", "signature": "b3BhcXVlLXNpZ25hdHVyZQ=="},
        {"type": "model_output", "content": [{"type": "text", "text": "Sun."}]},
        {"type": "user_input", "content": [{"type": "text", "text": "Sure?"}]},
    ]
    body = await c.echo(input=steps)
    assert [m["role"] for m in body["messages"]] == ["user", "assistant", "user"]


@behaviour("§8.5", "§2.3")
async def the_agent_kit_sends_one_step_for_each_part(c: Case) -> None:
    steps = [
        {"type": "user_input", "content": [{"type": "text", "text": "One"}]},
        {"type": "user_input", "content": [{"type": "text", "text": "Two"}]},
    ]
    body = await c.echo(
        input=steps,
        system_instruction="Be brief.",
        generation_config={"temperature": 0.1},
    )
    words = str(body["messages"])
    assert words.index("One") < words.index("Two")
    assert {m["role"] for m in body["messages"][1:]} == {"user"}


@behaviour("§8.5", "functions", "ask-8")
async def the_agent_kit_leaves_ids_empty(c: Case) -> None:
    model = c.model("call")
    made = await c.create(model=model, input="Weather?", tools=[WEATHER])
    result = {
        "type": "function_result",
        "call_id": "",
        "name": "get_weather",
        "result": {"celsius": 22},
    }
    done = await c.create(
        model=model, previous_interaction_id=made.id, input=[result], tools=[WEATHER]
    )
    assert done.status == "completed"
    assert "22" in shapes.text(done)


@behaviour("§8.5", "§2.3")
async def the_agent_kit_writes_types_in_capitals(c: Case) -> None:
    parameters = {
        "type": "OBJECT",
        "properties": {"location": {"type": "STRING"}},
        "required": ["location"],
    }
    tool = {"type": "function", "name": "get_weather", "parameters": parameters}
    body = await c.echo(input="Hi", tools=[tool])
    (sent,) = body["tools"]
    assert sent["function"]["parameters"]["type"].lower() == "object"
    made = await c.create(model=c.model("call"), input="Hi", tools=[tool])
    (call,) = shapes.calls(made)
    assert call.arguments == {"location": "Paris"}


@behaviour("§8.5", "signatures")
async def the_agent_kit_puts_signatures_before_results(c: Case) -> None:
    model = c.model("call-reason")
    made = await c.create(model=model, input="Weather?", tools=[WEATHER])
    (thought,) = shapes.thoughts(made)
    (call,) = shapes.calls(made)
    steps = [
        {"type": "thought", "signature": thought.signature},
        result_of(call, {"celsius": 22}, name="get_weather"),
    ]
    done = await c.create(
        model=model, previous_interaction_id=made.id, input=steps, tools=[WEATHER]
    )
    assert done.status == "completed"
    assert "22" in shapes.text(done)


@behaviour("functions", "§8.5")
async def empty_ids_in_a_history_pair_by_name(c: Case) -> None:
    steps = [
        {"type": "user_input", "content": QUESTION},
        {"type": "function_call", "id": "", "name": "get_weather", "arguments": {}},
        {"type": "function_call", "id": "", "name": "get_time", "arguments": {}},
        {"type": "function_result", "call_id": "", "name": "get_time", "result": "1"},
        {
            "type": "function_result",
            "call_id": "",
            "name": "get_weather",
            "result": "2",
        },
    ]
    done = await c.create(model=c.model("parallel"), input=steps, tools=TOOLS)
    assert "get_time=1" in shapes.text(done)
    assert "get_weather=2" in shapes.text(done)


@behaviour("§2.3")
async def a_wrapped_function_result_is_unwrapped(c: Case) -> None:
    model = c.model("call")
    made = await c.create(model=model, input="Weather?", tools=[WEATHER])
    (call,) = shapes.calls(made)
    wrapped = {"type": "UNKNOWN", "raw": result_of(call, "22"), "is_unknown": True}
    done = await c.create(
        model=model,
        previous_interaction_id=made.id,
        input="x",
        tools=[WEATHER],
        extra_body={"input": [wrapped]},
    )
    assert shapes.text(done) == "Results: get_weather=22."
