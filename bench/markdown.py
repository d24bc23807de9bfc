"""Tables of Markdown, and how figures look in them."""

from __future__ import annotations

from collections.abc import Sequence

MISSING = "-"

HUNDRED, THOUSAND = 100, 1000


def number(name: str, value: float | None) -> str:
    """Show a figure: rates in thousands, others to three digits."""
    if value is None:
        return MISSING
    if name.endswith("per_second"):
        return f"{value / 1e3:,.1f} k" if value >= THOUSAND else f"{value:,.0f}"
    return f"{value:,.0f}" if value >= HUNDRED else f"{value:,.3g}"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; nothing without lines."""
    if not lines:
        return ""
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    return "\n".join(
        "| " + " | ".join(map(str.ljust, cells, widths)) + " |"
        for cells in [head, ["-" * width for width in widths], *lines]
    )
