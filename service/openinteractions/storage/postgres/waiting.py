"""Waiting for a PostgreSQL server that is started later than those that use it.

Only for one that is not there: a wrong name, password or schema is told at once, for
it does not pass by itself.
"""

from __future__ import annotations

import asyncio
import logging

from openinteractions.storage.migrate import AbsentStoreError
from openinteractions.storage.postgres.schema import check
from openinteractions.storage.postgres.server import Server

LOOK_SECONDS = 0.5
"""Between two looks."""

TELL_SECONDS = 60.0
"""Between two lines in the log that say so."""

log = logging.getLogger(__name__)


async def appearance(server: Server, problem: AbsentStoreError) -> None:
    """Return when a server is there whose database has this version's schema.

    `problem` is what the first look has found.

    Raises:
        UnusableStoreError: the server is there, and the database cannot be used.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    tell = began
    while True:
        if clock() >= tell:
            log.warning("%s. It is waited for, and nothing is served before", problem)
            tell = clock() + TELL_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await check(server)
        except AbsentStoreError as error:
            problem = error
        else:
            log.info("the database is there, after %.0f s", clock() - began)
            return
