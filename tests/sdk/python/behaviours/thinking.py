"""Thoughts: shown on request, signed always, accepted again (contract §9)."""

from __future__ import annotations

import base64

from tests.sdk.python import shapes
from tests.sdk.python.behaviours.functions import WEATHER, result_of
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

SHOWN = {"thinking_summaries": "auto"}
THOUGHT = "First I think. Then I know."


@behaviour("thinking", "signatures", "ask-4")
async def summaries_are_shown_on_request(c: Case) -> None:
    made = await c.create(model=c.model("reason"), input="Hi", generation_config=SHOWN)
    (thought,) = shapes.thoughts(made)
    assert thought.text == THOUGHT
    assert base64.b64decode(thought.signature, validate=True)
    assert shapes.text(made) == "The answer."


@behaviour("thinking", "signatures")
async def thoughts_carry_only_a_signature_otherwise(c: Case) -> None:
    for config in ({}, {"thinking_summaries": "none"}):
        made = await c.create(
            model=c.model("reason"), input="Hi", generation_config=config
        )
        (thought,) = shapes.thoughts(made)
        assert thought.text == ""
        assert base64.b64decode(thought.signature, validate=True)


@behaviour("thinking")
async def the_other_reasoning_member_is_read_too(c: Case) -> None:
    made = await c.create(
        model=c.model("reason:reasoning"), input="Hi", generation_config=SHOWN
    )
    (thought,) = shapes.thoughts(made)
    assert thought.text == THOUGHT
    assert shapes.text(made) == "The answer."


@behaviour("thinking", "§6.2", "ask-5")
async def thoughts_are_streamed_with_their_signature(c: Case) -> None:
    heard = await c.stream(model=c.model("reason"), input="Hi", generation_config=SHOWN)
    assert heard.thought == THOUGHT
    assert heard.text == "The answer."
    (signature,) = heard.signatures
    (stored,) = shapes.thoughts(await c.get(heard.id))
    assert stored.signature == signature
    first, second = heard.of("start")
    assert first.index < second.index


@behaviour("thinking", "§6.2")
async def hidden_thoughts_stream_a_signature_only(c: Case) -> None:
    heard = await c.stream(model=c.model("reason"), input="Hi")
    assert heard.thought == ""
    assert len(heard.signatures) == 1
    assert heard.text == "The answer."


@behaviour("usage", "thinking")
async def thoughts_are_counted_apart(c: Case) -> None:
    spent = (await c.create(model=c.model("reason"), input="Hi")).usage
    name = "reasoning" if c.version == "1.55.0" else "thought"
    assert getattr(spent, f"total_{name}_tokens") == 4
    assert spent.total_output_tokens == 5
    assert spent.total_tokens == 16


@behaviour("thinking", "previous", "ask-4")
async def a_thought_is_no_text_of_the_next_turn(c: Case) -> None:
    first = await c.create(model=c.model("reason"), input="Hi", generation_config=SHOWN)
    body = await c.echo(input="Go on", previous_interaction_id=first.id)
    _, answer, _ = body["messages"]
    assert "First I think" not in str(answer["content"])


@behaviour("thinking", "functions", "ask-4", "ask-8")
async def a_thought_before_a_call_survives_the_loop(c: Case) -> None:
    model = c.model("call-reason")
    made = await c.create(
        model=model, input="Hi", tools=[WEATHER], generation_config=SHOWN
    )
    types = [part.type for part in shapes.parts(made)]
    assert types == ["thought", "function_call"]
    (call,) = shapes.calls(made)
    done = await c.create(
        model=model,
        previous_interaction_id=made.id,
        input=[result_of(call, "22")],
        tools=[WEATHER],
    )
    assert shapes.text(done) == "Results: get_weather=22."
