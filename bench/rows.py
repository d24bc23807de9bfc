"""What is measured, as data: a row is one kind of load, put on every subject alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

CREATE = "create"
STREAM = "stream"
PACED = "paced"
GRPC = "grpc"

LIVE_TOKENS = 20
"""Tokens a second of a stream that somebody reads."""

PACED_TOKENS = 2000
"""Tokens a second with which 64 streams are more than a server can follow event by
event: what then counts is how it catches up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of load."""

    name: str
    group: str
    model: str
    """Says to the backend what to answer (`native/answers.h`)."""
    connections: int
    """That ask at a time; for gRPC: calls at a time, on one connection."""
    stream: bool = False
    store: bool = True
    turns: int = 0
    """Of the conversation that is continued."""
    told: bool = False
    """Whether the turns come in the request, instead of out of the store."""
    once: bool = False
    """Every connection asks once, and all are waited for."""
    seconds: float | None = None
    rounds: int | None = None
    everyone: bool = False
    """Else our server only: nobody else can do it, or it is our own breakdown."""

    @property
    def grpc(self) -> bool:
        """Whether the load comes over gRPC."""
        return self.group == GRPC

    @property
    def tokens(self) -> int:
        """How many tokens the answer has."""
        return int(self.model.split("-")[1])

    @property
    def stream_seconds(self) -> float:
        """How long the backend takes for a stream."""
        _, tokens, *rate = self.model.replace("-at-", "-").split("-")
        return int(tokens) / float(rate[0]) if rate else 0.0


def _create(connections: int, *, everyone: bool = True) -> Row:
    return Row(
        name=f"create/{connections}",
        group=CREATE,
        model="tokens-8",
        connections=connections,
        everyone=everyone,
    )


def _stream(connections: int) -> Row:
    return Row(
        name=f"stream/{connections}",
        group=STREAM,
        model="tokens-200",
        connections=connections,
        stream=True,
        everyone=True,
    )


def _grpc(connections: int, *, stream: bool) -> Row:
    return Row(
        name=f"grpc-{'stream' if stream else 'create'}/{connections}",
        group=GRPC,
        model="tokens-200" if stream else "tokens-8",
        connections=connections,
        stream=stream,
    )


_ONE = _create(16, everyone=False)

ROWS: tuple[Row, ...] = (
    # First, since its memory is a figure: what other loads leave is not in it.
    Row(
        name="live/200",
        group=PACED,
        model=f"tokens-200-at-{LIVE_TOKENS}",
        connections=200,
        stream=True,
        once=True,
        seconds=40,
        rounds=1,
        everyone=True,
    ),
    *(_create(connections) for connections in (1, 16, 64, 256)),
    replace(_ONE, name="create-200/16", model="tokens-200", everyone=True),
    replace(_ONE, name="create-200/64", model="tokens-200", connections=64),
    replace(_ONE, name="create-unstored/16", store=False),
    replace(_ONE, name="create-unstored/64", store=False, connections=64),
    replace(_ONE, name="chain-10/16", turns=10),
    replace(_ONE, name="chain-1000/1", turns=1000, connections=1),
    replace(_ONE, name="chain-1000/16", turns=1000),
    replace(
        _ONE, name="told-1000/1", turns=1000, connections=1, told=True, store=False
    ),
    *(_stream(connections) for connections in (1, 16, 64)),
    replace(_stream(16), name="stream-unstored/16", store=False, everyone=False),
    replace(
        _stream(64),
        name="stream-paced/64",
        group=PACED,
        model=f"tokens-200-at-{PACED_TOKENS}",
        everyone=True,
    ),
    *(_grpc(connections, stream=False) for connections in (1, 16, 64)),
    *(_grpc(connections, stream=True) for connections in (1, 16, 64)),
)

PAIRED = frozenset(
    {"create/16", "create/64", "create-unstored/16", "stream/16", "stream/64"}
)
"""The rows that are also measured with two workers of our server."""

SHARED_ROWS = frozenset({"create/16", "create/64", "stream/16", "chain-10/16"})
"""The rows that are also measured with PostgreSQL and NATS."""

TRIAL_MODEL = "tokens-20-at-40"
"""A stream that takes half a second, by which one sees who only seems to stream."""

IDLE_MODEL = "tokens-2-at-0.01"
"""A stream that begins and then says nothing for minutes."""

CROWD_MODEL = f"tokens-200-at-{LIVE_TOKENS}"
"""What each of a crowd says: it takes ten seconds."""

RUNS = 2000
"""In the background at once."""
STREAMS = 50
"""That several read at once."""
EACH = 20
"""Who read one of them where it runs."""
EACH_ELSEWHERE = 4
"""And at another replica."""

BACKGROUND, READERS, ELSEWHERE = CROWDS = (
    f"background/{RUNS}",
    f"readers/{STREAMS * EACH}",
    f"elsewhere/{STREAMS * EACH_ELSEWHERE}",
)
"""Names of crowds, which are measured once, by servers of their own."""

MODELS = sorted({row.model for row in ROWS} | {IDLE_MODEL, TRIAL_MODEL, CROWD_MODEL})
