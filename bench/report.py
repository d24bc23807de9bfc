"""What a run has found, as a document: the JSON that is kept and that tables show."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.run import Cell, Outcome
from bench.subjects import RAW, Subject

Document = dict[str, Any]
Medians = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Figures by row and subject."""

ADDED = "(added)"
"""At the end of a figure's name: what it is above the backend's own."""


def document(
    outcome: Outcome,
    timings: Mapping[str, Mapping[str, float]],
    *,
    subjects: Sequence[Subject],
    options: Mapping[str, Any],
) -> Document:
    """Return everything about a run, for JSON."""
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
        "machine": _machine(),
        "options": dict(options),
        "versions": {subject.name: subject.version for subject in subjects},
        "bridges": dict(outcome.bridges),
        "rows": {
            row: {subject: _cell(cell) for subject, cell in cells.items()}
            for row, cells in outcome.results.items()
        },
        "codec": timings,
    }


def write(found: Document, path: Path) -> None:
    """Write the document."""
    path.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def medians_of(found: Document) -> Medians:
    """Return the medians of a document."""
    return {
        row: {
            subject: cell["median"] for subject, cell in cells.items() if cell["median"]
        }
        for row, cells in found["rows"].items()
    }


def figure(medians: Medians, row: str, subject: str, name: str) -> float | None:
    """Return a median, or with `ADDED` what it is above the backend's."""
    value = medians.get(row, {}).get(subject, {}).get(name.removesuffix(ADDED))
    if value is None or not name.endswith(ADDED):
        return value
    limit = figure(medians, row, RAW, name.removesuffix(ADDED))
    return None if limit is None else value - limit


def _cell(cell: Cell) -> dict[str, Any]:
    kept: dict[str, Any] = {"median": _rounded(cell.median)}
    kept["rounds"] = [_rounded(measurement) for measurement in cell.rounds]
    if cell.failure:
        kept["failure"] = cell.failure
    return kept


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.5g}") for name, value in figures.items()}


def _machine() -> dict[str, Any]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "system": platform.system(),
        "python": platform.python_version(),
    }
