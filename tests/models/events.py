"""What model events amount to, whichever way they were cut into pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from openinteractions.core.model_events import (
    CallFragment,
    ModelEvent,
    Text,
    Thought,
)


def joined(events: Iterable[ModelEvent]) -> list[Any]:
    """Give the events with neighbouring pieces of one thing put together.

    The fragments of a call are put where it began.
    """
    whole: list[Any] = []
    calls: dict[int, int] = {}
    for event in events:
        last = whole[-1] if whole else None
        if isinstance(event, CallFragment):
            at = calls.get(event.index)
            if at is None:
                calls[event.index] = len(whole)
                whole.append(event)
            else:
                begun = whole[at]
                grown = begun.arguments + event.arguments
                whole[at] = CallFragment(begun.index, begun.id, begun.name, grown)
        elif isinstance(event, Text | Thought) and type(last) is type(event):
            whole[-1] = type(event)(last.text + event.text)
        else:
            whole.append(event)
    return whole


def flat(batches: Iterable[Sequence[ModelEvent]]) -> list[ModelEvent]:
    return [event for batch in batches for event in batch]


def text(events: Iterable[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))
