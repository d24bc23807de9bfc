"""A streamed answer, read turn by turn of the loop and told in batches.

The dialect's `Turn` knows what the data of an event means; here is how they come: cut
anywhere, several in one read, or as one body from a server that does not stream.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from typing import Protocol

from openinteractions.core.errors import DomainError
from openinteractions.core.model_events import ModelEvent
from openinteractions.models.transport.bodies import Body
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.models.transport.sse import Overflow, Splitter


class Turn(Protocol):
    """Reads one answer; all of it raises `BackendError`."""

    done: bool
    """Whether the server has ended its answer. Nothing of interest follows."""

    def whole(self, body: bytes) -> list[ModelEvent]:
        """Return the events of a whole body."""

    def chunk(self, data: bytes) -> list[ModelEvent]:
        """Return the events of the data of one event of a stream."""

    def end(self) -> list[ModelEvent]:
        """Return the last events of a stream that has ended."""


async def stream(
    endpoint: Endpoint, path: str, body: Body, *, model: str, turn: Turn
) -> AsyncGenerator[Sequence[ModelEvent], None]:
    """Send a JSON body and yield what comes back, batch by batch (`ports.Model`)."""
    answer = await endpoint.open(path, body, model=model)
    splitter = Splitter(max_event_bytes=endpoint.max_response_bytes)
    try:
        read = await answer.read()
        if read.lstrip().startswith(b"{"):
            # The server does not stream, or fails with a status of success.
            for batch in _batches(turn.whole, [read + await answer.rest()]):
                yield batch
            return
        while read and not turn.done:
            only = splitter.only(read)
            pieces = splitter.feed(read) if only is None else (only,)
            for batch in _batches(turn.chunk, pieces):
                yield batch
            if not turn.done:
                read = await answer.read()
        for batch in _batches(turn.chunk, splitter.end()):
            yield batch
        if last := turn.end():
            yield last
        await answer.finish()
    except Overflow:
        raise endpoint.failures.broken("sent too large a piece") from None
    finally:
        answer.close()


def _batches(
    parse: Callable[[bytes], list[ModelEvent]], pieces: Iterable[bytes]
) -> Iterator[list[ModelEvent]]:
    """Yield the events of one read: the first alone, before the rest is parsed."""
    events: list[ModelEvent] = []
    begun = False
    try:
        for piece in pieces:
            events += parse(piece)
            if events and not begun:
                begun = True
                yield events[:1]
                events = events[1:]
    except DomainError:
        if events:
            yield events  # what came before the failure has been said
        raise
    if events:
        yield events
