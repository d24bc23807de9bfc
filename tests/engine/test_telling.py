"""What is told of an interaction stays true when a call is made anew."""

from __future__ import annotations

import pytest

from openinteractions.core import cursor
from openinteractions.core.fold import fold
from openinteractions.core.model_events import Text
from openinteractions.engine.telling import Telling
from openinteractions.v1 import event_pb2, interaction_pb2
from tests.core.streams import ID, assembler

Event = event_pb2.InteractionEvent


def telling() -> Telling:
    interaction = interaction_pb2.Interaction(id=ID, model="m")
    return Telling(interaction, assembler(), cursor.prefix(ID))


def rest(told: Telling, events: list[Event]) -> list[Event]:
    """What a reader that has these events is told when it comes back."""
    return told.replay(cursor.decode(events[-1].event_id, ID))


@pytest.mark.parametrize("retries", [1, 2])
def test_a_reader_between_two_attempts_is_told_the_new_one_whole(retries: int) -> None:
    told = telling()
    events = [*told.created(), *told.take([Text("old")]), *told.abort()]
    for number in range(1, retries + 1):
        told.begin_attempt(1, number)
    late = told.replay(None)
    assert fold(late).steps == fold(events).steps
    told.take([Text("new")])
    for known in (events, late, events[:3]):
        (step,) = fold([*known, *rest(told, known)]).steps
        assert step.model_output.content[0].text.text == "new"


def test_what_an_attempt_told_is_not_told_again_as_the_next_ones() -> None:
    told = telling()
    events = [*told.created(), *told.take([Text("old")]), *told.abort()]
    told.begin_attempt(1, 1)
    assert rest(told, events) == []
