"""Live through simulated worlds.

`python -m tests.simulation SEED [--trace]` replays one; `--range FIRST COUNT` lives
through many and prints those that fail, with how to replay them. Worlds depend on the
order of sets of texts, so the program sets Python's hash seed itself.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from enum import Enum

from tests.simulation.world import World


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command says; 1 when a world has failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seeds", nargs="*", type=int)
    parser.add_argument("--range", nargs=2, type=int, metavar=("FIRST", "COUNT"))
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--until", type=int, default=5, help="stop at so many failures")
    parser.add_argument("--leaks", action="store_true", help="look what is left")
    options = parser.parse_args(arguments)
    logging.getLogger().setLevel(logging.INFO)
    seeds = list(options.seeds)
    if options.range is not None:
        first, count = options.range
        seeds += range(first, first + count)
    began, failed, fingerprint = time.perf_counter(), 0, 0
    lived, before = 0, _living()
    world: World | None = None
    for seed in seeds:
        world = World(seed, trace=print if options.trace else None)
        lived += 1
        try:
            world.live()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, the seed fails
            failed += 1
            _report(seed, world, error, brief=len(seeds) > 20)
            if failed == options.until:
                break
        fingerprint = world.fingerprint ^ (fingerprint * 31 & 0xFFFFFFFF)
    seconds = time.perf_counter() - began
    print(
        f"{lived} worlds, {failed} failed, {seconds:.1f} s,"
        f" {lived / max(seconds, 1e-9):.0f}/s, {fingerprint:08x}"
    )
    if options.leaks and not failed:
        world = None
        left = _living() - before
        print(left or "nothing is left")
        failed = left.total()
    return 1 if failed else 0


def _living() -> Counter[str]:
    """Return what there is of the engine and of worlds in memory, by kind."""
    gc.collect()
    kinds = (type(one) for one in gc.get_objects() if not isinstance(one, Enum))
    places = ("openinteractions.", "tests.simulation.")
    return Counter(
        one.__qualname__ for one in kinds if one.__module__.startswith(places)
    )


def _report(seed: int, world: World, error: BaseException, *, brief: bool) -> None:
    print(f"seed {seed}: {type(error).__name__}: {error}")
    print(f"  {world.regime}")
    if not brief:
        print("".join(traceback.format_exception(error)[-6:]))
    print(f"  replay: python -m tests.simulation {seed} --trace")


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        command = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execv(sys.executable, command)  # noqa: S606 - that is this program
    sys.exit(main())
