"""Run the behaviours in the environment of one SDK; print one JSON line for each.

`python -m tests.sdk.python.runner --mode sync|async --place JSON [--only NAME …]`.
Many run at once, since most of them wait: retries back off for seconds. Nothing but
the SDK and the standard library is needed.
"""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import json
import os
import sys
import time
import traceback
import warnings
from typing import Any

from tests.sdk.python import wire
from tests.sdk.python.case import Case, Place
from tests.sdk.python.dialects import CANNOT
from tests.sdk.python.registry import Behaviour, behaviours

AT_ONCE = 24
BEHAVIOUR_SECONDS = 600


async def attempt(behaviour: Behaviour, case: Case) -> dict[str, Any]:
    """Run one behaviour; give its result."""
    started = time.monotonic()
    error = ""
    try:
        async with asyncio.timeout(BEHAVIOUR_SECONDS):
            await behaviour.body(case)
    except Exception:  # noqa: BLE001 -- whatever went wrong is the result
        error = traceback.format_exc(limit=-4)
    seconds = round(time.monotonic() - started, 2)
    return {"name": behaviour.name, "error": error, "seconds": seconds}


def report(result: dict[str, Any]) -> None:
    """Print one result."""
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()


def run_sync(chosen: list[Behaviour], version: str, place: Place) -> None:
    """Run each behaviour in a thread of its own, over one shared client."""
    shared = Case(version, "sync", "shared", place).connect()

    def run(behaviour: Behaviour) -> dict[str, Any]:
        async def main() -> dict[str, Any]:
            case = Case(version, "sync", behaviour.name, place)
            case.client = shared.client
            return await attempt(behaviour, case)

        return asyncio.run(main())

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for done in concurrent.futures.as_completed(
            pool.submit(run, behaviour) for behaviour in chosen
        ):
            report(done.result())


async def run_async(chosen: list[Behaviour], version: str, place: Place) -> None:
    """Run the behaviours as tasks of one loop, over one shared client."""
    shared = Case(version, "async", "shared", place).connect()
    slots = asyncio.Semaphore(AT_ONCE)

    async def run(behaviour: Behaviour) -> None:
        async with slots:
            case = Case(version, "async", behaviour.name, place)
            case.client = shared.client
            report(await attempt(behaviour, case))

    await asyncio.gather(*(run(behaviour) for behaviour in chosen))


def main() -> None:
    """Run what the flags say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=("sync", "async"), required=True)
    parser.add_argument("--place", required=True, help="JSON of `case.Place`")
    parser.add_argument("--only", nargs="*", help="names of behaviours")
    flags = parser.parse_args()
    warnings.simplefilter("ignore")
    from google.genai import __version__ as version  # noqa: PLC0415

    wire.observe()
    known = json.loads(flags.place)
    place = Place(**{**known, "keys": tuple(known["keys"])})
    chosen = [
        behaviour
        for behaviour in behaviours().values()
        if version not in behaviour.cannot
        and behaviour.name not in CANNOT[place.dialect]
        and (not flags.only or behaviour.name in flags.only)
    ]
    if flags.mode == "sync":
        run_sync(chosen, version, place)
    else:
        asyncio.run(run_async(chosen, version, place))
    # Threads of a behaviour that hung must not keep the process.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
