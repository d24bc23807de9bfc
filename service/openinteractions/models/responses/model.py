"""A model at an endpoint that speaks OpenAI's Responses API."""

from __future__ import annotations

import dataclasses

from openinteractions.engine.ports import ModelRequest
from openinteractions.models.profile import Profile
from openinteractions.models.responses.request import build
from openinteractions.models.responses.response import Turn
from openinteractions.models.spoken import Spoken
from openinteractions.models.transport.bodies import Body
from openinteractions.models.transport.endpoint import Endpoint

PATH = "responses"

_BY_URL = frozenset({"image", "document"})
"""The media for which the dialect has a member with a URL."""

_AUDIO = frozenset({"audio/wav", "audio/mp3"})
"""The sound that the dialect has words for."""


class Responses(Spoken):
    """A model at an endpoint that speaks the Responses API.

    Args:
        endpoint: its server.
        upstream: its name there; None: the name that the client sends.
        profile: what is known about it; what the API has no member for is denied.
    """

    path = PATH

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        upstream: str | None = None,
        profile: Profile | None = None,
    ) -> None:
        facts = restrict(profile or Profile())
        accepts = facts.accepts(by_url=_BY_URL, audio=_AUDIO)
        super().__init__(endpoint, upstream=upstream, profile=facts, accepts=accepts)

    def _turn(self, _: ModelRequest, /) -> Turn:
        return Turn(self._endpoint.failures, thoughts=self._profile.reasoning)

    def _build(self, request: ModelRequest, name: str, *, stream: bool) -> Body:
        return build(request, upstream=name, profile=self._profile, stream=stream)


def restrict(profile: Profile) -> Profile:
    """Return what a model can do through an API that has no member for the rest."""
    return dataclasses.replace(
        profile, seed=False, stop=False, penalties=False, top_k=False, video=False
    )
