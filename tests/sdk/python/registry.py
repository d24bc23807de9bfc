"""The list of behaviours, and what each one shows.

A behaviour is an `async` function of a `Case`; its name is the sentence of what a
client sees. It names the demands it answers (see `demands`), and the SDKs that cannot
express it, with the reason. This module knows neither an SDK nor the server.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

LEGACY = ("1.55.0", "1.75.0")
"""SDKs that read `outputs` and `content.*` events (contract §1.3)."""
STAINLESS = ("2.0.0", "2.8.0")
"""SDKs of the first generator that read steps."""
GAOS = ("2.34.0", "3.3.0")
"""SDKs of the second generator."""
ALL = LEGACY + STAINLESS + GAOS

Body = Callable[[Any], Awaitable[None]]


@dataclasses.dataclass(frozen=True, slots=True)
class Behaviour:
    """One thing that a client of every SDK can see."""

    name: str
    area: str
    body: Body
    demands: tuple[str, ...]
    cannot: Mapping[str, str]
    """SDK version → why it cannot express this."""


_registered: dict[str, Behaviour] = {}


def behaviour(
    *demands: str, cannot: Mapping[tuple[str, ...], str] | None = None
) -> Callable[[Body], Body]:
    """Register a behaviour under the name of the function.

    `demands` are ids of `demands.DEMANDS`; `cannot` maps groups of SDK versions to
    the reason why they cannot express it.
    """
    reasons = {
        version: reason
        for versions, reason in (cannot or {}).items()
        for version in versions
    }

    def register(body: Body) -> Body:
        name = body.__name__
        if name in _registered:
            raise ValueError(f"two behaviours are called {name}")
        area = body.__module__.rpartition(".")[2]
        _registered[name] = Behaviour(name, area, body, demands, reasons)
        return body

    return register


def behaviours() -> dict[str, Behaviour]:
    """Give every behaviour by name, in the order of modules and definitions."""
    package = "tests.sdk.python.behaviours"
    home = Path(__file__).parent / "behaviours"
    for module in sorted(m.name for m in pkgutil.iter_modules([str(home)])):
        importlib.import_module(f"{package}.{module}")
    return _registered
