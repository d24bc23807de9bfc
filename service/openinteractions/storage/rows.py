"""What a row of a SQLite file says, as a record."""

from __future__ import annotations

import json

from openinteractions.engine.store_ports import Record
from openinteractions.storage.entries import unpacked
from openinteractions.storage.reader import Row
from openinteractions.v1 import interaction_pb2, interaction_service_pb2


def record_of(row: Row) -> Record:
    """Return a record.

    The row has `owner, request, interaction, remote, attached`, and for a whole record
    `attempts, request_aside, interaction_aside` as well.
    """
    owner, request, interaction, remote, attached, *more = row
    attempts = ""
    if more:
        attempts, request_aside, interaction_aside = more
        # What is appended to a serialized message is merged into it.
        request += request_aside or b""
        interaction += interaction_aside or b""
    return Record(
        owner,
        interaction_service_pb2.CreateInteractionRequest.FromString(request),
        interaction_pb2.Interaction.FromString(interaction),
        remote and unpacked(remote),
        tuple(json.loads(attached)) if attached else (),
        attempts or "",
    )
