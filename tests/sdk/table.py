"""The table of behaviours that each client SDK shows, printed after the tests.

A behaviour counts for an SDK when it passed in every mode that ran. Tests say what
they counted through their properties `sdk` and `behaviour`, so that other clients can
join by recording the same.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence

import pytest

from tests.sdk.environments import PYTHON_SDKS
from tests.sdk.js import manifest
from tests.sdk.python.registry import behaviours


def inexpressible(sdk: str) -> int:
    """Count what is listed as impossible to express with an SDK."""
    name, _, version = sdk.rpartition(" ")
    if name == "@google/genai":
        return len(manifest.cannot(version))
    return sum(version in found.cannot for found in behaviours().values())


def lines(reporter: pytest.TerminalReporter) -> list[str]:
    """Give the lines of the table; none when no behaviour ran."""
    passed: dict[str, set[str]] = collections.defaultdict(set)
    failed: dict[str, set[str]] = collections.defaultdict(set)
    for outcome in ("passed", "failed"):
        for report in reporter.getreports(outcome):
            properties = dict(report.user_properties)
            if "behaviour" not in properties:
                continue
            kept = passed if outcome == "passed" else failed
            kept[str(properties["sdk"])].add(str(properties["behaviour"]))
    sdks = sorted(passed.keys() | failed.keys(), key=_order)
    if not sdks:
        return []
    rows = [f"{'SDK':<24}{'passed':>8}{'failed':>8}{'inexpressible':>15}"]
    for sdk in sdks:
        whole = passed[sdk] - failed[sdk]
        listed = inexpressible(sdk)
        rows.append(f"{sdk:<24}{len(whole):>8}{len(failed[sdk]):>8}{listed:>15}")
    return rows + list(_reasons(sdks))


def _reasons(sdks: Sequence[str]) -> Iterator[str]:
    """Say what an SDK that ran cannot express, and why."""
    for found in behaviours().values():
        for version, reason in found.cannot.items():
            if f"google-genai {version}" in sdks:
                yield f"not with {version}: {found.name}: {reason}"


def _order(sdk: str) -> tuple[bool, list[int]]:
    name, _, version = sdk.rpartition(" ")
    numbers = [int(part) for part in version.split(".") if part.isdigit()]
    return name != "google-genai" or version not in PYTHON_SDKS, numbers
