"""The APIs that the scripted server speaks: how requests are read, how replies look.

A stream is told as `content`, whose frames may be paced, between a beginning and an
ending; how it goes wrong is decided elsewhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Protocol

from tests.backend import conversation, responses
from tests.backend.reply import (
    Ending,
    Failure,
    Json,
    Reply,
    body,
    chunk,
    deltas,
    frame,
    usage_chunk,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A reply to a request, on its way."""

    reply: Reply
    asked: Json
    number: int
    """How many answers the server has begun."""

    @property
    def content(self) -> Reply:
        """The reply without what is sent byte for byte instead."""
        return Reply() if self.reply.raw_chunks else self.reply


class Dialect(Protocol):
    """One API."""

    def check(self, asked: Json) -> Failure | None:
        """Give the 400 that the request deserves, or None."""

    def as_chat(self, asked: Json) -> Json:
        """Give the request as scripts read it."""

    def whole(self, said: Said) -> Json:
        """Render the reply as one body."""

    def beginning(self, said: Said) -> Iterator[bytes]:
        """Give the frames before the content."""

    def content(self, said: Said) -> Iterator[bytes]:
        """Give the frames of the content; those after the first may be paced."""

    def ending(self, said: Said) -> Iterator[bytes]:
        """Give the frames of a proper end."""


class Chat:
    """Chat completions."""

    def check(self, asked: Json) -> Failure | None:
        """Give the 400 that the request deserves, or None."""
        return conversation.check(asked)

    def as_chat(self, asked: Json) -> Json:
        """Give the request as scripts read it."""
        return asked

    def whole(self, said: Said) -> Json:
        """Render the reply as one body."""
        return body(said.reply, model=said.asked["model"], number=said.number)

    def beginning(self, said: Said) -> Iterator[bytes]:
        """Give the frame with the role."""
        yield frame(self._chunk(said, next(deltas(said.content))))

    def content(self, said: Said) -> Iterator[bytes]:
        """Give a frame for each piece."""
        pieces = deltas(said.content)
        next(pieces)  # the role
        for delta in pieces:
            yield frame(self._chunk(said, delta))

    def ending(self, said: Said) -> Iterator[bytes]:
        """Give the finish reason, the usage and the terminator."""
        yield frame(self._chunk(said, {}, finish=said.reply.finish))
        options = said.asked.get("stream_options") or {}
        if said.reply.usage and options.get("include_usage"):
            model = said.asked["model"]
            yield frame(usage_chunk(said.reply, model=model, number=said.number))
        if said.reply.ending is Ending.WHOLE:
            yield frame("[DONE]")

    def _chunk(self, said: Said, delta: Json, *, finish: str | None = None) -> Json:
        return chunk(
            delta, model=said.asked["model"], number=said.number, finish=finish
        )


class Responses:
    """The Responses API."""

    def check(self, asked: Json) -> Failure | None:
        """Give the 400 that the request deserves, or None."""
        return responses.check(asked)

    def as_chat(self, asked: Json) -> Json:
        """Give the request as scripts read it."""
        return responses.as_chat(asked)

    def whole(self, said: Said) -> Json:
        """Render the reply as one body."""
        model = said.asked["model"]
        return responses.body(said.reply, model=model, number=said.number)

    def beginning(self, said: Said) -> Iterator[bytes]:
        """Give the frames that say that it has begun."""
        yield from map(responses.event, responses.beginning(self.whole(said)))

    def content(self, said: Said) -> Iterator[bytes]:
        """Give the frames of the items; each item's head goes with its first piece."""
        held = b""
        for found in responses.pieces(said.reply, self.whole(said)):
            held += responses.event(found)
            if found["type"].endswith(".delta"):
                yield held
                held = b""
        if held:
            yield held

    def ending(self, said: Said) -> Iterator[bytes]:
        """Give the last event, which has the whole response."""
        yield responses.event(responses.ending(self.whole(said)))
