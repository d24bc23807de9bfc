"""Interactions that end where they are, without running on."""

from __future__ import annotations

from openinteractions.core import attempts
from openinteractions.core.attempts import Attempts
from openinteractions.core.errors import DomainError, to_error
from openinteractions.engine.store_ports import Claimed, Record
from openinteractions.v1 import interaction_pb2

Status = interaction_pb2.InteractionStatus


def settled(claimed: Claimed, now: float, error: DomainError | None = None) -> Record:
    """Return an interaction that was claimed as it ends: cancelled, or failed.

    What its last process told of a call that was cut is void. So that readers learn
    of it, an empty answer takes its place.
    """
    record, interaction = claimed.record, claimed.record.interaction
    made = Attempts.parse(record.attempts)
    if claimed.epoch > 1:
        made = made.begin(attempts.number(claimed.epoch), len(interaction.steps))
        interaction.steps.add().model_output.SetInParent()
    interaction.status = Status.INTERACTION_STATUS_CANCELLED
    if error is not None:
        interaction.status = Status.INTERACTION_STATUS_FAILED
        interaction.errors.append(to_error(error))
    interaction.updated.Clear()
    interaction.updated.FromSeconds(int(now))
    return Record(
        record.owner,
        record.request,
        interaction,
        record.remote,
        attempts=str(made),
    )
