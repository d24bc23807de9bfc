"""What stands of earlier attempts is told once, what is void is told again."""

from __future__ import annotations

import itertools

import pytest

from openinteractions.core import attempts, cursor, replay
from openinteractions.core.attempts import FIRST, Attempts
from openinteractions.core.cursor import Cursor, Place
from openinteractions.core.fold import Fold, fold
from openinteractions.core.lifecycle import Lifecycle
from openinteractions.v1 import event_pb2, interaction_pb2
from tests.core.streams import ID

Status = interaction_pb2.InteractionStatus


def ended(*texts: str) -> interaction_pb2.Interaction:
    """Return an interaction with a step for each text."""
    interaction = interaction_pb2.Interaction(
        id=ID,
        object="interaction",
        model="m",
        status=Status.INTERACTION_STATUS_COMPLETED,
    )
    for text in texts:
        interaction.steps.add().model_output.content.add().text.text = text
    return interaction


def told(events: list[event_pb2.InteractionEvent]) -> list[Cursor]:
    """Return where the events stand."""
    return [cursor.decode(event.event_id, ID) for event in events]


def test_the_first_attempt_makes_everything_until_another_begins() -> None:
    later = FIRST.begin(1000, 2).begin(2001, 3)
    assert [later.of(step) for step in range(5)] == [0, 0, 1000, 2001, 2001]
    assert later.of(cursor.END) == later.last == 2001
    assert FIRST.of(cursor.END) == FIRST.last == 0


def test_an_attempt_that_begins_where_another_did_takes_its_place() -> None:
    assert FIRST.begin(1000, 2).begin(2000, 2).begun == ((2000, 2),)
    assert FIRST.begin(1000, 2).begin(2000, 1).begun == ((2000, 1),)


@pytest.mark.parametrize("text", ["", "1000:0", "1:0 1000:3 4002:17"])
def test_attempts_are_kept_as_text(text: str) -> None:
    assert str(Attempts.parse(text)) == text


def test_every_claim_has_its_own_numbers_and_the_first_begins_at_none() -> None:
    assert attempts.number(0) == attempts.number(1) == 0
    assert attempts.number(1, 2) == 2
    assert attempts.number(2) == 1000
    assert attempts.number(2, 5000) < attempts.number(3)


def test_the_places_of_a_replay_grow_across_attempts() -> None:
    whole = replay.replay(ended("a", "b", "c"), None, Attempts(((1000, 1), (2000, 2))))
    places = told(whole)
    assert all(one < other for one, other in itertools.pairwise(places))
    assert [one.attempt for one in places if one.place == Place.START] == [
        0,
        1000,
        2000,
    ]


# A reader of the first attempt: how far it came, and the steps that it is to be told.
PLACES = [
    (Cursor(0, 0, Place.STATUS, 0), [0, 1, 2]),
    (Cursor(0, 0, Place.DELTA, 1), [0, 1, 2]),
    (Cursor(0, 0, Place.STOP, 0), [1, 2]),
    (Cursor(0, 1, Place.DELTA, 1), [1, 2]),
    (Cursor(0, 2, Place.STOP, 0), [1, 2]),
    (Cursor(1000, 1, Place.STOP, 0), [2]),
]


@pytest.mark.parametrize(("after", "steps"), PLACES)
def test_a_reader_is_told_the_rest_from_its_first_void_step_on(
    after: Cursor, steps: list[int]
) -> None:
    events = replay.replay(ended("aa", "bb", "cc"), after, Attempts(((1000, 1),)))
    found = {
        getattr(event, event.WhichOneof("event") or "").index
        for event in events
        if (event.WhichOneof("event") or "").startswith("step_")
    }
    assert sorted(found) == steps
    begins = [event for event in events if event.HasField("step_start")]
    again = after.attempt == 0 and after.step >= 1
    assert (begins[0].step_start.index == 1) if again else True


def test_what_was_received_and_the_rest_fold_to_the_whole() -> None:
    before = replay.replay(ended("a", "lost", "lost too"))
    whole, made = ended("a", "b", "c"), FIRST.begin(1000, 1)
    for length in range(1, len(before) - 1):
        received = before[:length]
        after = cursor.decode(received[-1].event_id, ID)
        rest = replay.replay(whole, after, made)
        assert fold([*received, *rest]) == whole
        life = Lifecycle()
        for event in [*received, *rest]:
            life.feed(event)


def test_a_fold_goes_on_from_steps_that_are_whole() -> None:
    whole = ended("a", "b")
    goes_on = Fold(whole.steps[:1])
    assert len(goes_on) == 1
    for event in replay.replay(whole, Cursor(0, 0, Place.STOP, 0)):
        goes_on.apply(event)
    assert goes_on.result() == whole


def test_a_step_that_came_whole_is_told_as_a_replay_would() -> None:
    whole = ended("a", "b")
    start = cursor.prefix(ID)
    events = replay.whole_step(1, whole.steps[1], start)
    after = Cursor(0, 0, Place.STOP, 0)
    assert events == replay.replay(whole, after)[:-1]
    assert not any(event.event_id for event in replay.whole_step(1, whole.steps[1], ""))
