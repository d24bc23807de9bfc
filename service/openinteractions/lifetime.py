"""What holds for the process as a whole: its log, its signals, its garbage.

Part of the composition root (see `server`).
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def log_to_stderr() -> None:
    """Send the log of everything to stderr."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
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


def calm_collections() -> None:
    """Collect garbage less often than Python would.

    Hardly anything here is cyclic, and every collection stops the event loop: with
    Python's own settings they take a twelfth of the time.
    """
    gc.collect()
    # What start-up made lives to the end: no collection need look at it again.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
