"""What the engine needs from the outside world, as narrow protocols.

Adapters in `models`, `storage` and the faces implement them; the engine names no
adapter. Every adapter of a port is held to the port's one acceptance suite under
`tests/`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from openinteractions.core.media import KINDS
from openinteractions.core.model_events import ModelEvent
from openinteractions.v1 import (
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


class ServerTools(Protocol):
    """Tools that this server runs itself, between two calls to a model."""

    def runs(
        self,
        request: interaction_service_pb2.CreateInteractionRequest,
        call: step_pb2.Step,
    ) -> bool:
        """Say whether a call is this server's to run, and not the caller's.

        Says the same of the same call each time, in every process.
        """

    async def run(
        self,
        request: interaction_service_pb2.CreateInteractionRequest,
        call: step_pb2.Step,
    ) -> step_pb2.Step:
        """Run a call and return the step with its result; a failure is one too.

        A call that has returned is not run again, whatever happens to this process
        after its result is stored; one that has not may be. Cancelling the task breaks
        it off.
        """


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
