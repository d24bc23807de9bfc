"""Function calls as chat servers stream them, put in order.

A call comes in pieces that carry its `index`, its `id`, both or neither; the first
has the name. Servers that send whole calls often leave `index` out, or give all calls
the same: then a new identifier or a new name begins a new call.
"""

from __future__ import annotations

from typing import Any

import orjson

from openinteractions.core.model_events import CallFragment, ModelEvent


class _Call:
    """One call so far."""

    __slots__ = ("held", "id", "index", "named")

    def __init__(self, index: int) -> None:
        self.index = index
        self.id = ""
        self.named = False
        self.held = ""


class Calls:
    """The calls of one turn."""

    def __init__(self) -> None:
        self._by_index: dict[int, _Call] = {}
        self._all: list[_Call] = []

    @property
    def made(self) -> bool:
        """Whether the model has called anything."""
        return bool(self._all)

    def feed(self, pieces: Any) -> list[ModelEvent]:
        """Return the fragments of the next pieces."""
        events: list[ModelEvent] = []
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._piece(piece, events)
        return events

    def end(self) -> list[ModelEvent]:
        """Return calls that never got a name, for the turn to fail on."""
        nameless = (call for call in self._all if not call.named)
        return [CallFragment(c.index, c.id, "", c.held) for c in nameless]

    def _piece(self, piece: dict[str, Any], events: list[ModelEvent]) -> None:
        function = piece.get("function")
        if not isinstance(function, dict):
            function = {}
        name = _text(function.get("name"))
        arguments = _json_text(function.get("arguments"))
        call = self._find(piece.get("index"), _text(piece.get("id")), name)
        if call.named:
            if arguments:
                events.append(CallFragment(call.index, "", "", arguments))
        elif name:
            call.named = True
            events.append(
                CallFragment(call.index, call.id, name, call.held + arguments)
            )
        else:
            call.held += arguments

    def _find(self, index: Any, call_id: str, name: str) -> _Call:
        """Return the call that a piece belongs to, a new one if to none."""
        if isinstance(index, int):
            call = self._by_index.get(index)
            another = call is not None and call.id and call_id and call.id != call_id
            if call is None or (another and name):
                call = self._by_index[index] = self._new()
        elif name or not self._all:
            call = self._new()
        else:
            call = self._all[-1]
        call.id = call.id or call_id
        return call

    def _new(self) -> _Call:
        call = _Call(len(self._all))
        self._all.append(call)
        return call


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _json_text(value: Any) -> str:
    """Return arguments as JSON text; some servers send the object itself."""
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()
