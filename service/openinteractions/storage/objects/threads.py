"""Blocking file operations on threads, and their errors in the words of the domain."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from openinteractions.core.errors import UnavailableError

log = logging.getLogger(__name__)

T = TypeVar("T")

THREADS = 8
RETRY_AFTER_SECONDS = 1.0

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Threads:
    """The threads of one adapter."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="objects")

    async def run(self, operation: Callable[..., T], *arguments: object) -> T:
        """Run an operation to its end, also when the caller is cancelled meanwhile.

        So nothing is closed or removed under its feet.

        Raises:
            UnavailableError: it failed with an `OSError`.
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, operation, *arguments)
        try:
            return await asyncio.shield(work)
        except OSError as error:
            raise _failure(error) from error
        except asyncio.CancelledError:
            await _end(work)
            raise

    async def close(self) -> None:
        """Finish what was begun."""
        await asyncio.to_thread(self._pool.shutdown)


async def _end(work: asyncio.Future[T]) -> None:
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            continue
    if not work.cancelled():
        work.exception()


def _failure(error: OSError) -> UnavailableError:
    log.warning("The object store failed: %s", error)
    full = error.errno in FULL
    message = "The object store is full." if full else "The object store has failed."
    return UnavailableError(message, retry_after=RETRY_AFTER_SECONDS)
