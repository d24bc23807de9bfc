"""The figures that the project holds itself to, with the store on and default settings.

They are goals of a benchmark, on two cores that load generator and backend share; no
test asserts a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.rows import BACKGROUND, EACH, PAIRED, READERS, RUNS, STREAMS
from bench.subjects import OURS, PAIR, RAW, SHARED


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure and its limit."""

    row: str
    figure: str
    least: float | None = None
    most: float | None = None
    subject: str = OURS
    beside: tuple[str, str] | None = None
    """A row and a subject: the goal is then a share of that figure."""
    above: tuple[str, str] | None = None
    """Likewise: the goal is then what the figure is more than that."""

    @property
    def title(self) -> str:
        """What it is about."""
        share = f" as a share of {' of '.join(self.beside)}" if self.beside else ""
        if self.above:
            share = f" above {' of '.join(self.above)}"
        of = "" if self.subject == OURS else f", {self.subject}"
        return f"{self.row}{of}: {self.figure}{share}"

    @property
    def limit(self) -> str:
        """The limit in words."""
        if self.least is not None:
            return f"≥ {self.least:,g}"
        return f"≤ {self.most:,g}"

    def met(self, value: float) -> bool:
        """Whether a value is within the limit."""
        if self.least is not None and value < self.least:
            return False
        return self.most is None or value <= self.most


_LIVE = ("live/200", RAW)

GOALS: tuple[Goal, ...] = (
    Goal(row="create/16", figure="per_second", least=4000),
    Goal(row="create/64", figure="per_second", least=4000),
    Goal(row="create/16", figure="cpu_us", most=240),
    Goal(
        row="create-200/16",
        figure="per_second",
        least=0.9,
        beside=("create/16", OURS),
    ),
    Goal(row="chain-1000/1", figure="cpu_us", most=1.3, beside=("told-1000/1", OURS)),
    Goal(row="create/1", figure="latency_ms_p50(added)", most=0.6),
    Goal(row="create/16", figure="latency_ms_p99", most=20),
    Goal(row="stream/16", figure="events_per_second", least=80_000),
    Goal(row="stream/64", figure="events_per_second", least=80_000),
    Goal(row="stream/16", figure="cpu_us_per_event", most=10),
    Goal(
        row="stream-paced/64",
        figure="events_per_second",
        least=0.5,
        beside=("stream-paced/64", RAW),
    ),
    Goal(row="stream-paced/64", figure="cpu_us_per_event", most=12),
    Goal(row="stream/1", figure="first_event_ms_p50(added)", most=1.0),
    Goal(row="grpc-stream/16", figure="events_per_second", least=45_000),
    Goal(row="grpc-stream/64", figure="events_per_second", least=45_000),
    Goal(row="grpc-stream/1", figure="events_per_second", least=12_000),
    Goal(row="grpc-create/16", figure="per_second", least=2500),
    Goal(row="live/200", figure="latency_ms_p50", most=1.02, beside=_LIVE),
    Goal(row="live/200", figure="first_event_ms_p99", most=250),
    Goal(row="live/200", figure="memory_mb", most=110),
    Goal(row="idle", figure="kb_per_stream", most=60),
    *(
        Goal(row=row, figure="cpu_us", most=1.15, subject=PAIR, beside=(row, OURS))
        for row in sorted(PAIRED)
    ),
    *(
        Goal(row=row, figure="cpu_split", most=1.2, subject=PAIR)
        for row in sorted(PAIRED)
    ),
    Goal(
        row="create/16",
        figure="cpu_us",
        most=120,
        subject=SHARED,
        above=("create/16", OURS),
    ),
    Goal(row=BACKGROUND, figure="finished", least=RUNS),
    Goal(row=BACKGROUND, figure="at_once", least=RUNS),
    Goal(row=BACKGROUND, figure="memory_mb", most=629),  # 600 MiB
    Goal(row=READERS, figure="finished", least=STREAMS * EACH),
    Goal(row="start", figure="start_seconds", most=0.8),
    Goal(row="start", figure="idle_mb", most=80),
)
