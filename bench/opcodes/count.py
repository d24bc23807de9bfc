"""The counting: opcodes of every Python frame but those of the loop and of the bench.

uvloop does in C what asyncio's loop does in Python, so its frames say nothing about the
server. Figures are differences of two runs, one a little longer than the other: what
happens once, such as starting and the first request, falls out, and so does whatever
other threads have not finished when a request is answered.
"""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import gc
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Literal

import orjson

from bench.opcodes.model import WORD, ModelServer
from bench.opcodes.still import StillLoop
from bench.opcodes.world import World

WARM_UP = 3
UNCOUNTED = tuple(
    f"/{name}.py"
    for name in (
        # The loop, which is uvloop where it matters.
        "asyncio/base_events",
        "asyncio/events",
        "asyncio/selector_events",
        "asyncio/runners",
        "asyncio/unix_events",
        "selectors",
        # What depends on who comes first, between threads.
        "concurrent/futures/_base",
        "concurrent/futures/thread",
        "threading",
        "weakref",
        "_weakrefset",
    )
)
OWN_FOLDER = str(Path(__file__).parent)

Found = collections.Counter[str]
"""Opcodes by function."""

Length = Literal["short", "long"]

Tracer = Callable[[FrameType, str, Any], Any]


class Counter:
    """Counts opcodes while it is switched on, in threads that start later as well."""

    def __init__(self) -> None:
        # Cells for each thread: `+= 1` on a shared one could lose counts.
        self._cells: dict[tuple[int, CodeType], list[int]] = {}
        self._counted: dict[str, bool] = {}

    def found(self) -> Found:
        """Return the opcodes by function. To be called when the threads have ended."""
        found: Found = collections.Counter()
        for (_, code), (count,) in self._cells.items():
            found[f"{_short(code.co_filename)}:{code.co_qualname}"] += count
        return found

    def on(self) -> None:
        """Begin."""
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def off(self) -> None:
        """End."""
        sys.settrace(None)
        threading.settrace(None)

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Tracer | None:
        code = frame.f_code
        name = code.co_filename
        counted = self._counted.get(name)
        if counted is None:
            counted = not name.endswith(UNCOUNTED) and not name.startswith(OWN_FOLDER)
            self._counted[name] = counted
        if not counted:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        cell = self._cells.setdefault((threading.get_ident(), code), [0])

        def trace(_frame: FrameType, event: str, _argument: Any) -> Tracer:
            if event == "opcode":
                cell[0] += 1
            return trace

        return trace


def _short(name: str) -> str:
    """The end of a file's name, enough to know it by."""
    return "/".join(name.removesuffix(".py").split("/")[-2:])


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Something that costs opcodes: the difference of two runs, divided."""

    short: tuple[str, int]
    """A model, and how many requests it gets."""
    long: tuple[str, int]
    units: int
    """By how many requests or events the long run has more."""
    stream: bool = False
    sqlite: bool = False

    def times(self, number: int) -> Case:
        """Return the case with so many times as many requests in both runs."""
        (short, few), (long, many) = self.short, self.long
        return dataclasses.replace(
            self,
            short=(short, few * number),
            long=(long, many * number),
            units=self.units * number,
        )


CASES: dict[str, Case] = {
    "create": Case(short=("tokens-8", 1), long=("tokens-8", 3), units=2),
    "create, SQLite": Case(
        short=("tokens-8", 1), long=("tokens-8", 3), units=2, sqlite=True
    ),
    "stream": Case(short=("tokens-8", 1), long=("tokens-8", 3), units=2, stream=True),
    "event, many in a read": Case(
        short=("tokens-50", 1), long=("tokens-150", 1), units=100, stream=True
    ),
    "event, one in a read": Case(
        short=("tokens-50-singly", 1),
        long=("tokens-150-singly", 1),
        units=100,
        stream=True,
    ),
}


def count(case: Case) -> dict[str, float]:
    """Return the opcodes of one request or event by function."""
    # The first run of a process imports what is imported late.
    run(case, "short")
    short, long = Counter(), Counter()
    run(case, "short", short)
    run(case, "long", long)
    difference = long.found()
    difference.subtract(short.found())
    return {name: count / case.units for name, count in difference.items() if count}


def run(
    case: Case,
    length: Length,
    counter: Counter | None = None,
    mark: Callable[[], None] = lambda: None,
) -> None:
    """Do the short or the long run of a case, counting if there is a counter.

    `mark` is called before and after the requests that follow the warm-up.
    """
    model, requests = case.short if length == "short" else case.long
    warm_up = [_body("tokens-8", stream=case.stream)] * WARM_UP
    bodies = [_body(model, stream=case.stream)] * requests

    async def all_requests(file: Path | None) -> None:
        # One thread: what waits for it has waited for all that came before.
        loop.set_default_executor(ThreadPoolExecutor(1))
        world = await World.make(file)
        await _succeed(world, warm_up)
        # It may still be clearing away what an answer did not wait for.
        await asyncio.to_thread(int)
        mark()
        await _succeed(world, bodies)
        mark()
        await world.close()
        await loop.shutdown_default_executor()

    server = ModelServer(lambda: loop.arrivals)
    loop = StillLoop(server.dial)
    gc.collect()
    gc.disable()  # what it finds and when depends on everything before
    if counter:
        counter.on()
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "count.db" if case.sqlite else None
            loop.run_until_complete(all_requests(file))
    finally:
        if counter:
            counter.off()
        gc.enable()
        loop.close()


def _body(model: str, *, stream: bool) -> bytes:
    request: dict[str, object] = {"model": model, "input": "Say something, please."}
    if stream:
        request["stream"] = True
    return orjson.dumps(request)


async def _succeed(world: World, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        answer = await world.ask(body)
        if not answer.startswith(b"HTTP/1.1 200 ") or WORD.encode() not in answer:
            raise AssertionError(answer.decode())


def figures() -> dict[str, float]:
    """Return the opcodes of every case."""
    return {name: sum(count(case).values()) for name, case in CASES.items()}
