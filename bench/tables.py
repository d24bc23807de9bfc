"""A run's document as text.

The first table is the comparison, with one column for each subject; the others are our
own breakdown, the codec, and the figures that the project holds itself to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench import modes
from bench.goals import GOALS
from bench.markdown import MISSING, number, table
from bench.report import ADDED, Document, Medians, figure, medians_of
from bench.rows import LIVE_TOKENS, PACED_TOKENS, ROWS
from bench.subjects import OURS, PAIR, RAW, SHARED

TIMES = "\N{MULTIPLICATION SIGN}"

TEN = 10

_CREATES = ("create/1", "create/16", "create/64", "create/256")
_STREAMS = ("stream/1", "stream/16", "stream/64")

COMPARISON: tuple[tuple[str, Sequence[tuple[str, str]]], ...] = (
    (
        "create, requests/s at 1 / 16 / 64 / 256 connections",
        [(row, "per_second") for row in _CREATES],
    ),
    ("create, server CPU µs per request at 16", [("create/16", "cpu_us")]),
    (
        "create, added p50 at 1; p99 at 16 (ms)",
        [("create/1", f"latency_ms_p50{ADDED}"), ("create/16", "latency_ms_p99")],
    ),
    ("create, 200 tokens, requests/s at 16", [("create-200/16", "per_second")]),
    (
        "200-chunk streams, events/s at 1 / 16 / 64",
        [(row, "events_per_second") for row in _STREAMS],
    ),
    (
        "server CPU µs per streamed event at 1 / 16 / 64",
        [(row, "cpu_us_per_event") for row in _STREAMS],
    ),
    (
        "added time to first event at 1 (ms)",
        [("stream/1", f"first_event_ms_p50{ADDED}")],
    ),
    (
        f"64 streams at {PACED_TOKENS:,} tokens/s: events/s; CPU µs per event",
        [
            ("stream-paced/64", "events_per_second"),
            ("stream-paced/64", "cpu_us_per_event"),
        ],
    ),
    (
        f"200 streams at {LIVE_TOKENS} tokens/s: p50 ms; first event p99 ms; MB",
        [
            ("live/200", "latency_ms_p50"),
            ("live/200", "first_event_ms_p99"),
            ("live/200", "memory_mb"),
        ],
    ),
    ("memory for each further idle stream (KB)", [("idle", "kb_per_stream")]),
    (
        "cold start (s); idle memory (MB)",
        [("start", "start_seconds"), ("start", "idle_mb")],
    ),
)

BREAKDOWN = (
    ("requests/s", "per_second"),
    ("events/s", "events_per_second"),
    ("CPU µs", "cpu_us"),
    ("CPU µs per event", "cpu_us_per_event"),
    ("p50 ms", "latency_ms_p50"),
    ("p99 ms", "latency_ms_p99"),
    ("first event p50 ms", "first_event_ms_p50"),
)


def text(found: Document) -> str:
    """Return all tables of a document, those without figures left out."""
    medians = medians_of(found)
    parts = [
        _headline(found),
        _comparison(found, medians),
        _breakdown(medians),
        modes.pair(medians),
        modes.shared(medians),
        modes.crowds(medians),
        _codec(found["codec"]),
        _goals(medians),
        _notes(medians),
        _failures(found),
    ]
    return "\n\n".join(part for part in parts if part)


def _headline(found: Document) -> str:
    machine, options = found["machine"], found["options"]
    line = (
        f"{found['date']}, {machine['cores']} cores of {machine['processor']}, "
        f"Python {machine['python']}; medians of {options['rounds']} rounds of "
        f"{options['seconds']:g} s; load generator, backend and server share the "
        "machine; in brackets how many times better ours is"
    )
    if found["bridges"]:
        bridges = found["bridges"]
        line += (
            f"\nLiteLLM's better bridge: {bridges['create']} for create, "
            f"{bridges['stream']} for streams"
        )
    return line


def _comparison(found: Document, medians: Medians) -> str:
    subjects = [
        name
        for name in found["versions"]
        if name not in {PAIR, SHARED}
        and any(name in cells for cells in medians.values())
    ]
    heads = [f"{name} {found['versions'][name]}".strip() for name in subjects]
    lines = []
    for title, figures in COMPARISON:
        cells = {
            subject: [
                (name, figure(medians, row, subject, name)) for row, name in figures
            ]
            for subject in subjects
        }
        if any(value is not None for cell in cells.values() for _, value in cell):
            own = cells.get(OURS, [])
            shown = [_cell(subject, cell, own) for subject, cell in cells.items()]
            lines.append([title, *shown])
    return table(["", *heads], lines)


Values = Sequence[tuple[str, float | None]]
"""Figures with their names."""


def _cell(subject: str, values: Values, own: Values) -> str:
    shown = " / ".join(number(name, value) for name, value in values)
    factors = [] if subject in {OURS, RAW} else _factors(values, own)
    return f"{shown} ({TIMES} {' / '.join(factors)})" if factors else shown


def _factors(values: Values, own: Values) -> list[str]:
    """How many times better ours is, where both are there; else nothing."""
    factors = []
    for (name, value), (_, ours) in zip(values, own, strict=False):
        if not value or not ours or min(value, ours) <= 0:
            factors.append(MISSING)
            continue
        better = ours / value if name.endswith("per_second") else value / ours
        factors.append(f"{better:.1f}" if better < TEN else f"{better:.0f}")
    return factors if set(factors) != {MISSING} else []


def _breakdown(medians: Medians) -> str:
    lines = []
    for row in ROWS:
        own = medians.get(row.name, {}).get(OURS)
        if own:
            names = [name for _, name in BREAKDOWN]
            wanted = {name for name in names if row.stream or "event" not in name}
            lines.append(
                [
                    row.name,
                    *(number(n, own.get(n) if n in wanted else None) for n in names),
                ]
            )
    return table(["our rows", *(title for title, _ in BREAKDOWN)], lines)


def _codec(timings: Mapping[str, Mapping[str, float]]) -> str:
    ways = sorted({way for case in timings.values() for way in case})
    lines = [
        [name, *(number("", case.get(way)) for way in ways)]
        for name, case in timings.items()
    ]
    return table(["codec, µs", *ways], lines)


def _goals(medians: Medians) -> str:
    lines = []
    for goal in GOALS:
        value = figure(medians, goal.row, goal.subject, goal.figure)
        if goal.beside and value is not None:
            row, subject = goal.beside
            other = figure(medians, row, subject, goal.figure)
            value = value / other if other else None
        if goal.above and value is not None:
            row, subject = goal.above
            other = figure(medians, row, subject, goal.figure)
            value = None if other is None else value - other
        if value is not None:
            met = "met" if goal.met(value) else "missed"
            lines.append([goal.title, goal.limit, number("", value), met])
    return table(["what we hold ourselves to", "at", "measured", ""], lines)


def _notes(medians: Medians) -> str:
    lines = []
    for row in ROWS:
        for subject, figures in medians.get(row.name, {}).items():
            fewest = figures.get("fewest_events", 0)
            if row.stream and 0 < fewest < row.tokens:
                merged = f"{row.tokens} chunks as few as {fewest:.0f} events"
                lines.append(f"merged: {row.name}, {subject}: {merged}")
    return "\n".join(lines)


def _failures(found: Document) -> str:
    return "\n".join(
        f"failed: {row}, {subject}: {cell['failure'][:200]}"
        for row, cells in found["rows"].items()
        for subject, cell in cells.items()
        if cell.get("failure")
    )
