"""What a model said in the envelope, as the calls and texts that it means.

Works event by event, so that the answer's text and the calls' arguments go on as they
arrive. What a stream says does not depend on how it was cut into pieces.
"""

from __future__ import annotations

from collections.abc import Sequence

from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Text,
)
from openinteractions.models.constrained.members import (
    Members,
    NotAnObjectError,
    Piece,
    Unescaper,
)
from openinteractions.models.constrained.steps import ANSWER, ARGUMENTS, NAME

_WHOLE = (FinishReason.STOP, FinishReason.CALLS)


class EnvelopeError(ValueError):
    """The model's text is no envelope: its server does not follow schemas."""


class Envelope:
    """Reads the envelope of one turn.

    Args:
        answer_is_text: whether the answer is a text rather than any JSON.
        stops: texts at which the answer ends.
    """

    def __init__(self, *, answer_is_text: bool, stops: Sequence[str] = ()) -> None:
        self._members = Members()
        self._unescaper = Unescaper() if answer_is_text else None
        self._stops = Stops(stops)
        self._name: list[str] = []
        self._named = ""
        self._held = ""
        self._called = False
        self._answered = False

    def feed(self, event: ModelEvent) -> list[ModelEvent]:
        """Return what the next event means.

        Raises:
            EnvelopeError: the text is no envelope.
        """
        if isinstance(event, Text):
            events: list[ModelEvent] = []
            try:
                for piece in self._members.feed(event.text):
                    self._piece(piece, events)
            except (NotAnObjectError, ValueError):
                raise EnvelopeError from None
            return events
        if isinstance(event, Finish):
            return self._finish(event.reason)
        return [event]

    def _piece(self, piece: Piece, events: list[ModelEvent]) -> None:
        if piece.name == ANSWER and not self._called:
            self._answer(piece, events)
        elif piece.name == NAME and not self._named:
            self._name.append(piece.text)
            if piece.last:
                text = "".join(self._name)
                self._named = Unescaper().feed(text, last=True)
                self._call(self._held, events)
        elif piece.name == ARGUMENTS and not self._answered:
            if self._named:
                self._call(piece.text, events)
            else:
                self._held += piece.text  # a server with an order of its own

    def _answer(self, piece: Piece, events: list[ModelEvent]) -> None:
        self._answered = True
        text = piece.text
        if self._unescaper is not None:
            text = self._unescaper.feed(text, last=piece.last)
        if text := self._stops.feed(text, last=piece.last):
            events.append(Text(text))

    def _call(self, arguments: str, events: list[ModelEvent]) -> None:
        name = "" if self._called else self._named
        self._called = True
        if name or arguments:
            events.append(CallFragment(0, "", name, arguments))

    def _finish(self, reason: FinishReason) -> list[ModelEvent]:
        events: list[ModelEvent] = []
        if self._stops.met:
            return [Finish(FinishReason.STOP)]
        if reason in _WHOLE:
            if not (self._members.ended and (self._called or self._answered)):
                raise EnvelopeError
            reason = FinishReason.CALLS if self._called else FinishReason.STOP
        elif rest := self._stops.feed("", last=True):
            events.append(Text(rest))
        return [*events, Finish(reason)]


class Stops:
    """Ends a text at the first of some texts, which is left out."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [text for text in texts if text]
        self._longest = max(map(len, self._texts), default=0)
        self._held = ""
        self.met = False
        """Whether the end has come."""

    def feed(self, text: str, *, last: bool) -> str:
        """Return what of the next piece is known to be before the end."""
        if not self._texts:
            return text
        if self.met:
            return ""
        text = self._held + text
        found = [at for stop in self._texts if (at := text.find(stop)) >= 0]
        if found:
            self.met = True
            return text[: min(found)]
        kept = 0 if last else self._begun(text)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def _begun(self, text: str) -> int:
        """Return how much of the end of a text may be the beginning of a stop."""
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            tail = text[-length:]
            if any(stop.startswith(tail) for stop in self._texts):
                return length
        return 0
