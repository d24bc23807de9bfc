"""A model that a server has: where it is, what it is called there, what it can do."""

from __future__ import annotations

from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.models.profile import Profile
from openinteractions.models.transport.endpoint import Endpoint


class Served:
    """A model at an endpoint, in whatever dialect.

    Args:
        endpoint: its server.
        upstream: its name there; None: the name that the client sends.
        profile: what is known about it.
        accepts: what media it takes.
    """

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

    def _name(self, request: ModelRequest) -> str:
        """Return what its server calls it."""
        return self._upstream or request.request.model
