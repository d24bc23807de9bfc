"""What the engine needs from the outside world, as narrow protocols.

Adapters in `models`, `storage` and the faces implement them; the engine names no
adapter. Every adapter of a port is held to the port's one acceptance suite under
`tests/`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from openinteractions.core.media import KINDS
from openinteractions.core.model_events import ModelEvent
from openinteractions.v1 import (
    error_pb2,
    interaction_pb2,
    interaction_service_pb2,
    step_pb2,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepts:
    """What media a model takes; the default is everything, in any form.

    MIME types are as `core.mime.essence` spells them.
    """

    kinds: frozenset[str] = KINDS
    """The kinds that it takes at all."""
    remote: frozenset[str] = KINDS
    """The kinds whose http(s) URL may be passed on for the model's server to fetch;
    of the others it gets the bytes."""
    audio: frozenset[str] | None = None
    """The MIME types of sound that it takes; None: any."""
    documents: frozenset[str] | None = None
    """The MIME types of documents that it takes as they are; None: any. It gets the
    text of the others, and of all when it takes no documents."""
    text_formats: bool = True
    """Whether documents of text formats (plain text, CSV, HTML) are among any."""
    video_processing: bool = True
    """Whether it can be told how to watch a video: which part, how many frames, in
    which resolution."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything that a model needs for one turn."""

    request: interaction_service_pb2.CreateInteractionRequest
    """The caller's request: model, tools, configuration, formats."""
    steps: Sequence[step_pb2.Step]
    """The whole conversation, oldest first, this request's input included. Every
    function result comes after its call and has the call's id and name; calls
    without a result may be followed by anything. A medium has either bytes with a
    MIME type or a URL for the model's server to fetch, as `Model.accepts` says."""


class Model(Protocol):
    """A model at an endpoint, spoken to in the endpoint's dialect.

    Raises `core.errors.BackendError` and its kin for whatever the endpoint does
    wrong. Cancelling the task closes the connection to the endpoint.
    """

    @property
    def accepts(self) -> Accepts:
        """What media it takes."""

    def check(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Sequence[str]:
        """Return the members that the model cannot follow and will ignore.

        They are hints, named by JSON path, such as
        `generation_config.thinking_level` (design §8). Does no I/O.

        Raises:
            NotSupportedError: a member that would change the result cannot be
                followed; its `field` names it.
        """

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Ask for one whole answer."""

    def stream(self, request: ModelRequest) -> AsyncIterator[Sequence[ModelEvent]]:
        """Ask for an answer piece by piece.

        Each batch holds, in order, events of one read from the endpoint; the first
        event of a read comes in a batch of its own, before the rest is parsed. No
        batch is empty. Closing the iterator closes the connection.
        """


class Models(Protocol):
    """The configured models."""

    def resolve(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Model:
        """Return the model that a request asks for, to make what it asks for.

        Raises:
            UnknownModelError: no configured name fits.
            NotSupportedError: the model does not make such output.
        """


@dataclass(frozen=True, slots=True)
class Remote:
    """Where an interaction was made, when that is a server with this same API."""

    endpoint: str
    """The server, as the configuration calls it."""
    id: str | None
    """The interaction's id there; None: it is not kept there."""
    whole: bool
    """Whether all of it is here too. If not, its steps and input are only there."""
    prior: int = 0
    """How many steps of earlier turns stand before its own input there."""


@dataclass(frozen=True, slots=True)
class Record:
    """One stored interaction."""

    owner: str
    """Hash of the key that created it; empty without authentication."""
    request: interaction_service_pb2.CreateInteractionRequest
    """The request as it was understood, with the input in the form it was sent."""
    interaction: interaction_pb2.Interaction
    """The interaction with the steps of its output only. `created` and `updated`
    have whole seconds."""
    remote: Remote | None = None
    """Where it was made, if not here."""
    attached: Sequence[str] = ()
    """The names of media that are kept beside it, with references in their place
    (`core.attached`). Of nobody's concern but stores'."""


class InteractionStore(Protocol):
    """Keeps interactions.

    A method returns only when its effect is durable, and either happens whole or
    not at all. Raises `UnavailableError` when the store cannot be reached, is
    locked or full; nothing has then been changed.
    """

    async def add(
        self, record: Record, lineage: Sequence[str], *, deadline: float | None = None
    ) -> None:
        """Store a new interaction.

        `lineage` has the ids of the conversation that it continues, oldest first,
        as `conversation` returned them; it is empty for a new conversation. The
        youngest of them that still exists is what the interaction continues.

        `deadline` (seconds since 1970) is until when an interaction that has not
        ended counts as alive; see `expire`. Without one it is past at once.
        """

    async def update(self, record: Record) -> bool:
        """Replace a stored interaction that has not ended; its deadline stays.

        Returns False, and changes nothing, when it was deleted or has ended.
        """

    async def renew(self, ids: Sequence[str], deadline: float) -> None:
        """Move the deadline of interactions, whoever owns them.

        Leaves out those that are not there or have ended.
        """

    async def expire(self, now: float, error: error_pb2.Error) -> Sequence[str]:
        """End, as failed, every interaction whose deadline is not after `now`.

        Such a one was left by the process that ran it. The error is added to its
        `errors` and `updated` becomes `now`. Returns the ids. An `update` or a
        `renew` at the same time comes before, and then may save it, or after, and
        then changes nothing. It happens a hundred at a time: when it raises, some
        may have been ended.
        """

    async def get(
        self,
        id: str,  # noqa: A002 - the resource's own word
        owner: str,
        *,
        media: bool = True,
    ) -> Record | None:
        """Return an interaction, or None when it is not there or another owner's.

        Without `media`, its media may have other bytes than they should, which is
        quicker; such a record is not for `update`.

        Raises:
            NotFoundError: it is there, but bytes of its media are lost.
        """

    async def conversation(
        self,
        id: str,  # noqa: A002
        owner: str,
        *,
        media: bool = True,
    ) -> Sequence[Record]:
        """Return an interaction and all that it continues, oldest first.

        Deleted ones are left out, those before them are not. Empty when `id` itself
        is not there or another owner's. One query. `media` is as in `get`; media that
        no model is shown may be left out.

        Raises:
            RequestError: the media are lost, or more than a model is sent; the field
                is `previous_interaction_id`.
        """

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return those ids that an interaction has, whoever owns it."""

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove an interaction with everything in it; False when it is not there.

        Interactions that continued it stay, still name it, and continue from what
        it continued.
        """

    async def list(
        self, owner: str, *, limit: int, before: str | None
    ) -> Sequence[interaction_pb2.Interaction]:
        """Return up to `limit` of the owner's interactions, newest first.

        They come without steps, input, system instruction, tools and response
        format; nothing of those is loaded.

        `before` is the id of the last one of the page before. It may have been
        deleted since; the order is by id, which grows with time of creation.
        """


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
