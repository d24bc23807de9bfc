"""Folding events gives the interaction, from the whole stream or from its pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.core import cursor, replay
from openinteractions.core.fold import Fold, fold
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Text,
    Thought,
)
from openinteractions.v1 import (
    annotation_pb2,
    content_pb2,
    event_pb2,
    interaction_pb2,
    step_pb2,
)
from tests.core.streams import ID, assembler, run, turns

Step = step_pb2.Step


def test_a_turn_folds_to_its_steps() -> None:
    interaction = fold(
        run(
            [
                Thought("h"),
                Thought("m"),
                Signature("c2ln"),
                Text("Hi"),
                Text(" you"),
                CallFragment(0, "a", "f", '{"x":'),
                CallFragment(0, "", "", "1}"),
                Finish(FinishReason.CALLS),
            ]
        )
    )
    hi = content_pb2.Content(text=content_pb2.TextContent(text="Hi you"))
    hm = content_pb2.Content(text=content_pb2.TextContent(text="hm"))
    assert list(interaction.steps) == [
        Step(thought=step_pb2.ThoughtStep(signature="c2ln", summary=[hm])),
        Step(model_output=step_pb2.ModelOutputStep(content=[hi])),
        Step(
            function_call=step_pb2.FunctionCallStep(
                id="a", name="f", arguments='{"x":1}'
            )
        ),
    ]
    status = interaction_pb2.INTERACTION_STATUS_REQUIRES_ACTION
    assert interaction.status == status


def test_a_call_that_never_became_whole_is_void() -> None:
    folding = Fold()
    machine = assembler()
    half: list[ModelEvent] = [Text("so"), CallFragment(0, "a", "f", '{"x')]
    for said in half:
        machine.feed(said)
        for event in machine.drain():
            folding.apply(event)
    kinds = [step.WhichOneof("kind") for step in folding.result().steps]
    assert kinds == ["model_output"]


def test_a_step_that_starts_again_voids_what_follows() -> None:
    events = run([Thought("a"), Text("old"), Finish(FinishReason.STOP)])
    again = event_pb2.InteractionEvent()
    again.step_start.index = 0
    again.step_start.step.model_output.SetInParent()
    text = event_pb2.InteractionEvent()
    text.step_delta.index = 0
    text.step_delta.delta.text.text = "new"
    interaction = fold([*events[:-1], again, text])
    assert [step.model_output.content[0].text.text for step in interaction.steps] == [
        "new"
    ]


def test_annotations_belong_to_the_text_before_them() -> None:
    events = run([Text("cited"), Finish(FinishReason.STOP)])
    change = event_pb2.InteractionEvent()
    change.step_delta.index = 0
    cited = annotation_pb2.Annotation(
        url_citation=annotation_pb2.UrlCitation(url="https://example.com")
    )
    change.step_delta.delta.text_annotation_delta.annotations.append(cited)
    content = fold([*events, change]).steps[0].model_output.content[0]
    assert content.text.text == "cited"
    assert list(content.text.annotations) == [cited]


def test_a_delta_that_cannot_be_folded_is_an_error() -> None:
    events = run([Text("a"), Finish(FinishReason.STOP)])
    change = event_pb2.InteractionEvent()
    change.step_delta.index = 0
    change.step_delta.delta.processing_call.id = "x"
    with pytest.raises(ValueError, match="processing_call"):
        fold([*events, change])


@given(turns())
def test_a_replay_of_what_was_folded_folds_to_the_same(said: list[ModelEvent]) -> None:
    interaction = fold(run(said))
    assert fold(replay.replay(interaction)) == interaction


@given(turns(), st.data())
def test_a_stream_cut_anywhere_goes_on_from_its_last_token(
    said: list[ModelEvent], data: st.DataObject
) -> None:
    events = run(said)
    interaction = fold(events)
    cut = data.draw(st.integers(1, len(events)))
    received = events[:cut]
    after = cursor.decode(received[-1].event_id, ID)
    rest = replay.replay(interaction, after)
    assert fold([*received, *rest]) == interaction
    received_tokens = {event.event_id for event in received}
    assert not received_tokens & {event.event_id for event in rest}


@given(turns(), st.data())
def test_a_replay_cut_anywhere_goes_on_from_its_last_token(
    said: list[ModelEvent], data: st.DataObject
) -> None:
    interaction = fold(run(said))
    events = replay.replay(interaction)
    cut = data.draw(st.integers(1, len(events)))
    after = cursor.decode(events[cut - 1].event_id, ID)
    assert replay.replay(interaction, after) == events[cut:]
