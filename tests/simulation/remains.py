"""What objects of this project remember of interactions, found without knowing them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PACKAGE = "openinteractions.engine"
ID = "v1_"


def remains(root: object) -> list[str]:
    """Return the places, reachable from an object, that hold ids of interactions."""
    return sorted(set(_walk(root, type(root).__name__, set())))


def _walk(thing: Any, path: str, seen: set[int]) -> Iterator[str]:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, dict | set | frozenset | list | tuple):
        if any(isinstance(one, str) and one.startswith(ID) for one in thing):
            yield path
        elif isinstance(thing, dict):
            for value in thing.values():
                yield from _walk(value, f"{path}[…]", seen)
        else:
            for one in thing:
                yield from _walk(one, f"{path}[…]", seen)
    elif type(thing).__module__.startswith(PACKAGE):
        for name in _names(thing):
            yield from _walk(getattr(thing, name, None), f"{path}.{name}", seen)
    elif hasattr(thing, "__self__"):
        yield from _walk(thing.__self__, path, seen)


def _names(thing: object) -> Iterator[str]:
    yield from getattr(thing, "__dict__", ())
    for kind in type(thing).__mro__:
        yield from getattr(kind, "__slots__", ())
