"""What is made of the messages of a server that speaks this API itself.

Pure rewriting: the server's ids and names become ours, where they stand in the members
that this API knows, and nothing else changes. What is stored of an answer is put over
what is known of it beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from openinteractions.core import inputs
from openinteractions.core.errors import DomainError, to_error
from openinteractions.v1 import (
    event_pb2,
    interaction_pb2,
    interaction_service_pb2,
    step_pb2,
)

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest

_DECIDED = frozenset(
    {"model", "agent", "store", "background", "stream", "previousinteractionid"}
)
"""Members that this server has to understand, in the spelling of `_folded`."""

_SAYS_STATUS = re.compile(r'"status":')

_SAID_BY_USERS = frozenset({"user_input", "function_result"})

_HEAD = frozenset(
    {
        "id",
        "object",
        "status",
        "model",
        "agent",
        "created",
        "updated",
        "previous_interaction_id",
    }
)


def misplaced(request: Request) -> str | None:
    """Return a member that would decide something at the server behind our back.

    It is among those that are not known here: under another spelling, or with a value
    of another type than it has. None: there is no such.
    """
    if not request.rest:
        return None
    members = orjson.loads(request.rest)
    return next((name for name in members if _folded(name) in _DECIDED), None)


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


class Own(NamedTuple):
    """What callers are to read instead of what the server says."""

    interaction: Interaction
    """The interaction as it is known here, with its id if it is stored."""
    renamed: bool
    """Whether the server knows its model or agent by another name."""


def rewrite(said: Interaction, own: Own) -> None:
    """Put our ids and names into what the server says of an interaction, in place."""
    known = own.interaction
    _rewrite_ids(said, known)
    if own.renamed and said.HasField("model"):
        said.model = known.model
    if own.renamed and said.HasField("agent"):
        said.agent = known.agent


def _rewrite_ids(said: Interaction, own: Interaction) -> None:
    if own.HasField("id"):
        said.id = own.id
    elif said.id:
        said.ClearField("id")  # nobody could ever ask for it
    if own.HasField("previous_interaction_id"):
        said.previous_interaction_id = own.previous_interaction_id
    else:
        said.ClearField("previous_interaction_id")


def rewrite_event(event: Event, own: Own) -> None:
    """Put our ids and names into an event, in place."""
    kind = event.WhichOneof("event")
    if kind == "created":
        _rewrite_named(event.created.interaction, own)
    elif kind == "completed":
        _rewrite_named(event.completed.interaction, own)
    elif kind == "status_update":
        if own.interaction.HasField("id"):
            event.status_update.interaction_id = own.interaction.id
        elif event.status_update.interaction_id:
            event.status_update.interaction_id = ""


def _rewrite_named(said: Interaction, own: Own) -> None:
    named, previous = said.HasField("id"), said.HasField("previous_interaction_id")
    rewrite(said, own)
    if named and not said.HasField("id"):
        said.id = ""  # as streams that are not stored have it (contract §6.5)
    if not previous:
        said.ClearField("previous_interaction_id")


def upstream_id(event: Event) -> str:
    """Return the id that the server gives the interaction; empty if it says none."""
    kind = event.WhichOneof("event")
    if kind == "created":
        return event.created.interaction.id
    if kind == "completed":
        return event.completed.interaction.id
    if kind == "status_update":
        return event.status_update.interaction_id
    return ""


def begins(event: Event) -> bool:
    """Say whether an event tells how an interaction begins, or still goes on."""
    return event.HasField("created") or event.HasField("status_update")


def first_last(events: Sequence[Event]) -> int:
    """Return where the first event is with which an interaction may end."""
    for index, event in enumerate(events):
        if event.HasField("completed") or event.HasField("error"):
            return index
    return len(events)


def error_event(error: DomainError) -> Event:
    """Return the event of a failure in mid-stream."""
    return Event(error=event_pb2.InteractionError(error=to_error(error)))


def overlay(known: Interaction, said: Interaction) -> Interaction:
    """Return an interaction as it is stored: what is said of it beats what is known.

    The steps are those that are said. Times have whole seconds.
    """
    whole = Interaction()
    whole.CopyFrom(known)
    del whole.steps[:]
    for field, value in said.ListFields():
        whole.ClearField(field.name)
        if field.is_repeated:
            getattr(whole, field.name).MergeFrom(value)
        elif field.message_type is not None:
            getattr(whole, field.name).CopyFrom(value)
        else:
            setattr(whole, field.name, value)
    if known.HasField("id"):
        whole.id = known.id
    if not said.status and _SAYS_STATUS.search(said.rest):
        whole.ClearField("status")  # a word that is not known here
    whole.ClearField("input")
    for time in (whole.created, whole.updated):
        if time.nanos:
            time.nanos = 0
    return whole


def head(interaction: Interaction) -> Interaction:
    """Return what is kept here of an interaction that the server keeps."""
    entry = Interaction()
    entry.CopyFrom(interaction)
    for field, _ in interaction.ListFields():
        if field.name not in _HEAD:
            entry.ClearField(field.name)
    return entry


def bare(request: Request) -> Request:
    """Return what is kept here of a request whose interaction the server keeps."""
    entry = Request()
    for name in ("model", "agent", "previous_interaction_id"):
        if request.HasField(name):
            setattr(entry, name, getattr(request, name))
    return entry


def output(
    steps: Sequence[step_pb2.Step], given: interaction_pb2.Input
) -> Sequence[step_pb2.Step]:
    """Return the steps of a timeline without those of its input."""
    sent = inputs.to_steps(given) if given.WhichOneof("value") else []
    if sent and [_kind(s) for s in steps[: len(sent)]] == [_kind(s) for s in sent]:
        return steps[len(sent) :]
    return answered(steps)


def answered(steps: Sequence[step_pb2.Step]) -> Sequence[step_pb2.Step]:
    """Return steps without what the user said at their beginning."""
    start = 0
    while start < len(steps) and _kind(steps[start]) in _SAID_BY_USERS:
        start += 1
    return steps[start:]


def _kind(step: step_pb2.Step) -> str:
    return step.WhichOneof("kind") or ""


def foreign(steps: Iterable[step_pb2.Step]) -> list[step_pb2.Step]:
    """Return the steps of one server as another one can read them.

    Signatures are opaque to all but their maker. A thought is nothing without one:
    servers refuse it (contract §9).
    """
    kept = []
    for step in steps:
        kind = _kind(step)
        if kind == "thought":
            continue
        inner = None if kind in ("", "other") else getattr(step, kind)
        if inner is not None and "signature" in inner.DESCRIPTOR.fields_by_name:
            unsigned = step_pb2.Step()
            unsigned.CopyFrom(step)
            getattr(unsigned, kind).ClearField("signature")
            step = unsigned  # noqa: PLW2901 - the same step, unsigned
        kept.append(step)
    return kept


_COMMON = frozenset(
    {"user_input", "model_output", "thought", "function_call", "function_result"}
)


def common(steps: Iterable[step_pb2.Step]) -> list[step_pb2.Step]:
    """Return the steps that a model of any dialect can read.

    What a server's own tools did has led to its answer, which is there; kinds that are
    not known here say nothing to a model.
    """
    kept = []
    for step in steps:
        kind = _kind(step)
        if kind not in _COMMON:
            continue
        if kind == "model_output" and any(
            content.WhichOneof("kind") in (None, "other")
            for content in step.model_output.content
        ):
            known = step_pb2.Step()
            known.CopyFrom(step)
            contents = [
                content
                for content in step.model_output.content
                if content.WhichOneof("kind") not in (None, "other")
            ]
            del known.model_output.content[:]
            known.model_output.content.extend(contents)
            step = known  # noqa: PLW2901 - the same step, as far as it is known
        kept.append(step)
    return kept
