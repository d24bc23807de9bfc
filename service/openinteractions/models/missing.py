"""Errors of servers that lack an API which a request needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from openinteractions.core.errors import UpstreamNotFoundError


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Say of a 404 that it may be the API, not the model, that is not there.

    Raises:
        UpstreamNotFoundError: with the API's path in its message.
    """
    try:
        yield
    except UpstreamNotFoundError as error:
        raise UpstreamNotFoundError(
            f"{error.message} (asked at {path}; a server that does not make this kind "
            "of output has nothing there)",
            field=error.field,
            metadata=error.metadata,
            retry_after=error.retry_after,
        ) from None
