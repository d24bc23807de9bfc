"""The tables of our own server's other modes, and of its crowds."""

from __future__ import annotations

from bench.markdown import number, table
from bench.report import Medians, figure
from bench.rows import CROWDS, ROWS
from bench.subjects import OURS, PAIR, SHARED

DIVIDED = "\N{DIVISION SIGN}"

SERVICES = ("postgres", "nats")

CROWD_FIGURES = {
    "finished": "whole, as the backend said it",
    "at_once": "at the same time",
    "per_second": "creates/s",
    "last_end_seconds": "s from the first create to the last end",
    "events_per_second": "events/s",
    "mean_events": "events of a reader",
    "fewest_events": "… at least",
    "cpu_share": "CPU share of a core",
    "cpu_us_per_event": "CPU µs per event",
    "memory_mb": "most memory, MB",
    "kb_per_reader": "memory for each reader, KB",
    "store_kb_per_run": "store for each run, KB",
    "nats_in_per_event": "messages to NATS per event of a stream",
    "nats_out_per_event": "messages from NATS per event of a stream",
}
"""Figures of crowds, and what they are."""


def pair(medians: Medians) -> str:
    """Return two workers beside one."""
    lines = []
    for row in ROWS:
        name = "events_per_second" if row.stream else "per_second"
        shown = [
            number(which, figure(medians, row.name, subject, which))
            for which in (name, "cpu_us")
            for subject in (OURS, PAIR)
        ]
        two = medians.get(row.name, {}).get(PAIR)
        one = medians.get(row.name, {}).get(OURS, {}).get("cpu_us")
        if two and one:
            share = number("", two.get("cpu_us", 0.0) / one)
            lines.append([row.name, *shown, share, number("", two.get("cpu_split"))])
    return table(
        [
            "one worker, two workers",
            "events or requests/s: one",
            "two",
            "CPU µs: one",
            "two",
            f"two {DIVIDED} one",
            f"most {DIVIDED} mean of the workers",
        ],
        lines,
    )


def shared(medians: Medians) -> str:
    """Return PostgreSQL with NATS beside SQLite."""
    lines = []
    for row in ROWS:
        two = medians.get(row.name, {}).get(SHARED)
        one = medians.get(row.name, {}).get(OURS)
        if not two or not one:
            continue
        names = ("events_per_second" if row.stream else "per_second", "cpu_us")
        shown = [number(name, of.get(name)) for name in names for of in (one, two)]
        added = two["cpu_us"] - one["cpu_us"]
        others = [number("", two.get(f"{name}_cpu_us")) for name in SERVICES]
        lines.append([row.name, *shown, f"{added:+,.0f}", *others])
    return table(
        [
            "SQLite, PostgreSQL + NATS",
            "events or requests/s: SQLite",
            "PostgreSQL",
            "CPU µs: SQLite",
            "PostgreSQL",
            "more",
            *(f"CPU µs of {name} itself" for name in SERVICES),
        ],
        lines,
    )


def crowds(medians: Medians) -> str:
    """Return what came of the crowds."""
    lines = [
        [row, title, number(name, figures[name])]
        for row in CROWDS
        for figures in medians.get(row, {}).values()
        for name, title in CROWD_FIGURES.items()
        if name in figures
    ]
    return table(["crowds", "", ""], lines)
