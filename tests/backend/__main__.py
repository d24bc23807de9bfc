"""Serve the scripted model server; print its address once it listens.

`python -m tests.backend --port 0` prints one line, `http://127.0.0.1:<port>`, and
serves until it is told to stop.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from aiohttp import web

from tests.backend.doors import application


async def serve(port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    # Callers that leave cancel their handlers, as a model server stops generating.
    runner = web.AppRunner(application(), access_log=None, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=0.5)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Read the flags and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.backend")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
