"""What the engine needs to read media: the door to URLs, and a reader of documents.

Beside `ports`, under the same rules.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fetched:
    """What stood at a URL. It is never empty."""

    data: bytes
    mime_type: str
    """What it is, as `core.mime.essence` spells it: what the bytes show, refined by
    what its server said; `application/octet-stream` when neither says anything."""
    url: str
    """Where it was found, after redirects."""


class Egress(Protocol):
    """The one door to addresses that callers name.

    Every URL of a caller goes through `fetch` when it is read here, and through
    `check` when another server shall read it.
    """

    async def fetch(
        self,
        url: str,
        *,
        field: str,
        limit: int | None = None,
        mime_types: Collection[str] | None = None,
        owner: str = "",
    ) -> Fetched:
        """Read what stands at a URL.

        Args:
            url: `http` or `https`.
            field: JSON path of the member that has the URL; errors name it.
            limit: the most bytes to read, expanded; the configured limit holds too.
            mime_types: what it may be: types such as `application/pdf`, or families
                such as `image/*`. Without them, anything.
            owner: for whom. Only so much is read at a time, in turns of the owners.

        Raises:
            RequestError: the URL is not allowed, cannot be reached, or has something
                else. The message names the URL and says what is wrong with it; what
                goes wrong at the other end counts as the caller's mistake too.
            UnavailableError: there was no turn for it in time.
        """

    def check(self, url: str, *, field: str) -> None:
        """Judge a URL by how it is written, without asking any name server.

        Raises:
            RequestError: the scheme is neither `http` nor `https`, or the host is
                literally, in whatever notation, one that only this machine or its
                network can reach and that configuration does not allow.
        """


class DocumentReader(Protocol):
    """Turns documents into text, for models that take none."""

    def reads(self, mime_type: str) -> bool:
        """Say whether documents of a type can be turned into text.

        The type is as `core.mime.essence` spells it.
        """

    async def read(
        self, data: bytes, mime_type: str, *, field: str, owner: str = ""
    ) -> str:
        """Return the text of a document.

        Where the document has pages, each begins with a line `[page N]`, and N counts
        from 1 as the pages come.

        Args:
            data: the document.
            mime_type: of a type that `reads` knows, with its parameters.
            field: JSON path of the document; errors name it.
            owner: for whom. Only so much is read at a time, in turns of the owners.

        Raises:
            RequestError: it is broken, locked, has no text or too much of it.
            UnavailableError: there was no turn for it in time.
        """
