"""The tables of what is uploaded and made: how long files live, where bytes lie."""

from __future__ import annotations

from pathlib import Path

from openinteractions.config.table import Table


class Files(Table, frozen=True):
    """`[files]`: what clients upload, and media that models make."""

    ttl_hours: float = 48
    """How long a file lives."""
    upload_ttl_hours: float = 24
    """How long an upload may take from its start to its end."""
    max_bytes: int = 2 * 1024**3
    """The largest file."""


class Objects(Table, frozen=True):
    """`[objects]`: where the bytes of files and media are kept."""

    url: str | None = None
    """`file:` and the path of a directory, which is made where it is missing:
    `file:///` before an absolute one, `file:` before one relative to the working
    directory. Default: beside the database, called like it with `.objects` at the
    end."""

    def path(self, database: Path) -> Path:
        """The directory, for a store with that database."""
        if self.url is None:
            return database.with_name(f"{database.name}.objects")
        return Path(self.url.removeprefix("file:").removeprefix("//"))
