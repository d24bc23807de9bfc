"""Stored turns and new input, put in the order that a model needs."""

from __future__ import annotations

import pytest

from openinteractions.core.conversation import Conversation
from openinteractions.core.errors import RequestError
from openinteractions.v1 import (
    content_pb2,
    interaction_pb2,
    interaction_service_pb2,
    step_pb2,
)

Step = step_pb2.Step


def user(text: str) -> Step:
    step = Step()
    step.user_input.content.add().text.text = text
    return step


def model(text: str) -> Step:
    step = Step()
    step.model_output.content.add().text.text = text
    return step


def call(call_id: str, name: str = "f") -> Step:
    step = Step()
    step.function_call.id = call_id
    step.function_call.name = name
    step.function_call.arguments = "{}"
    return step


def result(call_id: str, text: str = "r", name: str = "") -> Step:
    step = Step()
    step.function_result.call_id = call_id
    step.function_result.result.text = text
    if name:
        step.function_result.name = name
    return step


def said(step: Step) -> str:
    """Return a step as one line."""
    kind = step.WhichOneof("kind")
    if kind == "function_call":
        return f"call {step.function_call.id} {step.function_call.name}"
    if kind == "function_result":
        answer = step.function_result
        return f"result {answer.call_id} {answer.name} {answer.result.text}"
    member = step.user_input if kind == "user_input" else step.model_output
    return f"{kind} {member.content[0].text.text}"


def steps_input(*steps: Step) -> interaction_pb2.Input:
    return interaction_pb2.Input(steps=step_pb2.StepList(items=steps))


def talk(turns: list[tuple[str, str, list[Step], list[Step]]], *new: Step) -> list[str]:
    """Return a conversation of turns (id, previous id, input, output) and input."""
    conversation = Conversation()
    follows = None
    for identifier, previous, given, output in turns:
        request = interaction_service_pb2.CreateInteractionRequest(
            input=steps_input(*given)
        )
        interaction = interaction_pb2.Interaction(id=identifier, steps=output)
        if previous:
            interaction.previous_interaction_id = previous
        conversation.add_turn(request, interaction, follows=follows)
        follows = identifier
    conversation.add_input(steps_input(*new))
    return [said(step) for step in conversation.steps()]


def test_turns_come_in_order_with_the_input_last() -> None:
    turns = [
        ("1", "", [user("a")], [model("b")]),
        ("2", "1", [user("c")], [model("d")]),
    ]
    assert talk(turns, user("e")) == [
        "user_input a",
        "model_output b",
        "user_input c",
        "model_output d",
        "user_input e",
    ]


def test_results_follow_their_calls_in_the_order_of_the_calls() -> None:
    turns = [("1", "", [user("q")], [call("x", "f"), call("y", "g")])]
    assert talk(turns, result("y"), result("x"), user("and?")) == [
        "user_input q",
        "call x f",
        "call y g",
        "result x f r",
        "result y g r",
        "user_input and?",
    ]


def test_a_result_takes_its_place_however_late_it_comes() -> None:
    turns = [
        ("1", "", [user("q")], [call("x"), call("y")]),
        ("2", "1", [result("x")], [model("wait")]),
        ("3", "2", [user("so?")], [model("still waiting")]),
    ]
    assert talk(turns, result("y", "late")) == [
        "user_input q",
        "call x f",
        "call y f",
        "result x f r",
        "result y f late",
        "model_output wait",
        "user_input so?",
        "model_output still waiting",
        "user_input Go on, with the results of all function calls above.",
    ]


def test_calls_of_later_rounds_stay_apart() -> None:
    turns = [
        ("1", "", [user("q")], [call("x"), call("y")]),
        ("2", "1", [result("x"), result("y")], [call("z")]),
    ]
    assert talk(turns, result("z")) == [
        "user_input q",
        "call x f",
        "call y f",
        "result x f r",
        "result y f r",
        "call z f",
        "result z f r",
    ]


def test_a_call_without_a_result_stands_alone() -> None:
    turns = [("1", "", [user("q")], [call("x")])]
    assert talk(turns, user("never mind")) == [
        "user_input q",
        "call x f",
        "user_input never mind",
    ]


def test_an_empty_id_answers_the_oldest_open_call_of_the_name() -> None:
    turns = [("1", "", [user("q")], [call("x", "f"), call("y", "g"), call("z", "g")])]
    assert talk(turns, result("", "1", "g"), result("", "2", "g"), result("", "3")) == [
        "user_input q",
        "call x f",
        "call y g",
        "call z g",
        "result x f 3",
        "result y g 1",
        "result z g 2",
    ]


def test_calls_without_ids_in_a_history_get_one_each() -> None:
    lines = talk(
        [], user("q"), call("", "f"), call("", "g"), result("", "1", "g"), result("")
    )
    assert lines == [
        "user_input q",
        "call call0 f",
        "call call1 g",
        "result call0 f r",
        "result call1 g 1",
    ]


