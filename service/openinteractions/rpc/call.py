"""A call of an RPC as the service sees it, whatever face it comes through.

Handlers are plain callables over it. Failures are raised as `core.errors.DomainError`;
only the outermost adapter of a face turns them into what that face says.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from openinteractions.core.errors import DomainError, InternalError, RequestError

ORIGIN = "x-openinteractions-origin"

PEER = "x-openinteractions-peer"
"""With which a gateway says whose request it passes on: whose turn it takes, when it
has to wait and keys do not tell callers apart."""

REFUSAL = "x-openinteractions-refusal"
"""With which a gateway says why it would refuse a request: it has members, or words,
that are not known here. Percent-encoded text."""

_GOOD_ORIGIN = re.compile(r"https?://[\w.:\[\]-]{1,300}(/[\w./~-]{0,300})?", re.ASCII)


@dataclass(slots=True)
class Call:
    """One call."""

    method: str
    """The RPC's name, such as `CreateInteraction`."""
    metadata: Mapping[str, str]
    """What the caller sent along, with lower-case names."""
    owner: str = ""
    """Hash of the caller's key; empty without authentication."""
    request_id: str = ""
    """What the log and the response call this call."""
    refusal: RequestError | None = None
    """Why the request is refused by all but those who take what is not known here."""
    ignored: list[str] = field(default_factory=list)
    """Members of the request that the model cannot follow and ignores."""
    headers: dict[str, str] = field(default_factory=dict)
    """What goes along with the response, complete before its first message: in front of
    a stream, behind a single answer."""

    @property
    def origin(self) -> str:
        """The URL under which the caller knows this server, without a version.

        The other face says so in the metadata. Empty when nobody does.
        """
        origin = self.metadata.get(ORIGIN, "")
        return origin if _GOOD_ORIGIN.fullmatch(origin) else ""

    @property
    def peer(self) -> str:
        """The caller's address, where a face says so; empty when that is not known."""
        return self.metadata.get(PEER, "")

    def note_refusal(self) -> bool:
        """Take over why a gateway would refuse the request, if it would."""
        said = self.metadata.get(REFUSAL)
        if said is not None:
            self.refusal = RequestError(unquote(said))
        return said is not None


class AccidentError(InternalError):
    """A call met what nobody foresaw: the cause, which the log has and nobody else."""


def accident(error: DomainError) -> BaseException | None:
    """Return what nobody foresaw and made a call fail, if that is why it failed."""
    return error.__cause__ if isinstance(error, AccidentError) else None


Unary = Callable[[Call, Any], Awaitable[Message]]
"""Takes a request message and returns the response."""

Stream = Callable[[Call, Any], AsyncIterator[Sequence[Message]]]
"""Takes a request message and yields batches of messages, none of them empty."""

Feed = Callable[[Call, AsyncIterator[Any]], Awaitable[Message]]
"""Takes request messages, each when it wants it, and returns the response."""


class Handlers(NamedTuple):
    """What answers the RPCs of a service, by the RPC's name."""

    service: ServiceDescriptor
    unary: Mapping[str, Unary]
    stream: Mapping[str, Stream]
    feed: Mapping[str, Feed] = {}
    keyless: frozenset[str] = frozenset()
    """The RPCs that need no key, for the request has what entitles to it."""
