"""What was counted when somebody last looked, for the tests to compare with.

Opcodes depend on the version of Python and a little on aiohttp's; instructions depend
on how Python and the C library were built as well, so that elsewhere they cannot be
compared.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import sysconfig
from importlib import metadata

from bench.places import ROOT

FOLDER = ROOT / "tests" / "bench"
OPCODES = "opcodes"
INSTRUCTIONS = "instructions"

Record = dict[str, dict[str, float]]
"""Figures of cases, by where they hold."""


def versions() -> str:
    """Return what opcodes depend on."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"Python {python}, aiohttp {metadata.version('aiohttp')}"


def build() -> str:
    """Return what instructions depend on."""
    compiler = platform.python_compiler()
    options = sysconfig.get_config_var("PY_CFLAGS") or ""
    optimized = "-O3" if "-O3" in options else "-O2" if "-O2" in options else "-O?"
    library = " ".join(platform.libc_ver())
    python = platform.python_version()
    machine = os.uname().machine
    return f"{versions()}, {python} by {compiler} {optimized}, {library}, {machine}"


def read(kind: str) -> Record:
    """Return the record of a kind, empty if there is none."""
    path = FOLDER / f"{kind}.json"
    record: Record = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return record


def write(kind: str, where: str, figures: dict[str, float]) -> None:
    """Put figures into the record."""
    record = read(kind) | {where: figures}
    text = json.dumps(record, indent=2, sort_keys=True) + "\n"
    (FOLDER / f"{kind}.json").write_text(text, "utf-8")
