"""Which page of a list a request asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from openinteractions.core.errors import RequestError

LARGEST = 100
"""How many entries a page may have."""


class Asked(Protocol):
    """A request for a page."""

    page_size: int
    page_token: str
    """The id of the last entry of the page before; empty for the first page."""

    def HasField(self, name: Literal["page_size"], /) -> bool:  # noqa: N802
        """Say whether a size is asked for."""


def read(
    asked: Asked, *, usual: int, is_id: Callable[[str], bool]
) -> tuple[int, str | None]:
    """Return how many entries to list, and after which one, None for the newest.

    Raises:
        RequestError: too few or too many are asked for, or after what is no id.
    """
    size = asked.page_size if asked.HasField("page_size") else usual
    if not 1 <= size <= LARGEST:
        raise RequestError(f"page_size must be from 1 to {LARGEST}.", field="page_size")
    before = asked.page_token or None
    if before is not None and not is_id(before):
        raise RequestError("page_token is not one of a page.", field="page_token")
    return size, before
