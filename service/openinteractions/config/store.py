"""The table of where interactions are kept."""

from __future__ import annotations

import re
from pathlib import Path

from openinteractions.config.table import Table

POSTGRES = ("postgresql://", "postgres://")


class Store(Table, frozen=True):
    """`[store]`: where interactions are kept."""

    url: str = "sqlite:///openinteractions.db"
    """`sqlite:///` and a path, relative to the working directory, or absolute when
    it begins with one more slash. Or `postgresql://user@host:port/database`, for
    servers on several machines; what it leaves out comes from where PostgreSQL's own
    tools look (`PGHOST` and its like, `~/.pgpass`). Its password is shown nowhere."""
    password_env: str | None = None
    """Environment variable with the password of PostgreSQL, for a URL without one."""
    connections: int | None = None
    """The most connections of one process to PostgreSQL; default: 10."""

    ttl_days: float = 55
    """How long interactions are kept after they were made; those that run stay until
    they end."""

    @property
    def is_shared(self) -> bool:
        """Whether it is PostgreSQL."""
        return self.url.startswith(POSTGRES)

    @property
    def path(self) -> Path:
        """The database file of a `sqlite:///` URL."""
        return Path(self.url.removeprefix("sqlite:///"))

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return without_password(self.url)


def without_password(url: str) -> str:
    """Leave out the password of a URL, behind the user's name or as a parameter."""
    url = re.sub(r"^(\w+://[^:/?#@]*):[^/?#]*@", r"\1@", url)
    kept = re.sub(r"(?<=[?&])(ssl)?password=[^&#]*&?", "", url)
    return kept.rstrip("?&")
