"""The table of what goes between processes: wake-ups, and live events for readers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from openinteractions.config.table import Table

NATS_PORT = 4222
"""Where NATS listens unless it is told otherwise."""


class Events(Table, frozen=True):
    """`[events]`: how processes tell each other what happens."""

    url: str | None = None
    """`nats://` or `tls://`, a host and its port; of a cluster, some of them with
    commas between. Default: through the database and a folder beside it, called like
    it with `.signals` at the end; for the processes of one machine."""
    user: str | None = None
    """The name that NATS knows this server by, with `password_env`."""
    password_env: str | None = None
    """Environment variable with the password."""
    token_env: str | None = None
    """Environment variable with a token, instead of name and password."""
    credentials_file: str | None = None
    """A file with a JWT and a key, as NATS's tools write it, instead of the others."""
    ca_file: str | None = None
    """The certificates that a server's has to come from. Default: the system's."""
    cert_file: str | None = None
    """This server's own certificate, for NATS servers that ask for one."""
    key_file: str | None = None
    """The key to it."""
    stream: str = "openinteractions"
    """Name of the stream, and what all subjects begin with. Servers with the same
    NATS and different stores need different ones."""
    storage: Literal["file", "memory"] = "file"
    """What the stream is kept in. What a restart loses there, readers get from the
    process that runs the interaction."""
    replicas: int = 1
    """On how many servers of a cluster the stream is kept; 3 survive the loss of
    one."""
    max_age_seconds: float = 3600
    """How long an event is kept whose interaction nobody ends. Far longer than it
    takes to read it."""
    max_bytes: int = 1024**3
    """How much the stream keeps before the oldest goes."""

    @property
    def urls(self) -> tuple[str, ...]:
        """The servers in `url`, each with its port."""
        given = filter(None, (self.url or "").split(","))
        return tuple(
            url if re.search(r":[0-9]+$", url) else f"{url}:{NATS_PORT}"
            for url in given
        )

    @property
    def is_encrypted(self) -> bool:
        """Whether everything said to NATS is."""
        return any(url.startswith("tls://") for url in self.urls)

    def signals(self, database: Path) -> Path:
        """The folder of signals on one machine, for a store with that database."""
        return database.with_name(f"{database.name}.signals")
