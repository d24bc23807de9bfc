"""How long tests wait, and time that goes by at once for what happens after a time.

A short limit instead would also be over, on a busy machine, before what has to come
first. `asyncio`'s own loops are those that can be told.
"""

from __future__ import annotations

import asyncio

WAIT_SECONDS = 60
"""The bound of a wait: only what hangs takes as long."""


def pass_by(seconds: float) -> None:
    """Have the running event loop believe that so many seconds have gone by.

    What waits for a time that lies within them goes on in the loop's next turn.
    """
    loop = asyncio.get_running_loop()
    time = type(loop).time
    ahead = loop.time() - time(loop) + seconds
    loop.time = lambda: time(loop) + ahead  # type: ignore[method-assign]
