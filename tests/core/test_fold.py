"""Folding events gives the interaction, from the whole stream or from its pieces."""

from __future__ import annotations

import json

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
    tool_step_pb2,
)
from tests.core.foreign import TOOLS, Delta, Event, Step, streams, told
from tests.core.streams import ID, assembler, run, turns


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


@pytest.mark.parametrize(("begun", "delta"), TOOLS)
def test_one_delta_completes_the_step_of_a_tool(begun: Step, delta: Delta) -> None:
    kind = begun.WhichOneof("kind") or ""
    (step,) = fold(told([(begun, [delta])])).steps
    said, known = getattr(delta, kind), getattr(begun, kind)
    for field, value in said.ListFields():
        assert getattr(getattr(step, kind), field.name) == value
    for field, value in known.ListFields():
        assert getattr(getattr(step, kind), field.name) == value or value == ""


def test_members_that_nobody_knows_add_up() -> None:
    begun = Step(processing_call=tool_step_pb2.ProcessingCallStep(rest='{"a":1,"b":1}'))
    more = tool_step_pb2.ProcessingCallStep(rest='{"b":2}')
    (step,) = fold(told([(begun, [Delta(processing_call=more)])])).steps
    assert json.loads(step.processing_call.rest) == {"a": 1, "b": 2}


def test_a_delta_that_has_nothing_to_do_with_its_step_changes_nothing() -> None:
    step, delta = TOOLS[0]
    other = Step(processing_call=tool_step_pb2.ProcessingCallStep(id="x"))
    assert list(fold(told([(other, [delta]), (step, [])])).steps) == [other, step]


def test_arguments_that_come_with_the_start_of_a_call_stay() -> None:
    call = step_pb2.FunctionCallStep(id="a", name="f", arguments='{"x":1}')
    (step,) = fold(told([(Step(function_call=call), [])])).steps
    assert step.function_call == call


CONTINUED = [
    ("no type", {"mime_type": "image/png"}, {}, True),
    ("another image", {"mime_type": "image/png"}, {"mime_type": "image/png"}, False),
    ("an address", {"mime_type": "image/png"}, {"uri": "u"}, False),
    ("after an address", {"uri": "u"}, {}, False),
]


@pytest.mark.parametrize(("first", "second", "one"), [case[1:] for case in CONTINUED])
def test_a_piece_continues_an_image_or_begins_another(
    first: dict[str, str], second: dict[str, str], one: bool
) -> None:
    images = [
        content_pb2.ImageContent(data=b"a", **first),
        content_pb2.ImageContent(data=b"b", **second),
    ]
    answer = Step(model_output=step_pb2.ModelOutputStep())
    (step,) = fold(told([(answer, [Delta(image=image) for image in images])])).steps
    data = [content.image.data for content in step.model_output.content]
    assert data == ([b"ab"] if one else [b"a", b"b"])


@pytest.mark.parametrize(
    ("rate", "one"), [(24000, True), (16000, False)], ids=["same", "another rate"]
)
def test_a_piece_of_sound_continues_one_of_its_own_format(rate: int, one: bool) -> None:
    sounds = [
        content_pb2.AudioContent(data=data, mime_type="audio/l16", sample_rate=each)
        for data, each in ((b"a", 24000), (b"b", rate))
    ]
    answer = Step(model_output=step_pb2.ModelOutputStep())
    (step,) = fold(told([(answer, [Delta(audio=sound) for sound in sounds])])).steps
    heard = [content.audio.data for content in step.model_output.content]
    assert heard == ([b"ab"] if one else [b"a", b"b"])


@given(streams)
def test_a_foreign_stream_replays_as_what_it_folds_to(events: list[Event]) -> None:
    interaction = fold(events)
    assert fold(replay.replay(interaction)) == interaction


@given(streams, st.data())
def test_a_foreign_stream_cut_anywhere_goes_on_from_its_last_token(
    events: list[Event], data: st.DataObject
) -> None:
    interaction = fold(events)
    cut = data.draw(st.integers(1, len(events)))
    after = cursor.decode(events[cut - 1].event_id, ID)
    assert fold([*events[:cut], *replay.replay(interaction, after)]) == interaction


@given(streams, st.data())
def test_a_replay_of_a_foreign_stream_cut_anywhere_goes_on(
    events: list[Event], data: st.DataObject
) -> None:
    interaction = fold(events)
    replayed = replay.replay(interaction)
    cut = data.draw(st.integers(1, len(replayed)))
    after = cursor.decode(replayed[cut - 1].event_id, ID)
    assert replay.replay(interaction, after) == replayed[cut:]


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
