"""What a Responses API server answers, as model events.

One `Turn` reads one answer: a whole body, or the events of a stream. Both are lists of
items; in a stream an item is told piece by piece and then once more whole, and what its
pieces did not say is taken from the whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.models import signature
from openinteractions.models.responses import usage
from openinteractions.models.responses.items import DIALECT, ITEM
from openinteractions.models.transport.failures import Failures
from openinteractions.models.transport.halves import Mender

_DONE = b"[DONE]"

_PARAGRAPH = "\n\n"
"""Between the parts of a summary."""

_SENT_BACK = ("id", "summary", "content", "encrypted_content")
"""The members of a reasoning item that the server wants to see again."""

Json = dict[str, Any]


class Turn:
    """Reads one turn of a model.

    Args:
        failures: makes the errors.
        thoughts: whether reasoning is read.
    """

    def __init__(self, failures: Failures, *, thoughts: bool) -> None:
        self._failures = failures
        self._thoughts = thoughts
        self._said: dict[int, str] = {}
        self._part: tuple[int, Any] | None = None
        self._mender: Mender | None = None
        self._called = False
        self.done = False
        """Whether the server has ended its answer. Nothing of interest follows."""

    def whole(self, body: bytes) -> list[ModelEvent]:
        """Return the events of a whole body.

        Raises:
            BackendError: the body is an error, or no answer.
        """
        found = self._parse(body)
        if found.get("error") or found.get("object") == "error":
            raise self._failures.from_body(found.get("error") or found)
        output = found.get("output")
        if not isinstance(output, list):
            raise self._none()
        events: list[ModelEvent] = []
        for index, item in enumerate(output):
            events += self._end_item(index, item)
        return self._mended(events + self._end(found))

    def chunk(self, data: bytes) -> list[ModelEvent]:
        """Return the events of the next event of a stream.

        Raises:
            BackendError: it is an error, or no event.
        """
        if self.done:
            return []
        if data.strip() == _DONE:
            raise self._failures.broken("broke off its answer")
        found = self._parse(data)
        kind = found.get("type")
        read = _READERS.get(kind) if isinstance(kind, str) else None
        if read is not None:
            return self._mended(read(self, found))
        if kind == "error" or (kind is None and found.get("error")):
            raise self._failures.from_body(found.get("error") or found)
        return []

    def end(self) -> list[ModelEvent]:
        """Return the last events of a stream: none, for its last event has them.

        Raises:
            UpstreamFailedError: the stream ended without an end of the answer.
        """
        if not self.done:
            raise self._failures.broken("broke off its answer")
        return []

    def _parse(self, data: bytes) -> Json:
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError:
            found = self._parse_halves(data)
        if type(found) is not dict:
            raise self._none()
        return found

    def _parse_halves(self, data: bytes) -> Any:
        """Parse what has halves of characters, or bytes that are no UTF-8."""
        self._mender = self._mender or Mender()
        try:
            return json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise self._failures.broken("answered something that is no JSON") from None

    def _mended(self, events: list[ModelEvent]) -> list[ModelEvent]:
        """Put characters together whose halves came apart."""
        return events if self._mender is None else self._mender.mend(events)

    def _none(self) -> Exception:
        return self._failures.broken("answered something that is no answer")

    def _text(self, found: Json) -> list[ModelEvent]:
        text = self._grow(found)
        return [Text(text)] if text else []

    def _thought(self, found: Json) -> list[ModelEvent]:
        if not self._thoughts:
            return []
        index, part = _index(found), found.get("summary_index")
        begun = self._said.get(index)
        text = self._grow(found)
        if text and begun and self._part not in (None, (index, part)):
            text = _PARAGRAPH + text
        self._part = (index, part)
        return [Thought(text)] if text else []

    def _arguments(self, found: Json) -> list[ModelEvent]:
        text = self._grow(found)
        return [CallFragment(_index(found), "", "", text)] if text else []

    def _grow(self, found: Json) -> str:
        """Return the piece, and remember how far its item has come."""
        text = found.get("delta")
        if not isinstance(text, str):
            raise self._none()
        index = _index(found)
        self._said[index] = self._said.get(index, "") + text
        return text

    def _begin_item(self, found: Json) -> list[ModelEvent]:
        item = found.get("item")
        if not isinstance(item, dict) or item.get("type") != "function_call":
            return []
        self._called = True
        index = _index(found)
        self._said.setdefault(index, "")
        return [CallFragment(index, _word(item, "call_id"), _word(item, "name"), "")]

    def _item(self, found: Json) -> list[ModelEvent]:
        return self._end_item(_index(found), found.get("item"))

    def _end_item(self, index: int, item: Any) -> list[ModelEvent]:
        """Return what an item says that its pieces did not."""
        if not isinstance(item, dict):
            raise self._none()
        kind = item.get("type")
        said = self._said.pop(index, None)
        if kind == "message":
            text = _joined(item.get("content"), "")
            return [Text(text)] if text and not said else []
        if kind == "reasoning":
            return self._end_thought(item, told=bool(said))
        if kind != "function_call":
            return []
        self._called = True
        arguments = "" if said else _word(item, "arguments")
        name = _word(item, "name") if said is None else ""
        call_id = _word(item, "call_id") if said is None else ""
        if not arguments and said is not None:
            return []
        return [CallFragment(index, call_id, name, arguments)]

    def _end_thought(self, item: Json, *, told: bool) -> list[ModelEvent]:
        if not self._thoughts:
            return []
        events: list[ModelEvent] = []
        text = _joined(item.get("summary"), _PARAGRAPH)
        text = text or _joined(item.get("content"), _PARAGRAPH)
        if text and not told:
            events.append(Thought(text))
        kept = {name: item[name] for name in _SENT_BACK if item.get(name) is not None}
        events.append(Signature(signature.encode(DIALECT, {ITEM: kept})))
        return events

    def _ended(self, found: Json) -> list[ModelEvent]:
        response = found.get("response")
        if not isinstance(response, dict):
            raise self._none()
        return self._end(response)

    def _end(self, response: Json) -> list[ModelEvent]:
        """Return the last events of an answer."""
        status = response.get("status")
        if status in ("failed", "cancelled"):
            raise self._failures.from_body(response.get("error") or {})
        self.done = True
        reason = FinishReason.CALLS if self._called else FinishReason.STOP
        if status == "incomplete":
            details = response.get("incomplete_details")
            why = details.get("reason") if isinstance(details, dict) else None
            if why == "content_filter":
                raise self._failures.blocked()
            reason = FinishReason.LENGTH
        events = self._mender.flush() if self._mender is not None else []
        events.append(Finish(reason))
        counts = response.get("usage")
        if isinstance(counts, dict):
            events.append(Spent(usage.read(counts)))
        return events


_READERS: Mapping[str, Callable[[Turn, Json], list[ModelEvent]]] = {
    "response.output_text.delta": Turn._text,  # noqa: SLF001 - the class's own table
    "response.refusal.delta": Turn._text,  # noqa: SLF001
    "response.reasoning_summary_text.delta": Turn._thought,  # noqa: SLF001
    "response.reasoning_text.delta": Turn._thought,  # noqa: SLF001
    "response.function_call_arguments.delta": Turn._arguments,  # noqa: SLF001
    "response.output_item.added": Turn._begin_item,  # noqa: SLF001
    "response.output_item.done": Turn._item,  # noqa: SLF001
    "response.completed": Turn._ended,  # noqa: SLF001
    "response.incomplete": Turn._ended,  # noqa: SLF001
    "response.failed": Turn._ended,  # noqa: SLF001
    "response.cancelled": Turn._ended,  # noqa: SLF001
}


def _index(found: Json) -> int:
    index = found.get("output_index")
    return index if isinstance(index, int) else 0


def _word(item: Json, name: str) -> str:
    word = item.get(name)
    return word if isinstance(word, str) else ""


def _joined(parts: Any, between: str) -> str:
    """Return the words of an item's parts."""
    found = (
        _word(part, "text") or _word(part, "refusal")
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, dict)
    )
    return between.join(text for text in found if text)
