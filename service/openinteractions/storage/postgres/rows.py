"""What a row says, as a record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from openinteractions.engine.store_ports import Record
from openinteractions.storage.entries import unpacked
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

COLUMNS = "remote, attached, attempts, request, interaction"
ASIDE = "request_aside, interaction_aside"


def record_of(owner: str, row: Sequence[Any]) -> Record:
    """Return a record, from `COLUMNS`, and for a whole one `ASIDE` behind them."""
    remote, attached, attempts, request, interaction, *aside = row
    if aside and aside[0] is not None:
        # What is appended to a serialized message is merged into it.
        request, interaction = request + aside[0], interaction + aside[1]
    return Record(
        owner,
        interaction_service_pb2.CreateInteractionRequest.FromString(request),
        interaction_pb2.Interaction.FromString(interaction),
        remote and unpacked(remote),
        tuple(json.loads(attached)) if attached else (),
        attempts,
    )
