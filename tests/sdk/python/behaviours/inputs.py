"""Forms of `input`, and what of it reaches the model (contract §2.1, §2.3)."""

from __future__ import annotations

import json

from tests.sdk.python import shapes
from tests.sdk.python.case import Case
from tests.sdk.python.registry import GAOS, behaviour

HI = {"type": "text", "text": "Hi"}
VALIDATES = "validates input before sending (contract §2.3)"


def said(message: dict[str, object]) -> str:
    """Give the text of a message whose content is a string or parts."""
    content = message["content"]
    if isinstance(content, str):
        return content
    assert isinstance(content, list)
    return "".join(part["text"] for part in content)


@behaviour("§2.3", "§3")
async def a_string_is_answered(c: Case) -> None:
    made = await c.create(model=c.model("say:Good day."), input="Hi")
    assert shapes.text(made) == "Good day."
    assert made.status == "completed"


@behaviour("§2.3")
async def a_string_reaches_the_model_as_one_user_message(c: Case) -> None:
    body = await c.echo(input="Hi")
    (message,) = body["messages"]
    assert (message["role"], said(message)) == ("user", "Hi")


@behaviour("§2.3")
async def a_content_object_is_one_user_message(c: Case) -> None:
    (message,) = (await c.echo(input=HI))["messages"]
    assert (message["role"], said(message)) == ("user", "Hi")


@behaviour("§2.3")
async def a_list_of_contents_is_one_user_message(c: Case) -> None:
    there = {"type": "text", "text": "there"}
    (message,) = (await c.echo(input=[HI, there]))["messages"]
    assert (message["role"], said(message).split()) == ("user", ["Hi", "there"])


@behaviour("§2.3", "ask-17", cannot={GAOS: VALIDATES})
async def a_list_of_turns_is_a_conversation(c: Case) -> None:
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "model", "content": [{"type": "text", "text": "Yes?"}]},
        {"role": "user", "content": [{"type": "text", "text": "Bye"}]},
    ]
    messages = (await c.echo(input=turns))["messages"]
    assert [(m["role"], said(m)) for m in messages] == [
        ("user", "Hi"),
        ("assistant", "Yes?"),
        ("user", "Bye"),
    ]


@behaviour("§2.3")
async def a_list_of_steps_is_a_conversation(c: Case) -> None:
    steps = [
        {"type": "user_input", "content": [HI]},
        {"type": "model_output", "content": [{"type": "text", "text": "Yes?"}]},
        {"type": "user_input", "content": [{"type": "text", "text": "Bye"}]},
    ]
    messages = (await c.echo(input=steps))["messages"]
    assert [(m["role"], said(m)) for m in messages] == [
        ("user", "Hi"),
        ("assistant", "Yes?"),
        ("user", "Bye"),
    ]


@behaviour("§2.3", cannot={GAOS: VALIDATES})
async def a_step_may_hold_a_string_or_one_content(c: Case) -> None:
    steps = [
        {"type": "user_input", "content": "Hi"},
        {"type": "model_output", "content": {"type": "text", "text": "Yes?"}},
        {"type": "user_input", "content": "Bye"},
    ]
    messages = (await c.echo(input=steps))["messages"]
    assert [said(m) for m in messages] == ["Hi", "Yes?", "Bye"]


@behaviour("§2.3", cannot={GAOS: VALIDATES})
async def steps_and_contents_may_be_mixed(c: Case) -> None:
    steps = [
        {"type": "user_input", "content": [HI]},
        {"type": "model_output", "content": [{"type": "text", "text": "Yes?"}]},
        {"type": "text", "text": "Good"},
        {"type": "text", "text": "bye"},
    ]
    messages = (await c.echo(input=steps))["messages"]
    assert [said(m).split() for m in messages] == [["Hi"], ["Yes?"], ["Good", "bye"]]


@behaviour("§2.3")
async def a_wrapped_unknown_variant_is_unwrapped(c: Case) -> None:
    step = {"type": "user_input", "content": [HI]}
    wrapped = {"type": "UNKNOWN", "raw": step, "is_unknown": True}
    (message,) = (await c.echo(input="x", extra_body={"input": [wrapped]}))["messages"]
    assert said(message) == "Hi"


