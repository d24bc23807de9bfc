"""Revisions of the API: the hub speaks `steps`, a spoke speaks `outputs`.

Works on decoded JSON with the standard library only; protos, gRPC and the service are
unknown here. Input is upgraded by its shape whatever the revision (`upgrade`); the
revision that `choose` returns decides only what goes out (`render`, `translate`).
"""

from collections.abc import Callable

from openinteractions.gateway.revisions.choose import KNOWN, Revision, choose
from openinteractions.gateway.revisions.errors import RevisionError
from openinteractions.gateway.revisions.outputs import (
    LOSSES,
    EventTranslator,
    Place,
    downgrade_interaction,
)
from openinteractions.gateway.revisions.shapes import Object
from openinteractions.gateway.revisions.upgrade import Upgraded, upgrade

__all__ = [
    "KNOWN",
    "LOSSES",
    "EventTranslator",
    "Revision",
    "RevisionError",
    "Upgraded",
    "choose",
    "render",
    "translate",
    "upgrade",
]


def render(interaction: Object, revision: Revision) -> Object:
    """Return an interaction of the hub in a revision; the hub's own is itself."""
    if revision is Revision.STEPS:
        return interaction
    return downgrade_interaction(interaction)


def translate(
    revision: Revision,
    *,
    last_event_id: str | None = None,
    raw: Callable[[str], object],
) -> tuple[str | None, EventTranslator | None]:
    """Prepare the way out of a stream.

    Args:
        revision: in which the events go out.
        last_event_id: the client's, if it resumes. It may come from a stream of
            either revision.
        raw: makes a value to embed out of JSON text.

    Returns:
        The `last_event_id` to ask the hub with, and what its events go through; `None`
        when they go out as they are.

    Raises:
        RevisionError: no stream of ours can have sent this token.
    """
    if revision is Revision.STEPS:
        if last_event_id is not None:
            last_event_id, _ = Place.of(last_event_id)
        return last_event_id, None
    if last_event_id is None:
        return None, EventTranslator(raw=raw)
    return EventTranslator.resume(last_event_id, raw=raw)
