"""A model whose server is sent one JSON body for each turn, and answers as one turn.

What dialects differ in is the path, how the body is built and how the answer is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence

from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.models import support
from openinteractions.models.profile import Profile
from openinteractions.models.transport import turns
from openinteractions.models.transport.bodies import Body
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import interaction_service_pb2


class Spoken(ABC):
    """A model at an endpoint, in a dialect of one request for each turn.

    Args:
        endpoint: its server.
        upstream: its name there; None: the name that the client sends.
        profile: what is known about it.
        accepts: what media it takes.
    """

    path: str
    """Below the base URL of the server."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        upstream: str | None,
        profile: Profile,
        accepts: Accepts,
    ) -> None:
        self._endpoint = endpoint
        self._upstream = upstream
        self._profile = profile
        self._accepts = accepts

    @property
    def accepts(self) -> Accepts:
        """What media it takes."""
        return self._accepts

    def check(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Sequence[str]:
        """Return the members that the model will ignore (see `ports.Model`)."""
        return support.check(request, self._profile)

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Ask for one whole answer."""
        name = self._upstream or request.request.model
        body = self._build(request, name, stream=False)
        answer = await self._endpoint.post(self.path, body, model=name)
        return self._turn().whole(answer)

    def stream(
        self, request: ModelRequest
    ) -> AsyncGenerator[Sequence[ModelEvent], None]:
        """Ask for an answer piece by piece (see `ports.Model`)."""
        name = self._upstream or request.request.model
        body = self._build(request, name, stream=True)
        turn = self._turn()
        return turns.stream(self._endpoint, self.path, body, model=name, turn=turn)

    @abstractmethod
    def _turn(self) -> turns.Turn:
        """Return what reads one answer."""

    @abstractmethod
    def _build(self, request: ModelRequest, name: str, *, stream: bool) -> Body:
        """Return the body of a request for the model of that name."""
