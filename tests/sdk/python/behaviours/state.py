"""Stored interactions: get, continue, branch, delete (contract §9)."""

from __future__ import annotations

from tests.sdk.python import shapes
from tests.sdk.python.behaviours.inputs import said
from tests.sdk.python.case import Case
from tests.sdk.python.registry import GAOS, behaviour

UNKNOWN = "v1_bm8tc3VjaC1pbnRlcmFjdGlvbg"


@behaviour("scope", "store", "ask-22")
async def get_gives_the_whole_timeline(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    assert [(p.type, p.text) for p in shapes.parts(made)] == [("text", "Hello.")]
    found = await c.get(made.id)
    expected = [("text", "Hello.")]
    if not c.is_legacy:
        expected.insert(0, ("input", "Hi"))
    assert [(p.type, p.text) for p in shapes.parts(found)] == expected
    assert (found.id, found.status, found.model) == (made.id, made.status, made.model)


@behaviour("scope", "ask-22")
async def get_tells_only_the_turn_of_its_own(c: Case) -> None:
    first = await c.create(model=c.model("say:One."), input="1")
    second = await c.create(
        model=c.model("say:Two."), input="2", previous_interaction_id=first.id
    )
    assert shapes.text(second) == "Two."
    assert shapes.text(await c.get(second.id)) == "Two."


@behaviour("store")
async def store_true_is_the_default(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi", store=True)
    assert (await c.get(made.id)).id == made.id


@behaviour("store")
async def what_is_not_stored_has_no_id(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi", store=False)
    assert not shapes.read(made, "id")
    assert shapes.text(made) == "Hello."


@behaviour("include-input", cannot={("1.55.0",): "has no include_input (§1.2)"})
async def the_input_is_given_on_request_as_it_was_sent(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    assert (await c.get(made.id, include_input=True)).input == "Hi"
    assert not shapes.read(await c.get(made.id), "input")


@behaviour("include-input", cannot={("1.55.0",): "has no include_input (§1.2)"})
async def a_list_as_input_is_given_back_as_a_list(c: Case) -> None:
    made = await c.create(
        model=c.model("hello"), input=[{"type": "text", "text": "Hi"}]
    )
    sent = c.wire[-1].body["input"]
    found = await c.get(made.id, include_input=True)
    (first,) = found.input
    content = sent[0].get("content")
    if content:
        assert (first.type, first.content[0].text) == ("user_input", "Hi")
    else:
        assert (first.type, first.text) == ("text", "Hi")


@behaviour("previous", "ask-24")
async def a_continued_interaction_knows_the_chain(c: Case) -> None:
    first = await c.create(model=c.model("say:One."), input="1")
    second = await c.create(
        model=c.model("say:Two."), input="2", previous_interaction_id=first.id
    )
    body = await c.echo(input="3", previous_interaction_id=second.id)
    assert [(m["role"], said(m)) for m in body["messages"]] == [
        ("user", "1"),
        ("assistant", "One."),
        ("user", "2"),
        ("assistant", "Two."),
        ("user", "3"),
    ]


@behaviour("previous")
async def a_continued_interaction_names_its_parent(c: Case) -> None:
    first = await c.create(model=c.model("hello"), input="1")
    second = await c.create(
        model=c.model("hello"), input="2", previous_interaction_id=first.id
    )
    assert second.previous_interaction_id == first.id
    assert (await c.get(second.id)).previous_interaction_id == first.id


@behaviour("previous", "§6.4")
async def a_streamed_turn_is_continued(c: Case) -> None:
    heard = await c.stream(model=c.model("say:One."), input="1")
    body = await c.echo(input="2", previous_interaction_id=heard.id)
    assert [said(m) for m in body["messages"]] == ["1", "One.", "2"]


@behaviour("previous", "ask-23")
async def instruction_and_configuration_are_not_inherited(c: Case) -> None:
    first = await c.create(
        model=c.model("hello"),
        input="1",
        system_instruction="Be brief.",
        generation_config={"temperature": 0.25, "stop_sequences": ["x"]},
    )
    body = await c.echo(input="2", previous_interaction_id=first.id)
    assert [m["role"] for m in body["messages"]] == ["user", "assistant", "user"]
    assert "temperature" not in body
    assert "stop" not in body


@behaviour("previous", "ask-23")
async def every_turn_has_an_instruction_of_its_own(c: Case) -> None:
    first = await c.create(
        model=c.model("hello"), input="1", system_instruction="Be brief."
    )
    body = await c.echo(
        input="2", system_instruction="Be long.", previous_interaction_id=first.id
    )
    instructions = [said(m) for m in body["messages"] if m["role"] != "user"]
    assert instructions == ["Be long.", "Hello."]


@behaviour("previous-tree", "ids")
async def an_interaction_is_continued_twice(c: Case) -> None:
    first = await c.create(model=c.model("say:One."), input="1")
    for question in ("2a", "2b"):
        body = await c.echo(input=question, previous_interaction_id=first.id)
        assert [said(m) for m in body["messages"]] == ["1", "One.", question]


@behaviour("previous-unknown", "400", "ask-23")
async def continuing_an_unknown_interaction_is_a_400(c: Case) -> None:
    await c.refusal(
        "previous_interaction_id",
        model=c.model("hello"),
        input="Hi",
        previous_interaction_id=UNKNOWN,
    )
    assert await c.seen(c.model("hello")) == 0


@behaviour("previous-unknown", "400")
async def continuing_a_malformed_id_is_a_400(c: Case) -> None:
    await c.refusal(
        "previous_interaction_id",
        model=c.model("hello"),
        input="Hi",
        previous_interaction_id="no such / id?",
    )


@behaviour("404", "ids")
async def getting_an_unknown_interaction_is_a_404(c: Case) -> None:
    for name in (UNKNOWN, "nonsense"):
        failure = await c.failure(c.get(name))
        assert (failure.kind, failure.status) == ("NotFoundError", 404), failure
        assert (failure.code, failure.attempts) == ("not_found", 1), failure


@behaviour("404", "delete")
async def deleting_an_unknown_interaction_is_a_404(c: Case) -> None:
    failure = await c.failure(c.delete(UNKNOWN))
    assert (failure.kind, failure.attempts) == ("NotFoundError", 1), failure


@behaviour("delete", "404")
async def a_deleted_interaction_is_gone(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    assert not await c.delete(made.id)
    for call in (c.get(made.id), c.delete(made.id)):
        failure = await c.failure(call)
        assert (failure.kind, failure.attempts) == ("NotFoundError", 1), failure


@behaviour("delete", "previous-unknown")
async def a_deleted_interaction_cannot_be_continued(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    await c.delete(made.id)
    failure = await c.failure(
        c.create(model=c.model("echo"), input="Go on", previous_interaction_id=made.id)
    )
    assert failure.kind in {"BadRequestError", "NotFoundError"}, failure
    assert failure.attempts == 1, failure
    assert "previous_interaction_id" in failure.message, failure


@behaviour("delete", "previous")
async def children_of_a_deleted_interaction_live_on(c: Case) -> None:
    first = await c.create(model=c.model("say:One."), input="1")
    second = await c.create(
        model=c.model("say:Two."), input="2", previous_interaction_id=first.id
    )
    await c.delete(first.id)
    assert shapes.text(await c.get(second.id)) == "Two."
    body = await c.echo(input="3", previous_interaction_id=second.id)
    assert [said(m) for m in body["messages"]] == ["2", "Two.", "3"]


@behaviour("§1.2", "ask-16")
async def get_accepts_that_it_shall_not_stream(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    explicit = {} if c.version in GAOS else {"extra_query": {"stream": "false"}}
    found = await c.get(made.id, **explicit)
    assert "stream=false" in c.wire[-1].query
    assert found.id == made.id


@behaviour("§1.2")
async def query_parameters_that_are_unknown_are_ignored(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    found = await c.get(made.id, extra_query={"alt": "json", "colour": "blue"})
    assert found.id == made.id


@behaviour("§1.3", "ask-17", "scope")
async def an_interaction_of_the_other_generation_is_rendered_for_this_one(
    c: Case,
) -> None:
    other = "3.3.0" if c.is_legacy else "1.55.0"
    status, made = await c.rest(
        "POST",
        "/v1beta/interactions",
        {"model": c.model("reason"), "input": "Hi"},
        x_goog_api_client=f"google-genai-sdk/{other} gl-python/3.11",
        x_goog_api_key="any-key",
    )
    assert status == 200
    assert ("steps" in made) == c.is_legacy
    assert ("outputs" in made) != c.is_legacy
    found = await c.get(made["id"])
    assert shapes.text(found) == "The answer."
    assert len(shapes.thoughts(found)) == 1
    body = await c.echo(input="More", previous_interaction_id=made["id"])
    assert [said(m) for m in body["messages"]] == ["Hi", "The answer.", "More"]


@behaviour("§1.3", "ask-17")
async def the_reply_is_of_the_generation_of_the_client(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    if c.is_legacy:
        assert [content.type for content in made.outputs] == ["text"]
    else:
        assert [step.type for step in made.steps] == ["model_output"]
