"""What is made of the messages of a server with this same API."""

from __future__ import annotations

import pytest
from google.protobuf import text_format

from openinteractions.core import relayed
from openinteractions.core.relayed import Own
from openinteractions.v1 import (
    event_pb2,
    interaction_pb2,
    interaction_service_pb2,
    step_pb2,
)

Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Status = interaction_pb2.InteractionStatus


def steps(*texts: str) -> list[step_pb2.Step]:
    return [text_format.Parse(text, step_pb2.Step()) for text in texts]


USER = 'user_input { content { text { text: "Hi" } } }'
ANSWER = 'model_output { content { text { text: "Yes" } } }'
THOUGHT = 'thought { signature: "c2ln" }'
CALL = 'function_call { id: "c" name: "f" arguments: "{}" signature: "c2ln" }'
RESULT = 'function_result { call_id: "c" name: "f" result { text: "1" } }'
SEARCH = 'google_search_call { id: "s" signature: "c2ln" }'
STRANGE = 'other: "{\\"type\\":\\"telepathy\\"}"'


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        ("", None),
        ('{"brand_new": 1}', None),
        ('{"store": "yes"}', "store"),
        ('{"a": 1, "previousInteractionId": "v1_x"}', "previousInteractionId"),
        ('{"PREVIOUS_INTERACTION_ID": "v1_x"}', "PREVIOUS_INTERACTION_ID"),
        ('{"Stream": true}', "Stream"),
    ],
)
def test_members_that_decide_something_pass_in_their_own_form_only(
    rest: str, name: str | None
) -> None:
    assert relayed.misplaced(Request(rest=rest)) == name


@pytest.mark.parametrize("named", [True, False])
def test_ids_of_the_server_become_ours_or_nobodys(named: bool) -> None:
    own = Interaction(previous_interaction_id="ours0") if named else Interaction()
    if named:
        own.id = "ours1"
    said = Interaction(id="theirs1", previous_interaction_id="theirs0", model="m")
    relayed.rewrite(said, Own(own, renamed=False))

    assert said.id == ("ours1" if named else "")
    assert said.HasField("id") is named
    assert said.previous_interaction_id == ("ours0" if named else "")


def test_what_has_another_name_there_keeps_the_callers() -> None:
    said = Interaction(model="gemini-9-0925")
    relayed.rewrite(said, Own(Interaction(model="fast"), renamed=True))

    assert said.model == "fast"


def test_events_of_what_is_not_stored_have_empty_ids() -> None:
    created, update = event_pb2.InteractionEvent(), event_pb2.InteractionEvent()
    created.created.interaction.id = "theirs"
    update.status_update.interaction_id = "theirs"
    for event in (created, update):
        relayed.rewrite_event(event, Own(Interaction(), renamed=False))

    assert created.created.interaction.HasField("id")
    assert created.created.interaction.id == ""
    assert update.status_update.interaction_id == ""


def test_what_is_said_beats_what_is_known() -> None:
    known = Interaction(id="ours", model="m", system_instruction="Be brief.")
    known.status = Status.INTERACTION_STATUS_IN_PROGRESS
    known.labels["a"] = "1"
    said = Interaction(id="theirs", status=Status.INTERACTION_STATUS_COMPLETED)
    said.created.seconds, said.created.nanos = 5, 7
    said.labels["b"] = "2"
    said.input.text = "Hi"
    said.steps.extend(steps(ANSWER))
    whole = relayed.overlay(known, said)

    assert (whole.id, whole.model, whole.system_instruction) == (
        "ours",
        "m",
        "Be brief.",
    )
    assert whole.status == Status.INTERACTION_STATUS_COMPLETED
    assert (whole.created.seconds, whole.created.nanos) == (5, 0)
    assert dict(whole.labels) == {"b": "2"}
    assert not whole.HasField("input")
    assert list(whole.steps) == steps(ANSWER)


def test_a_status_that_is_not_known_here_is_kept() -> None:
    known = Interaction(id="ours", status=Status.INTERACTION_STATUS_IN_PROGRESS)
    whole = relayed.overlay(known, Interaction(rest='{"status":"pondering"}'))

    assert whole.status == Status.INTERACTION_STATUS_UNSPECIFIED


def test_the_input_is_taken_off_a_timeline() -> None:
    timeline = steps(USER, ANSWER, RESULT, ANSWER)
    sent = interaction_pb2.Input()
    sent.steps.items.extend(steps(USER, ANSWER, RESULT))
    alone = interaction_pb2.Input(text="Hi")

    assert list(relayed.output(timeline, sent)) == steps(ANSWER)
    assert list(relayed.output(timeline, alone)) == steps(ANSWER, RESULT, ANSWER)
    assert list(relayed.output(steps(USER, ANSWER), interaction_pb2.Input())) == steps(
        ANSWER
    )


def test_signatures_stay_with_the_server_that_made_them() -> None:
    told = relayed.foreign(steps(USER, THOUGHT, CALL, SEARCH, STRANGE, ANSWER))

    assert told == steps(
        USER,
        'function_call { id: "c" name: "f" arguments: "{}" }',
        'google_search_call { id: "s" }',
        STRANGE,
        ANSWER,
    )


def test_models_of_other_dialects_are_told_what_they_can_read() -> None:
    mixed = 'model_output { content { other: "{}" } content { text { text: "Yes" } } }'
    told = relayed.common(steps(USER, THOUGHT, SEARCH, STRANGE, CALL, RESULT, mixed))

    assert told == steps(USER, THOUGHT, CALL, RESULT, ANSWER)


def test_what_the_server_keeps_is_kept_here_in_short() -> None:
    whole = Interaction(id="ours", model="m", system_instruction="Be brief.")
    whole.steps.extend(steps(ANSWER))
    request = Request(model="m", previous_interaction_id="p", system_instruction="Be")
    request.input.text = "Hi"

    assert relayed.head(whole) == Interaction(id="ours", model="m")
    assert relayed.bare(request) == Request(model="m", previous_interaction_id="p")
