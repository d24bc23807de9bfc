"""Turns what a model says in one call into the events of an interaction.

A small Sans-I/O machine: `feed` takes model events, `finish` or `abort` ends the call,
and `drain` returns the API events that were made; what was made before an error is not
lost. Steps are streamed strictly one after the other, each whole
before the next begins (so cursors are ordered and a replay from stored steps gives
the same order); a model that interleaves the fragments of several calls has the later
ones held back until the earlier call is whole.

Events carry an `event_id` only when the interaction is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from openinteractions.core import cursor, media, tool_steps
from openinteractions.core.cursor import Place
from openinteractions.core.errors import UpstreamFailedError
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    Media,
    ModelEvent,
    Preview,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.v1 import (
    content_pb2,
    delta_pb2,
    event_pb2,
    interaction_pb2,
    step_pb2,
    usage_pb2,
)

Content = content_pb2.Content
Event = event_pb2.InteractionEvent
Status = interaction_pb2.InteractionStatus
_DELTA = f"-{Place.DELTA:d}-"
# Looking up the words of an enum takes time, on the way of every request.
_REQUIRES_ACTION = Status.INTERACTION_STATUS_REQUIRES_ACTION
_INCOMPLETE = Status.INTERACTION_STATUS_INCOMPLETE
_COMPLETED = Status.INTERACTION_STATUS_COMPLETED


class Assembler:
    """Assembles the events of one call.

    Args:
        cursors: what the tokens begin with (`cursor.prefix`), or None for an
            interaction that is not stored.
        summaries: whether thoughts are shown in words (`thinking_summaries`).
        taken: call ids of the conversation; a new call never gets one of them.
        new_call_id: makes a fresh id.
        first: the index of the first step that it makes.
    """

    def __init__(
        self,
        *,
        cursors: str | None,
        summaries: bool,
        taken: Collection[str],
        new_call_id: Callable[[], str],
        first: int = 0,
    ) -> None:
        self.usage: usage_pb2.Usage | None = None
        self.called = False
        self._cut = False
        self._cursors = cursors
        self._summaries = summaries
        self._taken = set(taken)
        self._new_call_id = new_call_id
        self._reason: FinishReason | None = None
        self._index = first - 1
        self._kind = ""
        self._offset = 0
        self._call = -1
        self._whole_calls: set[int] = set()
        self._arguments: list[str] = []
        self._medium: Content | None = None
        self._medium_end = (-1, 0)
        self._held: list[ModelEvent] = []
        self._events: list[Event] = []

    def another(self, cursors: str | None, first: int) -> Assembler:
        """Return the assembler of the same interaction's next call."""
        return Assembler(
            cursors=cursors,
            summaries=self._summaries,
            taken=self._taken,
            new_call_id=self._new_call_id,
            first=first,
        )

    def feed(self, event: ModelEvent) -> None:
        """Take what the model says next.

        Raises:
            UpstreamFailedError: it makes no sense; what it said before stands.
        """
        if type(event) is Text and self._kind == "model_output":
            if text := event.text:
                self._delta(len(text)).text.text = text
        elif type(event) is Spent:
            self.usage = event.usage
        elif type(event) is Finish:
            self._reason = event.reason
        elif self._must_wait(event):
            self._held.append(event)
        else:
            self._step(event)

    @property
    def end(self) -> int:
        """The index behind the last step that it has made."""
        return self._index + 1

    def drain(self) -> list[Event]:
        """Return the events that have been made since the last time, in order."""
        events, self._events = self._events, []
        return events

    def finish(self) -> None:
        """End the last step.

        A call that the limit of tokens has cut is void, and what is behind it.

        Raises:
            UpstreamFailedError: a call's arguments are not a JSON object.
        """
        if self._reason is FinishReason.LENGTH and self._in_half_a_call():
            self._cut = True
            self.abort()
            return
        while self._held:
            held, self._held = self._held, []
            self._close()
            for event in held:
                self.feed(event)
        self._close()

    def abort(self) -> None:
        """End the last step as it is; a call that is not whole stays open, void."""
        if not self._in_half_a_call():
            self._close()
        self._kind = ""

    def status(self) -> interaction_pb2.InteractionStatus:
        """Return the status that the model's finish amounts to."""
        if self.called and not self._cut:
            return _REQUIRES_ACTION
        if self._reason is FinishReason.LENGTH:
            return _INCOMPLETE
        return _COMPLETED

    def _must_wait(self, event: ModelEvent) -> bool:
        """Say whether an event belongs behind a call that is not whole yet."""
        if self._kind != "function_call":
            return False
        if isinstance(event, CallFragment) and event.index == self._call:
            return False
        return bool(self._held) or not self._is_whole()

    def _is_whole(self) -> bool:
        """Say whether the open call's arguments are a JSON object by now.

        None at all may mean that they are still to come, after another call's.
        """
        return tool_steps.are_arguments("".join(self._arguments))

    def _in_half_a_call(self) -> bool:
        return self._kind == "function_call" and not self._is_whole()

    def _step(self, event: ModelEvent) -> None:
        match event:
            case Text(text) if text:
                self._open("model_output")
                self._delta(len(text)).text.text = text
            case Thought(text):
                self._open("thought")
                if self._summaries and text:
                    delta = self._delta(len(text))
                    delta.thought_summary.content.text.text = text
            case Preview(content):
                self._open("thought")
                if self._summaries:
                    self._pour(content, 0, media.tell_in_thought)
            case Signature(signature):
                self._open("thought")
                self._delta(1).thought_signature.signature = signature
                self._close()
            case CallFragment():
                self._fragment(event)
            case Media(content, begins):
                self._media(content, begins=begins)

    def _media(self, content: Content, *, begins: bool) -> None:
        """Add a piece of a medium, in as many deltas as it takes."""
        at_hand = self._kind and self._medium_end == (self._index, self._offset)
        before = self._medium if at_hand else None
        if before is None or begins:
            if before is not None and media.joins(before, content):
                self._close()  # Within one step the two would be taken for one.
            self._open("model_output")
            self._medium = media.heading(content)
            seen = 0
        else:
            content, seen = media.further(before, media.data(content)), 1
        self._pour(content, seen, media.tell)
        self._medium_end = self._index, self._offset

    def _pour(self, content: Content, seen: int, tell: media.Telling) -> None:
        for piece in media.pieces(content, seen):
            tell(piece, self._delta(media.size(piece) - seen))
            seen = 1

    def _fragment(self, event: CallFragment) -> None:
        if self._kind != "function_call" or self._call != event.index:
            if event.index in self._whole_calls and not event.arguments.strip():
                return  # an empty last fragment, after the next call has begun
            self._open_call(event)
        if event.arguments:
            self._arguments.append(event.arguments)
            self._add_arguments(event.arguments)

    def _open_call(self, event: CallFragment) -> None:
        if not event.name:
            raise UpstreamFailedError("The model called a function without a name.")
        usable = event.id and event.id.isascii() and event.id not in self._taken
        identifier = event.id if usable else self._new_call_id()
        self._taken.add(identifier)
        self._close()
        self._kind, self._call, self._arguments = "function_call", event.index, []
        self.called = True
        call = self._start().function_call
        call.id, call.name, call.arguments = identifier, event.name, "{}"

    def _open(self, kind: str) -> None:
        if self._kind != kind:
            self._close()
            self._kind = kind
            getattr(self._start(), kind).SetInParent()

    def _close(self) -> None:
        if not self._kind:
            return
        if self._kind == "function_call":
            self._close_call()
            self._whole_calls.add(self._call)
        self._kind = ""
        stop = Event()
        stop.step_stop.index = self._index
        self._events.append(self._mark(stop, Place.STOP, self._index))

    def _close_call(self) -> None:
        if not "".join(self._arguments).strip():
            # Clients that only join deltas need one to have any JSON at all.
            self._add_arguments("{}")
        elif not self._is_whole():
            raise UpstreamFailedError(
                "The model called a function with arguments that are not a JSON object."
            )

    def _add_arguments(self, text: str) -> None:
        self._delta(len(text)).arguments_delta.arguments = text

    def _start(self) -> step_pb2.Step:
        """Add the start of the next step; the caller fills what is returned."""
        self._index += 1
        self._offset = 0
        event = Event()
        event.step_start.index = self._index
        self._events.append(self._mark(event, Place.START, self._index))
        return event.step_start.step

    def _delta(self, grown: int) -> delta_pb2.Delta:
        """Add a delta of the open step; the caller fills what is returned."""
        self._offset += grown
        event = Event()
        if self._cursors is not None:
            # What `cursor.encode` returns, at a third of its cost.
            event.event_id = f"{self._cursors}{self._index}{_DELTA}{self._offset}"
        change = event.step_delta
        change.index = self._index
        self._events.append(event)
        return change.delta

    def _mark(self, event: Event, place: Place, index: int) -> Event:
        if self._cursors is not None:
            event.event_id = cursor.encode(self._cursors, index, place)
        return event
