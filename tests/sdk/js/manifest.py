"""What the JavaScript behaviours show, read from `behaviours.toml`.

A behaviour that an SDK cannot express is listed there with the reason; it is neither
run nor counted. This module knows neither the program that runs them nor a server.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_name("behaviours.toml")


@functools.cache
def shows() -> Mapping[str, tuple[str, ...]]:
    """Give, for each behaviour by name, the ids of the demands that it shows."""
    found = tomllib.loads(_FILE.read_text())["shows"]
    return {name: tuple(demands) for name, demands in found.items()}


@functools.cache
def cannot(version: str) -> Mapping[str, str]:
    """Give the behaviours that an SDK cannot express, each with the reason."""
    return {
        name: entry["reason"]
        for entry in tomllib.loads(_FILE.read_text())["cannot"]
        if version in entry["sdks"]
        for name in entry["behaviours"]
    }


def expressible(version: str) -> list[str]:
    """Give the names of the behaviours that an SDK runs, in order."""
    return [name for name in shows() if name not in cannot(version)]
