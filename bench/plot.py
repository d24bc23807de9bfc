"""The results as a picture: bars on logarithmic scales, as plain SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from bench.report import Document, Medians, figure, medians_of
from bench.subjects import OURS, PAIR, RAW

WIDTH = 760
LEFT = 130
RIGHT = 90
BAR = 16
GAP = 5
TITLE = 34
WHOLE = 10
"""Numbers from here on are shown without a fraction."""

PANELS: tuple[tuple[str, str, str], ...] = (
    ("create: requests/s, 16 connections", "create/16", "per_second"),
    ("create: server CPU µs per request", "create/16", "cpu_us"),
    ("streams: events/s, 16 connections", "stream/16", "events_per_second"),
    ("streams: server CPU µs per event", "stream/16", "cpu_us_per_event"),
    ("200 live streams: first event p99, ms", "live/200", "first_event_ms_p99"),
    ("idle memory, MB", "start", "idle_mb"),
)


def write(found: Document, path: Path) -> None:
    """Write the picture of a document."""
    path.write_text(svg(found), "utf-8")


def svg(found: Document) -> str:
    """Return the picture of a document; panels without figures are left out."""
    medians = medians_of(found)
    subjects = [name for name in found["versions"] if name not in {RAW, PAIR}]
    parts, top = [], 30
    for title, row, name in PANELS:
        bars = _bars(medians, subjects, row, name)
        if bars:
            parts.append(_panel(title, bars, top))
            top += TITLE + len(bars) * (BAR + GAP) + 8
    machine = found["machine"]
    caption = (
        f"{found['date']}, {machine['cores']} cores of {machine['processor']}, "
        "logarithmic scales"
    )
    body = "\n".join([_text(16, 20, caption, "caption"), *parts])
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" \
viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" font-size="12">
<style>
.caption {{ fill: #666 }} .title {{ font-weight: bold }}
.ours {{ fill: #2a6fbb }} .theirs {{ fill: #b8bec6 }}
</style>
<rect width="100%" height="100%" fill="#fff"/>
{body}
</svg>
"""


def _bars(
    medians: Medians, subjects: Sequence[str], row: str, name: str
) -> list[tuple[str, float]]:
    found = [(subject, figure(medians, row, subject, name)) for subject in subjects]
    return [(subject, value) for subject, value in found if value and value > 0]


def _panel(title: str, bars: Sequence[tuple[str, float]], top: int) -> str:
    low = 10 ** math.floor(math.log10(min(value for _, value in bars)) - 0.3)
    high = max(value for _, value in bars)
    span = math.log10(high / low) or 1.0
    lines = [_text(16, top + 20, title, "title")]
    for place, (subject, value) in enumerate(bars):
        y = top + TITLE + place * (BAR + GAP)
        length = (WIDTH - LEFT - RIGHT) * math.log10(value / low) / span
        kind = "ours" if subject == OURS else "theirs"
        lines += [
            _text(16, y + 12, subject, "name"),
            _bar(kind, y, length),
            _text(round(LEFT + length) + 6, y + 12, _number(value), "value"),
        ]
    return "\n".join(lines)


def _bar(kind: str, y: int, length: float) -> str:
    place = f'x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}"'
    return f'<rect class="{kind}" {place}/>'


def _text(x: int, y: int, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= WHOLE else f"{value:.2g}"
