"""Who calls, as far as the engine needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from openinteractions.core.errors import RequestError


class Caller(Protocol):
    """Who calls."""

    owner: str
    """Hash of the key; empty without authentication."""
    request_id: str
    """What the log and the response call the call."""
    refusal: RequestError | None
    """Why the request is refused by all but those who take what is not known here."""
    ignored: list[str]
    """Filled with the members that the model cannot follow and ignores."""

    @property
    def origin(self) -> str:
        """The URL under which it knows this server; empty when that is not known."""

    @property
    def peer(self) -> str:
        """Its address; empty when that is not known."""


@dataclass(slots=True)
class Absent:
    """Who called once, when what was asked for is done later."""

    owner: str
    request_id: str = ""
    refusal: RequestError | None = None
    ignored: list[str] = field(default_factory=list)
    origin: str = ""
    peer: str = ""
