"""What holds for the process as a whole: its log, its signals, its garbage.

Part of the composition root (see `server`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import sys
from typing import Any

from openinteractions.config import Address, Config

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def log_to_stderr(process: str = "") -> None:
    """Send the log of everything to stderr, in the name of one process of several."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format=f"%(asctime)s %(levelname)s {process and f'{process} '}"
        "%(name)s: %(message)s",
    )


def raise_file_limit() -> None:
    """Take as many open files as the system allows, where less is usual.

    Every caller, and every call to a model server, is one: the usual 1,024 would be
    used up by a few hundred streams. Processes that are started later have as many.
    """
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if usual != most:
        # Some systems name a limit that they do not grant.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def start_line(config: Config, http: Address, grpc: Address) -> str:
    """Return what a server says once it is ready, with its addresses."""
    workers = config.server.workers
    return (
        f"openinteractions: HTTP on http://{http}, gRPC on {grpc}, "
        f"store {config.store.shown}; {config.models_source}"
        f"{f'; {workers} workers' if workers > 1 else ''}"
    )


def worker_line(config: Config) -> str:
    """Return what a worker without faces says once it takes work."""
    return (
        f"openinteractions: worker, process {os.getpid()}, store {config.store.shown}; "
        f"{config.models_source}"
    )


def stop_on_signal() -> asyncio.Event:
    """Return what the first signal to stop sets; the second ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask_to_stop() -> None:
        stop.set()
        # A second signal does not wait.
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, ask_to_stop)
    return stop


async def until(stop: asyncio.Event, opened: asyncio.Future[None]) -> None:
    """Wait until the process is to stop.

    Raises:
        UnusableStoreError: it turns out that the store, which was not there when the
            process began, cannot be used.
    """
    stopping = asyncio.ensure_future(stop.wait())
    either: set[asyncio.Future[Any]] = {stopping, opened}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if opened.done():
            opened.result()
        await stopping
    finally:
        stopping.cancel()


def calm_collections() -> None:
    """Collect garbage less often than Python would.

    Hardly anything here is cyclic, and every collection stops the event loop: with
    Python's own settings they take a twelfth of the time.
    """
    gc.collect()
    # What start-up made lives to the end: no collection need look at it again.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
