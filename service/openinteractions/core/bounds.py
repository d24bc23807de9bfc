"""The events with which the telling of an interaction begins and ends.

What is between them is the assembler's. `cursors` is what the tokens begin with
(`cursor.prefix`), or None for an interaction that is not stored.
"""

from __future__ import annotations

from openinteractions.core import cursor
from openinteractions.core.cursor import Place
from openinteractions.v1 import error_pb2, event_pb2, interaction_pb2

Event = event_pb2.InteractionEvent


def created(
    interaction: interaction_pb2.Interaction, interaction_id: str, cursors: str | None
) -> list[Event]:
    """Return the events with which a stream begins."""
    first, second = Event(), Event()
    first.created.interaction.CopyFrom(interaction)
    second.status_update.interaction_id = interaction_id
    second.status_update.status = interaction.status
    if cursors is not None:
        first.event_id = cursor.encode(cursors, 0, Place.CREATED)
        second.event_id = cursor.encode(cursors, 0, Place.STATUS)
    return [first, second]


def failed(error: error_pb2.Error, cursors: str | None, number: int = 0) -> Event:
    """Return the event of a failure in mid-stream, after that many others."""
    event = Event()
    event.error.error.CopyFrom(error)
    if cursors is not None:
        event.event_id = cursor.encode(cursors, cursor.END, Place.ERROR, number)
    return event


def completed(interaction: interaction_pb2.Interaction, cursors: str | None) -> Event:
    """Return the last event; steps of the interaction are left out."""
    event = Event()
    event.completed.interaction.CopyFrom(interaction)
    del event.completed.interaction.steps[:]
    if cursors is not None:
        event.event_id = cursor.encode(cursors, cursor.END, Place.COMPLETED)
    return event
