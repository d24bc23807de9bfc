"""What an event translator remembers of the steps that are open."""

from collections.abc import Callable
from typing import Any


class Output:
    """The output that a step has open; `kind` is empty before its first."""

    __slots__ = ("index", "kind")

    def __init__(self, index: int = -1, kind: str = "") -> None:
        self.index = index
        self.kind = kind


class Whole:
    """A call or a result that is being put together."""

    __slots__ = ("_arguments", "_members", "step")

    def __init__(self, step: int, start: Any) -> None:
        self.step = step
        self._members = start
        self._arguments: list[str] = []

    def add(self, delta: Any) -> None:
        """Take up what a delta says; whole members replace those of the start."""
        if not isinstance(delta, dict) or not isinstance(self._members, dict):
            return
        if delta["type"] == "arguments_delta":
            self._arguments.append(delta.get("arguments", ""))
            return
        said = {name: delta[name] for name in delta if name != "type"}
        self._members = self._members | said

    def content(self, raw: Callable[[str], object]) -> Any:
        """Return the whole; an empty signature is none."""
        if not isinstance(self._members, dict):
            return self._members
        whole = dict(self._members)
        if not whole.get("signature", "-"):
            del whole["signature"]
        text = "".join(self._arguments)
        if text:
            whole["arguments"] = raw(text)
        elif whole["type"] == "function_call":
            whole.setdefault("arguments", {})
        return whole