@behaviour("§2.1")
async def null_is_absent(c: Case) -> None:
    made = await c.create(
        model=c.model("hello"), input="Hi", previous_interaction_id=None
    )
    assert shapes.text(made) == "Hello."


@behaviour("§2.1")
async def null_in_a_part_of_a_step_is_absent(c: Case) -> None:
    content = {"type": "text", "text": "Hi", "annotations": None}
    (message,) = (await c.echo(input=[content]))["messages"]
    assert said(message) == "Hi"


@behaviour("§2.3")
async def text_outside_ascii_goes_both_ways(c: Case) -> None:
    heard = "Grüße 東京 😀 \u2028 end"
    (message,) = (await c.echo(input=heard))["messages"]
    assert said(message) == heard
    made = await c.create(model=c.model("unicode"), input="Hi")
    assert shapes.text(made) == "Zürich 東京 😀 a\u2028b\u0085c"


@behaviour("previous")
async def a_system_instruction_comes_first(c: Case) -> None:
    body = await c.echo(input="Hi", system_instruction="Be brief.")
    first, second = body["messages"]
    assert first["role"] in {"system", "developer"}
    assert (said(first), said(second)) == ("Be brief.", "Hi")


@behaviour("ask-24")
async def the_model_name_reaches_the_model_server(c: Case) -> None:
    body = await c.echo(input="Hi")
    assert body["model"] == c.model("echo")


@behaviour("§2.1", "400", "§7.1")
async def an_unknown_member_is_named(c: Case) -> None:
    await c.refusal(
        "shoe_size",
        model=c.model("hello"),
        input="Hi",
        extra_body={"shoe_size": 43},
    )
    assert await c.seen(c.model("hello")) == 0


@behaviour("400", "§7.1")
async def a_wrong_type_is_named(c: Case) -> None:
    await c.refusal(
        "input", model=c.model("hello"), input="Hi", extra_body={"input": 5}
    )
    assert await c.seen(c.model("hello")) == 0


@behaviour("400", "§7.1")
async def a_wrong_type_inside_is_named_with_its_path(c: Case) -> None:
    config = {"temperature": "hot"}
    await c.refusal(
        "generation_config.temperature",
        model=c.model("hello"),
        input="Hi",
        extra_body={"generation_config": config},
    )


@behaviour("400")
async def model_and_agent_together_are_refused(c: Case) -> None:
    await c.refusal(
        "agent", model=c.model("hello"), input="Hi", extra_body={"agent": "a"}
    )


@behaviour("400")
async def neither_model_nor_agent_is_refused(c: Case) -> None:
    await c.refusal("model", model="x", input="Hi", extra_body={"model": None})


@behaviour("400")
async def a_missing_input_is_named(c: Case) -> None:
    await c.refusal(
        "input", model=c.model("hello"), input="Hi", extra_body={"input": None}
    )


@behaviour("400")
async def data_that_is_not_base64_is_named(c: Case) -> None:
    picture = {"type": "image", "data": "%%%", "mime_type": "image/png"}
    await c.refusal(
        "data",
        model="x",
        input="Hi",
        extra_body={
            "model": c.model("hello"),
            "input": [picture],
        },
    )


@behaviour("§1.3", "ask-17", cannot={GAOS: "its input check refuses such contents"})
async def function_contents_in_turns_are_a_conversation(c: Case) -> None:
    tools = [{"type": "function", "name": "f", "parameters": {"type": "object"}}]
    call = {"type": "function_call", "id": "c1", "name": "f", "arguments": {"a": 1}}
    result = {"type": "function_result", "call_id": "c1", "name": "f", "result": "7"}
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "model", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    messages = (await c.echo(input=turns, tools=tools))["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "tool"]
    (made,) = messages[1]["tool_calls"]
    assert json.loads(made["function"]["arguments"]) == {"a": 1}
    assert messages[2]["tool_call_id"] == made["id"]
    assert said(messages[2]) == "7"
