"""The events of an interaction, made from its folded steps.

They carry the same cursors as the live stream did, in fewer, larger deltas: what a
reader received before a cursor and what it receives after it fold to the stored
interaction (contract §6.4, design §5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from openinteractions.core import cursor, payload
from openinteractions.core.attempts import FIRST, Attempts
from openinteractions.core.cursor import Cursor, Place
from openinteractions.v1 import error_pb2, event_pb2, interaction_pb2, step_pb2

Event = event_pb2.InteractionEvent
Status = interaction_pb2.InteractionStatus


def replay(
    interaction: interaction_pb2.Interaction,
    after: Cursor | None = None,
    attempts: Attempts = FIRST,
) -> list[Event]:
    """Return the events of an ended interaction that come after a cursor.

    `interaction` has the steps of its output only. Without a cursor: all events.
    """
    events = chain(
        _beginning(interaction),
        _steps(interaction.steps, after, attempts, last_is_open=False),
        _ending(interaction),
    )
    return _placed(events, interaction.id, after, attempts)


def so_far(
    interaction: interaction_pb2.Interaction,
    steps: Sequence[step_pb2.Step],
    after: Cursor | None = None,
    *,
    last_is_open: bool,
    attempts: Attempts = FIRST,
) -> list[Event]:
    """Return the events of a running interaction, up to now, that come after a cursor.

    `steps` are those of its output as far as they go (`fold.Fold.so_far`).
    """
    events = chain(
        _beginning(interaction),
        _steps(steps, after, attempts, last_is_open=last_is_open),
    )
    return _placed(events, interaction.id, after, attempts)


def whole_step(index: int, step: step_pb2.Step, start: str) -> list[Event]:
    """Return the events of a step that came whole.

    Their tokens begin with `start`, which is empty for what is not stored.
    """
    events = []
    for (_, kind, offset, noted), event in _step(index, step, (0, 0), is_open=False):
        if start:
            event.event_id = cursor.encode(start, index, Place(kind), offset, noted)
        events.append(event)
    return events


_INSIDE = (Place.START, Place.DELTA)
_Place = tuple[int, int, int, int]
_Placed = Iterator[tuple[_Place, Event]]


def _placed(
    events: Iterable[tuple[_Place, Event]],
    interaction_id: str,
    after: Cursor | None,
    attempts: Attempts,
) -> list[Event]:
    placed = []
    for place, event in events:
        index, kind, offset, noted = place
        attempt = attempts.of(index) if kind >= Place.START else 0
        if after is None or after < (attempt, *place):
            start = cursor.prefix(interaction_id, attempt)
            event.event_id = cursor.encode(start, index, Place(kind), offset, noted)
            placed.append(event)
    return placed


def _beginning(interaction: interaction_pb2.Interaction) -> _Placed:
    yield (0, Place.CREATED, 0, 0), _created(interaction)
    yield (0, Place.STATUS, 0, 0), _status(interaction)


def _steps(
    steps: Sequence[step_pb2.Step],
    after: Cursor | None,
    attempts: Attempts,
    *,
    last_is_open: bool,
) -> _Placed:
    for index, step in enumerate(steps):
        seen = (0, 0)
        if (
            after is not None
            and after.place in _INSIDE
            and after[:2] == (attempts.of(index), index)
        ):
            seen = after.offset, after.annotations
        is_open = last_is_open and index == len(steps) - 1
        yield from _step(index, step, seen, is_open=is_open)


def _ending(interaction: interaction_pb2.Interaction) -> _Placed:
    for number, error in enumerate(interaction.errors):
        yield (cursor.END, Place.ERROR, number, 0), _error(error)
    completed = Event()
    completed.completed.interaction.CopyFrom(interaction)
    del completed.completed.interaction.steps[:]
    yield (cursor.END, Place.COMPLETED, 0, 0), completed


def _created(interaction: interaction_pb2.Interaction) -> Event:
    event = Event()
    first = event.created.interaction
    first.id, first.object = interaction.id, "interaction"
    first.status = Status.INTERACTION_STATUS_IN_PROGRESS
    if interaction.HasField("model"):
        first.model = interaction.model
    first.created.CopyFrom(interaction.created)
    return event


def _status(interaction: interaction_pb2.Interaction) -> Event:
    event = Event()
    event.status_update.interaction_id = interaction.id
    event.status_update.status = Status.INTERACTION_STATUS_IN_PROGRESS
    return event


def _error(error: error_pb2.Error) -> Event:
    event = Event()
    event.error.error.CopyFrom(error)
    return event


def _step(
    index: int, step: step_pb2.Step, seen: tuple[int, int], *, is_open: bool
) -> _Placed:
    begun, deltas = payload.taken_apart(step, *seen)
    start = Event()
    start.step_start.index = index
    start.step_start.step.CopyFrom(begun)
    yield (index, Place.START, 0, 0), start
    for offset, noted, delta in deltas:
        event = Event()
        event.step_delta.index = index
        event.step_delta.delta.CopyFrom(delta)
        yield (index, Place.DELTA, offset, noted), event
    if is_open:
        return
    stop = Event()
    stop.step_stop.index = index
    yield (index, Place.STOP, 0, 0), stop
