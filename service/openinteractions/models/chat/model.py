"""The `chat` dialect: OpenAI's chat completions, which most model servers speak."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.models import support
from openinteractions.models.chat.request import build
from openinteractions.models.chat.response import Turn
from openinteractions.models.profile import Profile
from openinteractions.models.transport import turns
from openinteractions.models.transport.bodies import Body
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import interaction_service_pb2

PATH = "chat/completions"

_BY_URL = frozenset({"image", "video"})
"""The media for which the dialect has a member with a URL."""

_AUDIO = frozenset({"audio/wav", "audio/mp3"})
"""The sound that servers take by OpenAI's own word; a profile may name others."""


class Chat:
    """A model at an endpoint that speaks chat completions.

    Args:
        endpoint: its server.
        upstream: its name there; None: the name that the client sends.
        profile: what is known about it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        upstream: str | None = None,
        profile: Profile | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._upstream = upstream
        self._profile = profile or Profile()
        self._accepts = self._profile.accepts(
            by_url=_BY_URL, audio=_AUDIO, text_formats=False
        )

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
        name, body = self._body(request, stream=False)
        answer = await self._endpoint.post(PATH, body, model=name)
        return self._turn().whole(answer)

    def stream(
        self, request: ModelRequest
    ) -> AsyncGenerator[Sequence[ModelEvent], None]:
        """Ask for an answer piece by piece (see `ports.Model`)."""
        name, body = self._body(request, stream=True)
        turn = self._turn()
        return turns.stream(self._endpoint, PATH, body, model=name, turn=turn)

    def _turn(self) -> Turn:
        return Turn(self._profile, self._endpoint.failures)

    def _body(self, request: ModelRequest, *, stream: bool) -> tuple[str, Body]:
        name = self._upstream or request.request.model
        body = build(request, upstream=name, profile=self._profile, stream=stream)
        return name, body
