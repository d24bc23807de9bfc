"""What every store makes of an interaction, beside keeping it.

Pure: messages in, messages out.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TypeVar

from openinteractions.engine.store_ports import Record, Remote
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest
Interaction = interaction_pb2.Interaction

_Long = TypeVar("_Long", Request, Interaction)

FULL = "Too many interactions wait already."
"""What `QueueFullError` says."""

ASIDE = ("system_instruction", "tools", "response_format")
"""Members that say nothing to who continues an interaction."""

SHORT = 256
"""How long a system instruction may be that is kept with the other members."""

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


Parts = tuple[bytes, bytes, bytes | None, bytes | None]
"""The messages of a record, serialized: the request, the interaction, and what of
both is aside. Appended to the others, it makes them whole."""


def parts(record: Record) -> Parts:
    """Take the messages of a record apart.

    A record of what another server made stays whole: what is read of it as part of a
    conversation may be written again.
    """
    request, interaction = record.request, record.interaction
    if record.remote is not None or not (
        request.tools
        or len(request.system_instruction) > SHORT
        or request.HasField("response_format")
    ):
        return request.SerializeToString(), interaction.SerializeToString(), None, None
    asked, asked_aside = _parted(request)
    made, made_aside = _parted(interaction)
    return asked, made, asked_aside, made_aside


def _parted(message: _Long) -> tuple[bytes, bytes]:
    """Return a message without and with only what is set aside, serialized."""
    lean, aside = type(message)(), type(message)()
    lean.CopyFrom(message)
    for name in ASIDE:
        lean.ClearField(name)
    aside.tools.extend(message.tools)
    if message.HasField("system_instruction"):
        aside.system_instruction = message.system_instruction
    if message.HasField("response_format"):
        aside.response_format.CopyFrom(message.response_format)
    return lean.SerializeToString(), aside.SerializeToString()


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
