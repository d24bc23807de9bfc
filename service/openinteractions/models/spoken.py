"""A model whose server is sent one JSON body for each turn, and answers as one turn.

What dialects differ in is the path, how the body is built and how the answer is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence

from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.ports import ModelRequest
from openinteractions.models import support
from openinteractions.models.served import Served
from openinteractions.models.transport import turns
from openinteractions.models.transport.bodies import Body
from openinteractions.v1 import interaction_service_pb2


class Spoken(Served, ABC):
    """A model in a dialect of one request for each turn."""

    path: str
    """Below the base URL of the server."""

    def check(
        self, request: interaction_service_pb2.CreateInteractionRequest
    ) -> Sequence[str]:
        """Return the members that the model will ignore (see `ports.Model`)."""
        return support.check(request, self._profile)

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Ask for one whole answer."""
        name = self._name(request)
        body = self._build(request, name, stream=False)
        answer = await self._endpoint.post(self.path, body, model=name)
        return self._turn(request).whole(answer)

    def stream(
        self, request: ModelRequest
    ) -> AsyncGenerator[Sequence[ModelEvent], None]:
        """Ask for an answer piece by piece (see `ports.Model`)."""
        name = self._name(request)
        body = self._build(request, name, stream=True)
        turn = self._turn(request)
        return turns.stream(self._endpoint, self.path, body, model=name, turn=turn)

    @abstractmethod
    def _turn(self, request: ModelRequest, /) -> turns.Turn:
        """Return what reads the answer to a request."""

    @abstractmethod
    def _build(self, request: ModelRequest, name: str, *, stream: bool) -> Body:
        """Return the body of a request for the model of that name."""
