"""What the engine needs of servers that speak the Interactions API themselves.

They take requests and answer with interactions and events of the API: nothing is put
together here, so these are no models (`ports.Model`). The adapters know the wire; who
may see what, and what is kept where, is the engine's.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

from openinteractions.engine.ports import Accepts
from openinteractions.v1 import event_pb2, interaction_pb2, interaction_service_pb2


class Keeping(enum.Enum):
    """Where the interactions of a relay are kept."""

    UPSTREAM = "upstream"
    """By the server; here only which of them is whose."""
    HERE = "here"
    """Here; the server keeps nothing."""
    BOTH = "both"
    """By both: continued there, and still here when it is gone there."""


class Call(Protocol):
    """The call of this server's own for which another server is asked."""

    request_id: str
    """Goes along, so that both logs tell of one request."""
    ignored: list[str]
    """Filled with the members that the other server ignores."""


class Relay(Protocol):
    """A server that speaks the Interactions API.

    Interactions go by the server's ids. Whatever it refuses or fails at is a
    `core.errors.BackendError` whose metadata have `http_status`, `code` and perhaps
    `error`, as the server said them; for what is no answer at all, as for models.
    """

    @property
    def endpoint(self) -> str:
        """What the configuration calls it."""

    @property
    def keeping(self) -> Keeping:
        """Where its interactions are kept."""

    @property
    def accepts(self) -> Accepts:
        """What media it takes."""

    async def create(
        self,
        request: interaction_service_pb2.CreateInteractionRequest,
        *,
        call: Call,
    ) -> interaction_pb2.Interaction:
        """Create an interaction and return the answer."""

    def stream_create(
        self,
        request: interaction_service_pb2.CreateInteractionRequest,
        *,
        call: Call,
    ) -> AsyncIterator[Sequence[event_pb2.InteractionEvent]]:
        """Create an interaction and yield its events, one for each of the server's.

        Each batch holds those of one read, the first event of a read by itself. No
        batch is empty. Closing the iterator closes the connection. That a stream ends
        says nothing: only a `completed` event tells that it is whole.
        """

    async def get(
        self,
        remote_id: str,
        *,
        include_input: bool,
        call: Call,
    ) -> interaction_pb2.Interaction:
        """Return an interaction with its timeline."""

    def stream(
        self,
        remote_id: str,
        *,
        last_event_id: str | None,
        include_input: bool,
        call: Call,
    ) -> AsyncIterator[Sequence[event_pb2.InteractionEvent]]:
        """Yield an interaction's events, as `stream_create` does."""

    async def cancel(
        self,
        remote_id: str,
        *,
        call: Call,
    ) -> interaction_pb2.Interaction:
        """Stop a running interaction and return it with its timeline."""

    async def delete(self, remote_id: str, *, call: Call) -> None:
        """Delete an interaction."""


class Target(NamedTuple):
    """Where a request goes."""

    relay: Relay
    name: str
    """The server's own name of the model or agent."""


class Relays(Protocol):
    """The configured servers that speak the Interactions API, and who is there."""

    def find(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Target | None:
        """Return where a request's model or agent is; None when it is at no relay.

        Raises:
            UnknownModelError: agents are configured, but none of that name.
        """

    def __bool__(self) -> bool:
        """Say whether any is configured."""

    def named(self, endpoint: str) -> Relay | None:
        """Return the relay of an endpoint, or None when it is not configured."""
