"""Crowds: thousands of background runs at once, and many who read the same streams.

Each has a server of its own that has just started, so that its memory is that of the
crowd. Whatever is missing at the end, or is not exactly what the backend has said, is
an error, not a figure.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvloop

from bench.callers import Caller, CallerError, Told, read, told
from bench.measure import Load, Measurement, MeasurementError, run_load
from bench.process import running
from bench.rows import CROWD_MODEL, EACH, EACH_ELSEWHERE, RUNS, STREAM, STREAMS, Row
from bench.services import Services
from bench.stage import Player, Stage
from bench.subjects import Subject

CREATORS = 256
"""Connections on which the background runs are made."""

LIMIT_SECONDS = 60.0
"""For a crowd to end; the backend takes ten."""
POLL_SECONDS = 0.25
POLLED = 20
"""How many runs are asked for at each poll, at most one more than have not ended."""

ROW = Row(name="crowd", group=STREAM, model=CROWD_MODEL, connections=CREATORS)
TEXT = " word" * ROW.tokens


def background(stage: Stage, subject: Subject) -> Measurement:
    """Make two thousand runs and wait until the last one has ended."""
    with _alone(stage, subject) as player:
        load = _creates(stage, player)
        before, began = player.process.cpu_seconds(), time.monotonic()
        made = run_load(load)
        if made["failed"] or made["finished"] != RUNS:
            raise MeasurementError(f"{made['failed']} failed: {made['failure']}")
        at_once = _run(_all_end(player))
        seconds = time.monotonic() - began
        spent = _spent(player, before)
        return {
            "finished": RUNS,
            "at_once": at_once,
            "per_second": RUNS / made["seconds"],
            "last_end_seconds": seconds,
            "events_per_second": RUNS * ROW.tokens / seconds,
            "cpu_us_per_event": spent / RUNS / ROW.tokens * 1e6,
            "cpu_share": spent / seconds,
            "memory_mb": player.process.peak_bytes() / 1e6,
            "store_kb_per_run": player.stored_bytes() / RUNS / 1e3,
        }


def readers(stage: Stage, subject: Subject) -> Measurement:
    """Let a thousand read fifty streams, twenty each."""
    with _alone(stage, subject) as player:
        return _read(player, player, EACH)


def elsewhere(stage: Stage, subject: Subject, services: Services) -> Measurement:
    """Let two hundred read fifty streams that another replica runs."""
    with _alone(stage, subject) as runs, _alone(stage, subject) as reads:
        before = services.messages()
        figures = _read(runs, reads, EACH_ELSEWHERE)
        after = services.messages()
    taken, given = (
        (now - then) / STREAMS / ROW.tokens
        for now, then in zip(after, before, strict=True)
    )
    return figures | {"nats_in_per_event": taken, "nats_out_per_event": given}


def _read(runs: Player, reads: Player, each: int) -> Measurement:
    before = runs.process.cpu_seconds(), reads.process.cpu_seconds()
    answers, resident = _run(_follow(runs, reads, each))
    spent = _spent(runs, before[0])
    if reads is not runs:
        spent += _spent(reads, before[1])
    found = [_whole(answer) for answer in answers]
    received = sum(one.events for one in found)
    return {
        "finished": len(found),
        "mean_events": received / len(found),
        "fewest_events": min(one.events for one in found),
        "cpu_us_per_event": spent / received * 1e6,
        "memory_mb": reads.process.peak_bytes() / 1e6,
        "kb_per_reader": max(0, resident[1] - resident[0]) / len(found) / 1e3,
    }


def _whole(answer: bytes) -> Told:
    try:
        found = told(answer)
    except CallerError as error:
        raise MeasurementError(str(error)) from None
    if found.text != TEXT:
        raise MeasurementError(
            f"a reader has {len(found.text)} characters of {len(TEXT)}"
        )
    return found


@contextmanager
def _alone(stage: Stage, subject: Subject) -> Iterator[Player]:
    player = stage.another(subject)
    with running(player.process):
        yield player


def _creates(stage: Stage, player: Player) -> Load:
    load = stage.http_load(player, ROW, LIMIT_SECONDS, body=_body(player))
    more = ["--count", str(RUNS)]
    return Load(load.program, [*load.arguments, *more], load.seconds, 0.0)


def _body(player: Player) -> bytes:
    request = json.loads(player.subject.body(ROW.model, stream=False, store=True))
    return json.dumps(request | {"background": True}).encode()


def _spent(player: Player, before: dict[int, float]) -> float:
    after = player.process.cpu_seconds()
    return sum(cpu - before.get(pid, 0.0) for pid, cpu in after.items())


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await work

    try:
        return uvloop.run(bounded())
    except CallerError as error:
        raise MeasurementError(str(error)) from None
    except TimeoutError:
        raise MeasurementError(f"not over after {LIMIT_SECONDS:g} s") from None


async def _all_end(player: Player) -> int:
    """Ask for a few now and then, in the order in which they were made.

    Return how many ran when all had been made.
    """
    caller = Caller(player.launch.port, player.subject.path)
    listed = await _listed(caller)
    if len(listed) != RUNS:
        raise MeasurementError(f"{len(listed)} of {RUNS} are listed")
    at_once = sum(status == "in_progress" for _, status in listed)
    left = deque(id_ for id_, _ in listed)
    while left:
        for _ in range(min(POLLED, len(left))):
            found = await caller.get(f"/{left[0]}")
            if found["status"] in {"queued", "in_progress"}:
                break
            _check(found)
            left.popleft()
        else:
            continue
        await asyncio.sleep(POLL_SECONDS)
    await caller.close()
    return at_once


def _check(found: dict[str, Any]) -> None:
    said = [step for step in found["steps"] if step["type"] == "model_output"]
    texts = [content["text"] for step in said for content in step["content"]]
    if found["status"] != "completed" or texts != [TEXT]:
        raise MeasurementError(f"a run is {found['status']}: {texts}"[:300])


async def _listed(caller: Caller) -> list[tuple[str, str]]:
    """Return id and status of all interactions, the oldest first."""
    found: list[tuple[str, str]] = []
    token = ""
    while True:
        page = await caller.get(f"?page_size=100&page_token={token}")
        found += [(one["id"], one["status"]) for one in page["interactions"]]
        token = page.get("next_page_token", "")
        if not token:
            return found[::-1]


async def _follow(
    runs: Player, reads: Player, each: int
) -> tuple[Sequence[bytes], tuple[int, int]]:
    """Return what all readers received, and the memory without and with them."""
    caller = Caller(runs.launch.port, runs.subject.path)
    body = _body(runs)
    ids = [(await caller.post(body))["id"] for _ in range(STREAMS)]
    await caller.close()
    paths = [f"{reads.subject.path}/{id_}?stream=true" for id_ in ids] * each
    before = reads.process.memory_bytes()
    readings = await read(reads.launch.port, paths)
    for reading in readings:
        await reading.began.wait()
    await asyncio.sleep(ROW.stream_seconds / 4)
    after = reads.process.memory_bytes()
    answers = await asyncio.gather(*(reading.bytes() for reading in readings))
    return answers, (before, after)
