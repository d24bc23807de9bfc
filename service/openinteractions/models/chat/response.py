"""What a chat completions server answers, as model events.

One `Turn` reads one answer: a whole body, or the chunks of a stream; both have the
same members, in `message` or in `delta`. Servers differ, so what is missing, null or
in another shape is put up with wherever its meaning is plain.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from openinteractions.core.model_events import (
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.models import signature
from openinteractions.models.chat import usage
from openinteractions.models.chat.calls import Calls
from openinteractions.models.chat.messages import DIALECT, REASONING
from openinteractions.models.profile import Profile
from openinteractions.models.transport.failures import Failures
from openinteractions.models.transport.halves import Mender, whole

_REASONS = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "tool_calls": FinishReason.CALLS,
    "function_call": FinishReason.CALLS,
}
"""Reasons to stop; any other word stops like `stop`."""

_DONE = b"[DONE]"

_USUAL_MEMBERS = ("reasoning_content", "reasoning")


class Turn:
    """Reads one turn of a model."""

    def __init__(self, profile: Profile, failures: Failures) -> None:
        self._failures = failures
        self._sends_back = profile.reasoning_member is not None
        self._members = _thought_members(profile)
        self._thoughts: list[str] = []
        self._calls = Calls()
        self._mender: Mender | None = None
        self._finished = False
        self._usage: Any = None
        self.done = False
        """Whether the server has said that the stream is over. Nothing of interest
        follows then."""

    def whole(self, body: bytes) -> list[ModelEvent]:
        """Return the events of a whole body.

        Raises:
            BackendError: the body is an error, or no answer.
        """
        events = self._read(self._parse(body), "message")
        if not self._finished:
            events += self._end_as(None)
        return events + self._spent()

    def chunk(self, data: bytes) -> list[ModelEvent]:
        """Return the events of the next chunk of a stream.

        The word that ends streams has no events and sets `done`.

        Raises:
            BackendError: the chunk is an error, or no chunk.
        """
        return [] if self.done else self._read(self._parse(data), "delta")

    def end(self) -> list[ModelEvent]:
        """Return the last events of a stream.

        Raises:
            UpstreamFailedError: the stream ended without an end of the answer.
        """
        events: list[ModelEvent] = []
        if not self._finished:
            # Some servers say that the stream is over, but not why.
            if not self.done:
                raise self._failures.broken("broke off its answer")
            events = self._end_as(None)
        return events + self._spent()

    def _parse(self, data: bytes) -> Any:
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            if data.strip() == _DONE:
                self.done = True
                return {}
        # Halves of characters and bytes that are no UTF-8 are no reason to fail.
        try:
            found = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise self._failures.broken("answered something that is no JSON") from None
        self._mender = self._mender or Mender()
        return found

    def _read(self, found: Any, member: str) -> list[ModelEvent]:
        if type(found) is not dict:
            raise self._none()
        if found.get("error") or found.get("object") == "error":
            raise self._failures.from_body(found.get("error") or found)
        if counts := found.get("usage"):
            self._usage = counts
        choices = found.get("choices")
        if (not choices and member == "delta") or self._finished:
            return []
        choice = choices[0] if choices and type(choices) is list else None
        if type(choice) is not dict:
            raise self._none()
        delta = choice.get(member)
        events = self._events(delta) if delta else []
        if self._mender is not None:
            events = self._mender.mend(events)
        if reason := choice.get("finish_reason"):
            events += self._end_as(reason)
        return events

    def _none(self) -> Exception:
        return self._failures.broken("answered something that is no answer")

    def _events(self, delta: Any) -> list[ModelEvent]:
        if type(delta) is not dict:
            raise self._none()
        text = delta.get("content")
        if type(text) is str and len(delta) == 1 and not self._thoughts:
            return [Text(text)] if text else []  # nearly every chunk
        events: list[ModelEvent] = []
        for name in self._members:
            if thought := delta.get(name):
                self._think(thought, events)
                break
        if content := delta.get("content"):
            if type(content) is str:
                if self._thoughts:
                    self._sign(events)
                events.append(Text(content))
            else:
                self._parts(content, events)
        if refusal := delta.get("refusal"):
            self._say(refusal, events)
        if calls := _calls(delta):
            self._sign(events)
            events += self._calls.feed(calls)
        return events

    def _say(self, text: Any, events: list[ModelEvent]) -> None:
        if isinstance(text, str) and text:
            self._sign(events)
            events.append(Text(text))

    def _think(self, text: Any, events: list[ModelEvent]) -> None:
        if isinstance(text, str) and text:
            self._thoughts.append(text)
            events.append(Thought(text))

    def _parts(self, parts: Any, events: list[ModelEvent]) -> None:
        """Read content that comes as a list of parts, thoughts among them."""
        for part in parts if isinstance(parts, list) else ():
            if not isinstance(part, dict):
                continue
            if thinking := part.get("thinking"):
                inner = thinking if isinstance(thinking, list) else [{"text": thinking}]
                for piece in inner if self._members else ():
                    self._think(isinstance(piece, dict) and piece.get("text"), events)
            else:
                self._say(part.get("text"), events)

    def _sign(self, events: list[ModelEvent]) -> None:
        """End the thought that is open, if any."""
        if not self._thoughts:
            return
        item = {REASONING: whole("".join(self._thoughts))} if self._sends_back else {}
        self._thoughts = []
        events.append(Signature(signature.encode(DIALECT, item)))

    def _end_as(self, word: str | None) -> list[ModelEvent]:
        if word == "content_filter":
            raise self._failures.blocked()
        if word == "error":
            raise self._failures.broken("failed while it answered")
        events = self._mender.flush() if self._mender is not None else []
        self._sign(events)
        events += self._calls.end()
        reason = _REASONS.get(word or "", FinishReason.STOP)
        if reason is FinishReason.STOP and self._calls.made:
            reason = FinishReason.CALLS  # some servers say `stop` after calls too
        self._finished = True
        return [*events, Finish(reason)]

    def _spent(self) -> list[ModelEvent]:
        if not isinstance(self._usage, dict):
            return []
        return [Spent(usage.read(self._usage))]


def _calls(delta: dict[str, Any]) -> Any:
    """Return the pieces of calls in a delta, one in the older form among them."""
    calls = delta.get("tool_calls")
    if not calls and (call := delta.get("function_call")):
        return [{"index": 0, "function": call}]
    return calls


def _thought_members(profile: Profile) -> tuple[str, ...]:
    if not profile.reasoning:
        return ()
    named = profile.reasoning_member
    return (named,) if named is not None else _USUAL_MEMBERS