def test_a_call_keeps_the_last_of_its_results() -> None:
    turns = [
        ("1", "", [user("q")], [call("x")]),
        ("2", "1", [result("x", "first")], [model("a")]),
    ]
    assert talk(turns, result("x", "second"))[2] == "result x f second"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ([result("nope")], "input[0].call_id"),
        ([user("q"), call("x"), result("x"), result("z")], "input[3].call_id"),
        ([call("x", "f"), result("", "r", "g")], "input[1].call_id"),
        ([result("x"), call("x")], "input[0].call_id"),
    ],
    ids=["unknown", "unknown among known", "unknown name", "before its call"],
)
def test_a_result_without_a_call_is_refused_by_path(
    given: list[Step], path: str
) -> None:
    with pytest.raises(RequestError, match=r"no (function )?call") as caught:
        talk([], *given)
    assert caught.value.field == path


def test_what_refers_into_a_deleted_turn_is_left_out() -> None:
    # Turn 1 held the call x; turn 3, which answered the call y, is deleted too.
    turns = [
        ("2", "1", [result("x"), user("and")], [call("y")]),
        ("4", "3", [user("so")], [model("done")]),
    ]
    assert talk(turns, user("next")) == [
        "user_input and",
        "user_input so",
        "model_output done",
        "user_input next",
    ]


def test_a_late_result_still_finds_its_call_across_a_deleted_turn() -> None:
    turns = [
        ("1", "", [user("q")], [call("x")]),
        ("3", "2", [user("so")], [model("done")]),
    ]
    assert talk(turns, result("x", "late"))[:3] == [
        "user_input q",
        "call x f",
        "result x f late",
    ]


def test_input_of_which_nothing_is_left_is_refused() -> None:
    turns = [("2", "1", [user("and")], [model("yes")])]
    with pytest.raises(RequestError, match="were deleted") as caught:
        talk(turns, result("x"))
    assert caught.value.field == "input"


def test_a_thought_sent_back_with_its_results_is_no_last_word() -> None:
    thought = Step()
    thought.thought.signature = "eA=="
    turns = [("1", "", [user("q")], [call("x")])]
    conversation = Conversation()
    conversation.add_input(steps_input(user("q"), call("x"), thought, result("x")))
    kinds = [step.WhichOneof("kind") for step in conversation.steps()]
    assert kinds == ["user_input", "function_call", "function_result", "thought"]
    assert talk(turns, result("x"))[-1] == "result x f r"


def test_a_made_up_id_is_never_one_that_was_given() -> None:
    lines = talk(
        [], user("q"), call("", "f"), call("call0", "g"), result("call0"), result("")
    )
    assert lines[1:3] == ["call call1 f", "call call0 g"]
    assert lines[3:] == ["result call1 f r", "result call0 g r"]


def test_the_ids_of_all_calls_are_known() -> None:
    conversation = Conversation()
    conversation.add_input(steps_input(user("q"), call("x"), call("")))
    assert conversation.call_ids == {"x", "call1"}


def picture(step: Step) -> Step:
    """Return the step with an image behind what it has."""
    if step.HasField("function_result"):
        contents = step.function_result.result.contents.items
    else:
        contents = (
            step.user_input if step.HasField("user_input") else step.model_output
        ).content
    contents.add().image.data = b"x"
    return step


def origins(conversation: Conversation) -> list[tuple[int, str, str | None]]:
    """Return which steps have media, and where the second content came from."""
    return [
        (at, origin.member(1), origin.turn)
        for at, step in enumerate(conversation.steps())
        if (origin := conversation.origins.get(id(step)))
    ]


def test_a_conversation_knows_where_its_media_came_from() -> None:
    conversation = Conversation()
    asked = interaction_service_pb2.CreateInteractionRequest(
        input=steps_input(user("1"), picture(user("2")))
    )
    conversation.add_turn(
        asked,
        interaction_pb2.Interaction(
            id="a", steps=[model("3"), picture(model("4")), call("c1"), call("c2")]
        ),
        follows=None,
    )
    conversation.add_input(
        steps_input(picture(user("5")), result("c2"), picture(result("c1")))
    )

    assert origins(conversation) == [
        (1, "input[1].content[1]", "a"),
        (3, "steps[1].content[1]", "a"),
        (6, "input[2].result[1]", None),
        (8, "input[0].content[1]", None),
    ]


@pytest.mark.parametrize(
    ("value", "member"),
    [
        (
            interaction_pb2.Input(
                contents=content_pb2.ContentList(
                    items=picture(user("1")).user_input.content
                )
            ),
            "input[1]",
        ),
        (
            interaction_pb2.Input(
                content=content_pb2.Content(image=content_pb2.ImageContent())
            ),
            "input",
        ),
    ],
    ids=["contents", "a content"],
)
def test_contents_without_a_step_have_their_own_place(
    value: interaction_pb2.Input, member: str
) -> None:
    conversation = Conversation()
    conversation.add_input(value)

    assert origins(conversation) == [(0, member, None)]


def test_a_conversation_of_texts_has_no_media_to_know_of() -> None:
    conversation = Conversation()
    conversation.add_input(steps_input(user("1"), model("2"), user("3")))

    assert not conversation.origins
