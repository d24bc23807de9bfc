"""Events of another server get cursors of ours, and fold to what is stored."""

from __future__ import annotations

import pytest
from google.protobuf import text_format

from openinteractions.core import cursor, replay
from openinteractions.core.marks import Taken
from openinteractions.v1 import event_pb2, interaction_pb2

Event = event_pb2.InteractionEvent

STREAM = """
created { interaction { id: "a" } }
status_update { interaction_id: "a" }
step_start { index: 0 step { thought { } } }
step_delta { index: 0 delta { thought_summary { content { text { text: "Hm" } } } } }
step_delta { index: 0 delta { thought_signature { signature: "cw==" } } }
step_stop { index: 0 }
step_start { index: 1 step { model_output { content { text { text: "He" } } } } }
step_delta { index: 1 delta { text { text: "llo" } } }
step_delta { index: 1 delta { image { data: "abc" mime_type: "image/png" } } }
step_stop { index: 1 }
completed { interaction { id: "a" status: INTERACTION_STATUS_COMPLETED } }
"""


def stream(text: str = STREAM) -> list[Event]:
    return [text_format.Parse(line, Event()) for line in text.split("\n") if line]


def taken(events: list[Event]) -> Taken:
    one = Taken("a")
    for event in events:
        one.take(event)
    return one


def test_every_event_has_a_place_of_its_own_in_order() -> None:
    events = stream()
    assert not taken(events).torn
    places = [cursor.decode(event.event_id, "a") for event in events]

    assert places == sorted(set(places))


@pytest.mark.parametrize("place", range(len(stream())))
def test_a_replay_after_any_event_has_what_comes_after_it(place: int) -> None:
    events = stream()
    whole = taken(events)
    stored = interaction_pb2.Interaction(id="a")
    assert whole.completed is not None
    stored.CopyFrom(whole.completed)
    stored.steps.extend(whole.steps())
    after = cursor.decode(events[place].event_id, "a")
    again = taken([*events[: place + 1], *replay.replay(stored, after)])

    assert again.steps() == whole.steps()
    assert again.completed is not None


@pytest.mark.parametrize(
    "event",
    [
        'step_delta { index: 3 delta { text { text: "?" } } }',
        "step_stop { index: 3 }",
        "step_start { index: 3 step { model_output { } } }",
        'other: "{}"',
    ],
)
def test_what_cannot_be_folded_is_passed_over(event: str) -> None:
    events = stream()
    strange = text_format.Parse(event, Event())
    torn = taken([*events[:-1], strange, events[-1]])

    assert torn.torn
    assert torn.steps() == taken(stream()).steps()
    assert strange.event_id == events[-2].event_id


def test_a_step_that_begins_again_begins_an_attempt() -> None:
    again = [*stream()[:-4], *stream()[6:]]
    events = taken(again)
    places = [cursor.decode(event.event_id, "a") for event in again]

    assert str(events.attempts) == "1:1"
    assert places == sorted(set(places))
    assert [place.attempt for place in places] == [0] * 7 + [1] * 5
    assert events.steps() == taken(stream()).steps()


def test_what_is_told_anew_is_all_of_the_new_attempt() -> None:
    one = taken(stream()[:-1])
    before = cursor.decode(one._last, "a")
    one.begin_attempt(1000)
    events = stream()
    for event in events:
        one.take(event)
    places = [cursor.decode(event.event_id, "a") for event in events]

    assert one.steps() == taken(stream()).steps()
    assert [place.attempt for place in places[:3]] == [0, 0, 1000]
    assert all(place > before for place in places[2:])


@pytest.mark.parametrize("steps", [0, 2])
def test_an_attempt_that_has_told_nothing_is_told_as_it_ends(steps: int) -> None:
    one = taken(stream()[:-1])
    ended = interaction_pb2.Interaction(id="a")
    ended.steps.extend(one.steps()[:steps])
    one.begin_attempt(1000)
    events = one.fill(ended)
    for event in events:
        one.take(event)

    assert [cursor.decode(e.event_id, "a").attempt for e in events[:2]] == [1000] * 2
    assert one.steps() == list(ended.steps)
    assert len(ended.steps) == max(steps, 1)
    assert not one.fill(ended)
