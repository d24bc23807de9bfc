"""Characters that a server cut in two, put together again.

Outside the Basic Multilingual Plane a character is two escapes in JSON, and some
servers send them in two chunks. Each half alone is no text, so the first waits for
the second; one that stays alone becomes U+FFFD.
"""

from __future__ import annotations

from openinteractions.core.model_events import CallFragment, ModelEvent, Text, Thought

_HIGH = range(0xD800, 0xDC00)


class Mender:
    """Mends the pieces of one turn; each kind of text has halves of its own."""

    def __init__(self) -> None:
        self._halves: dict[object, str] = {}

    def mend(self, events: list[ModelEvent]) -> list[ModelEvent]:
        """Return the events without halves of characters."""
        mended: list[ModelEvent] = []
        for event in events:
            if isinstance(event, Text | Thought):
                if text := self._whole(type(event), event.text):
                    mended.append(type(event)(text))
            elif isinstance(event, CallFragment):
                text = self._whole(event.index, event.arguments)
                if text or event.name:
                    call_id, name = whole(event.id), whole(event.name)
                    mended.append(CallFragment(event.index, call_id, name, text))
            else:
                mended.append(event)
        return mended

    def flush(self) -> list[ModelEvent]:
        """Return what stands for halves that stayed alone in the answer's text."""
        half = self._halves.pop(Text, "")
        return [Text("\ufffd")] if half else []

    def _whole(self, key: object, text: str) -> str:
        text = self._halves.pop(key, "") + text
        if text and ord(text[-1]) in _HIGH:
            self._halves[key] = text[-1]
            text = text[:-1]
        return whole(text)


def whole(text: str) -> str:
    """Return the text with halves joined where they meet, and none left."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
