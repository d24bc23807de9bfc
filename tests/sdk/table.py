"""The table of behaviours that each client SDK shows, printed after the tests.

A behaviour counts for an SDK when it passed in every mode that ran. Tests say what
they counted through their properties `sdk` and `behaviour`, so that other clients can
join by recording the same; those over another dialect than `chat` add `dialect`, and
get a line of their own.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence

import pytest

from tests.sdk.environments import PYTHON_SDKS
from tests.sdk.js import manifest
from tests.sdk.python.dialects import CANNOT
from tests.sdk.python.registry import behaviours


def inexpressible(sdk: str) -> int:
    """Count what is listed as impossible to express with an SDK over a dialect."""
    client, _, dialect = sdk.partition(", ")
    name, _, version = client.rpartition(" ")
    if name == "@google/genai":
        return len(manifest.cannot(version))
    listed = {name for name, found in behaviours().items() if version in found.cannot}
    return len(listed | CANNOT[dialect or "chat"].keys())


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
            sdk, dialect = str(properties["sdk"]), properties.get("dialect", "chat")
            row = sdk if dialect == "chat" else f"{sdk}, {dialect}"
            kept[row].add(str(properties["behaviour"]))
    sdks = sorted(passed.keys() | failed.keys(), key=_order)
    if not sdks:
        return []
    rows = [f"{'SDK':<32}{'passed':>8}{'failed':>8}{'inexpressible':>15}"]
    for sdk in sdks:
        whole = passed[sdk] - failed[sdk]
        listed = inexpressible(sdk)
        rows.append(f"{sdk:<32}{len(whole):>8}{len(failed[sdk]):>8}{listed:>15}")
    return rows + list(_reasons(sdks))


def _reasons(sdks: Sequence[str]) -> Iterator[str]:
    """Say what an SDK that ran cannot express, and why."""
    for found in behaviours().values():
        for version, reason in found.cannot.items():
            if f"google-genai {version}" in sdks:
                yield f"not with {version}: {found.name}: {reason}"
    for dialect, listed in CANNOT.items():
        for name, reason in listed.items():
            yield f"not over {dialect}: {name}: {reason}"


def _order(sdk: str) -> tuple[bool, str, list[int]]:
    client, _, dialect = sdk.partition(", ")
    name, _, version = client.rpartition(" ")
    numbers = [int(part) for part in version.split(".") if part.isdigit()]
    return name != "google-genai" or version not in PYTHON_SDKS, dialect, numbers
