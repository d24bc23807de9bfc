"""The interaction that a request begins, before anything is said."""

from __future__ import annotations

from collections.abc import Callable

from openinteractions.core import echo, ids
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus

_IN_PROGRESS = Status.INTERACTION_STATUS_IN_PROGRESS

_ECHOED = frozenset(Request.DESCRIPTOR.fields_by_name) & frozenset(
    Interaction.DESCRIPTOR.fields_by_name
) - {"input", "rest"}
"""The members of a request that the interaction repeats."""


def begin(request: Request, now: float, entropy: Callable[[int], bytes]) -> Interaction:
    """Return the interaction; it has an id if it is to be stored.

    Args:
        request: what is asked for.
        now: seconds since 1970.
        entropy: returns that many random bytes.
    """
    interaction = Interaction(object="interaction", status=_IN_PROGRESS)
    for field, value in request.ListFields():
        if field.name not in _ECHOED:
            continue
        if field.is_repeated:
            getattr(interaction, field.name).MergeFrom(value)
        elif field.message_type is not None:
            getattr(interaction, field.name).CopyFrom(value)
        else:
            setattr(interaction, field.name, value)
    echo.conceal(interaction)
    interaction.created.FromSeconds(int(now))
    interaction.updated.FromSeconds(int(now))
    if request.store or not request.HasField("store"):
        interaction.id = ids.interaction_id(
            int(now * 1000), entropy(ids.INTERACTION_ENTROPY_BYTES)
        )
    return interaction
