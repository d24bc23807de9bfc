"""The `chat` dialect: OpenAI's chat completions, which most model servers speak."""

from __future__ import annotations

from openinteractions.engine.ports import ModelRequest
from openinteractions.models.chat.request import build
from openinteractions.models.chat.response import Turn
from openinteractions.models.profile import Profile
from openinteractions.models.spoken import Spoken
from openinteractions.models.transport.bodies import Body
from openinteractions.models.transport.endpoint import Endpoint

PATH = "chat/completions"

_BY_URL = frozenset({"image", "video"})
"""The media for which the dialect has a member with a URL."""

_AUDIO = frozenset({"audio/wav", "audio/mp3"})
"""The sound that servers take by OpenAI's own word; a profile may name others."""


class Chat(Spoken):
    """A model at an endpoint that speaks chat completions.

    Args:
        endpoint: its server.
        upstream: its name there; None: the name that the client sends.
        profile: what is known about it.
    """

    path = PATH

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        upstream: str | None = None,
        profile: Profile | None = None,
    ) -> None:
        facts = profile or Profile()
        accepts = facts.accepts(by_url=_BY_URL, audio=_AUDIO, text_formats=False)
        super().__init__(endpoint, upstream=upstream, profile=facts, accepts=accepts)

    def _turn(self, _: ModelRequest, /) -> Turn:
        return Turn(self._profile, self._endpoint.failures)

    def _build(self, request: ModelRequest, name: str, *, stream: bool) -> Body:
        return build(request, upstream=name, profile=self._profile, stream=stream)
