"""Measurements that are no load: starting, resting, and streams that only wait."""

from __future__ import annotations

import time
from pathlib import Path

from bench.measure import Measurement, MeasurementError, held
from bench.process import running
from bench.rows import IDLE_MODEL, STREAM, Row
from bench.stage import Player, Stage, launch
from bench.subjects import Subject

REST_SECONDS = 1.0
"""After which a server that has started is taken to rest."""

STREAMS = (200, 400)
"""Idle streams that are held for the first look at the memory, and more for the
second. The first pay for what is there only once."""


def cold_start(subject: Subject, folder: Path, url: str) -> Measurement:
    """Start a subject from nothing and end it again."""
    player = launch(subject, folder, url)
    with running(player.process):
        time.sleep(REST_SECONDS)
        return {
            "start_seconds": player.process.start_seconds,
            "idle_mb": player.process.memory_bytes() / 1e6,
        }


def idle_streams(stage: Stage, player: Player) -> Measurement:
    """Return the memory that each further stream takes which has nothing to say.

    Raises:
        MeasurementError: the streams cannot be held.
    """
    looks = []
    first, more = (
        stage.http_load(player, _waiting(count), seconds=60) for count in STREAMS
    )
    with held(first):
        time.sleep(REST_SECONDS)
        looks.append(player.process.memory_bytes())
        with held(more):
            time.sleep(REST_SECONDS)
            looks.append(player.process.memory_bytes())
    if looks[1] <= 0:
        raise MeasurementError("the server is gone")
    return {"kb_per_stream": (looks[1] - looks[0]) / STREAMS[1] / 1e3}


def _waiting(count: int) -> Row:
    return Row(
        name=f"idle/{count}",
        group=STREAM,
        model=IDLE_MODEL,
        connections=count,
        stream=True,
        once=True,
    )
