"""What every store makes of an interaction, beside keeping it.

Pure: messages in, messages out.
"""

from __future__ import annotations

import dataclasses
import json

from openinteractions.engine.store_ports import Remote
from openinteractions.v1 import error_pb2, interaction_pb2

FULL = "Too many interactions wait already."
"""What `QueueFullError` says."""

LONG = ("steps", "input", "system_instruction", "tools", "response_format")
"""Members that an entry of the list does not have."""


def head(interaction: interaction_pb2.Interaction) -> interaction_pb2.Interaction:
    """Return a copy as an entry of the list, without its long members."""
    entry = interaction_pb2.Interaction()
    # Copying all of it and dropping most is quicker than choosing in Python.
    entry.CopyFrom(interaction)
    for name in LONG:
        entry.ClearField(name)
    return entry


def fail(
    interaction: interaction_pb2.Interaction, now: float, error: error_pb2.Error
) -> None:
    """End an interaction, in place, as one that its process has left."""
    interaction.status = interaction_pb2.InteractionStatus.INTERACTION_STATUS_FAILED
    interaction.errors.append(error)
    interaction.updated.Clear()
    interaction.updated.FromSeconds(int(now))


def begun(now: float) -> bytes:
    """Return what turns a queued interaction into a running one, serialized.

    Appended to the serialized interaction, or to its head, it takes the place of what
    they say of these members.
    """
    change = interaction_pb2.Interaction(
        status=interaction_pb2.InteractionStatus.INTERACTION_STATUS_IN_PROGRESS
    )
    change.updated.seconds = int(now)
    return change.SerializeToString()


def packed(remote: Remote) -> str:
    """Return where an interaction was made as text."""
    return json.dumps(dataclasses.astuple(remote))


def unpacked(text: str) -> Remote:
    """Return what `packed` was given."""
    return Remote(*json.loads(text))
