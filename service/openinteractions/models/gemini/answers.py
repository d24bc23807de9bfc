"""What a server of this dialect answers, read into messages.

A stream is read event by event, one message for each: nothing is joined, split, made
up or left out, and kinds that are not known here come through whole. Events without
data, comments and what stands behind `[DONE]` are no events (contract §6.1).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import Any

import orjson

from openinteractions.core.errors import DomainError
from openinteractions.models.gemini.codec import Codec
from openinteractions.models.transport.answer import Answer
from openinteractions.models.transport.failures import Failures
from openinteractions.models.transport.sse import Overflow, Splitter
from openinteractions.v1 import event_pb2, interaction_pb2

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction

DONE = b"[DONE]"


class Reading:
    """Reads the answers of one server."""

    def __init__(self, codec: Codec, failures: Failures, *, max_bytes: int) -> None:
        self._codec = codec
        self._failures = failures
        self._max_bytes = max_bytes

    def interaction(self, body: bytes) -> Interaction:
        """Return the interaction that a body is.

        Raises:
            BackendError: it is none.
        """
        value = _json(body)
        # All that every client insists on (contract §3).
        if isinstance(value, dict) and isinstance(value.get("status"), str):
            with contextlib.suppress(ValueError):
                return self._codec.decode(Interaction, value)
        raise self._failures.broken("answered with something that is no interaction")

    async def events(self, answer: Answer) -> AsyncGenerator[Sequence[Event], None]:
        """Yield a stream's events; each batch is of one read.

        Raises:
            BackendError: the stream broke off, or is none.
        """
        splitter = Splitter(max_event_bytes=self._max_bytes)
        ended = done = False
        try:
            while not done:
                read = await answer.read()
                pieces = splitter.feed(read) if read else splitter.end()
                done = not read
                for batch in self._batches(pieces):
                    if batch is None:
                        ended = done = True
                    else:
                        ended = ended or any(map(_is_end, batch))
                        yield batch
            if not ended:
                raise self._failures.broken("broke off its answer")
            await answer.finish()
        except Overflow:
            raise self._failures.broken("sent too large a piece") from None
        finally:
            answer.close()

    def _batches(self, pieces: Iterable[bytes]) -> Iterator[list[Event] | None]:
        """Yield the events of one read, the first by itself; None for the end."""
        events: list[Event] = []
        begun = False
        done = False
        try:
            for piece in pieces:
                data = piece.strip()
                if done or not data:
                    continue  # the splitter has to be read to its end
                if data == DONE:
                    done = True
                    continue
                events.append(self._event(data))
                if not begun:
                    begun = True
                    yield events
                    events = []
        except DomainError:
            if events:
                yield events  # what came before the failure has been said
            raise
        if events:
            yield events
        if done:
            yield None

    def _event(self, data: bytes) -> Event:
        value = _json(data)
        # Clients tell events apart by this alone (contract §6.1).
        if not isinstance(value, dict) or not isinstance(value.get("event_type"), str):
            raise self._failures.broken("sent something that is no event")
        try:
            return self._codec.decode(Event, value)
        except ValueError:
            return Event(other=orjson.dumps(value).decode())


def _is_end(event: Event) -> bool:
    return event.HasField("completed") or event.HasField("error")


def _json(data: bytes) -> Any:
    """Return what JSON says; None when it is none."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        # Lone halves of characters are what orjson refuses.
        return _mended(json.loads(data))
    except ValueError:
        return None


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
