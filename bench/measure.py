"""One measurement: a load program against one server, and what the server spent.

CPU is read when the load program says that its warm-up is over and when its result is
there, so that both cover the same seconds.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.process import Process, cpu_seconds

GRACE_SECONDS = 30
"""For a load program to end after its time."""

Measurement = dict[str, float]
"""Figures by name; the names say the units."""


class MeasurementError(Exception):
    """A load brought nothing, or what it brought is wrong."""


@dataclass(frozen=True, slots=True)
class Load:
    """A load program and its arguments."""

    program: Path
    arguments: Sequence[str]
    seconds: float
    warm: float


def measure(
    load: Load, process: Process, beside: Mapping[str, int] | None = None
) -> Measurement:
    """Run a load to its end and return the figures.

    `beside` has the ids of processes whose CPU is told beside the server's, by name.

    Raises:
        MeasurementError: the load program saw no success, or failures.
    """
    beside = beside or {}
    with _running(load) as running:
        _line(running)
        before = process.cpu_seconds()
        others = {name: _total(pid) for name, pid in beside.items()}
        result = _line(running)
        after = process.cpu_seconds()
        others = {name: _total(beside[name]) - cpu for name, cpu in others.items()}
        memory = process.memory_bytes()
    if result["failed"]:
        raise MeasurementError(f"{result['failed']} failed: {result['failure']}")
    if not result["finished"] and not result["events"]:
        raise MeasurementError("nothing finished")
    each = {pid: cpu - before.get(pid, 0.0) for pid, cpu in after.items()}
    figures = _figures(result, sum(each.values()), memory)
    for name, cpu in others.items():
        figures[f"{name}_cpu_us"] = cpu / max(1, result["finished"]) * 1e6
    figures["cpu_split"] = split([each[pid] for pid in each if pid != process.pid])
    return figures


def split(spent: Sequence[float]) -> float:
    """Return how many times as much as on average that process spent that spent most.

    0 when there are not at least two.
    """
    working = [cpu for cpu in spent if cpu > 0]
    return max(working) * len(working) / sum(working) if len(working) > 1 else 0.0


def _total(pid: int) -> float:
    return sum(cpu_seconds(pid).values())


def _figures(result: dict[str, Any], spent: float, memory: int) -> Measurement:
    seconds = result["seconds"]
    figures = {
        "per_second": result["finished"] / seconds,
        "events_per_second": result["events"] / seconds,
        "cpu_share": spent / seconds,
        "memory_mb": memory / 1e6,
        "fewest_events": result["fewest_events"],
    }
    if result["finished"]:
        figures["cpu_us"] = spent / result["finished"] * 1e6
    if result["events"]:
        figures["cpu_us_per_event"] = spent / result["events"] * 1e6
    for name in ("latency_ms", "first_event_ms"):
        quantiles = result[name] or {}
        figures |= {f"{name}_{which}": value for which, value in quantiles.items()}
    return figures


def run_load(load: Load) -> dict[str, Any]:
    """Run a load to its end and return what the program says of it."""
    with _running(load) as running:
        _line(running)
        return _line(running)


@contextmanager
def _running(load: Load) -> Iterator[subprocess.Popen[bytes]]:
    """Run a load program; it has ended at the end of the block."""
    command = [str(load.program), *load.arguments]
    command += ["--seconds", str(load.seconds), "--warm", str(load.warm)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        try:
            yield running
            running.wait(GRACE_SECONDS)
        finally:
            if running.poll() is None:
                running.kill()


@contextmanager
def held(load: Load) -> Iterator[None]:
    """Hold the streams of a load open for the length of a block.

    Raises:
        MeasurementError: not all of them have begun.
    """
    command = [str(load.program), *load.arguments, "--hold"]
    command += ["--seconds", str(load.seconds)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        try:
            _line(running)
            result = _line(running)
            if result["failed"] or _line(running).get("at") != "holding":
                raise MeasurementError(f"streams do not begin: {result['failure']}")
            yield
        finally:
            running.kill()


def _line(running: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert running.stdout is not None  # noqa: S101 - for the type checker
    line = running.stdout.readline()
    if not line:
        raise MeasurementError("the load program has ended early")
    parsed: dict[str, Any] = json.loads(line)
    return parsed
