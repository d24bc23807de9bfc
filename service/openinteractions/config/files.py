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
    """A directory: `file:` and its path, `file:///` before an absolute one, `file:`
    before one relative to the working directory; it is made where it is missing.
    Or an S3-compatible bucket: `s3://` and its name, maybe followed by `/` and what
    all keys in it shall begin with. Default: a directory beside the database, called
    like it with `.objects` at the end."""
    endpoint_url: str | None = None
    """URL of the bucket's server. Buckets only; default: that of AWS."""
    region: str | None = None
    """Where the bucket is. Buckets only; servers other than AWS hardly care."""
    access_key_id_env: str | None = None
    """Environment variable with the id of the key for the bucket. Buckets only;
    without it and the next, the key is found where the tools of AWS look for it."""
    secret_access_key_env: str | None = None
    """Environment variable with the key itself."""

    def path(self, database: Path) -> Path:
        """The directory, for a store with that database."""
        if self.url is None:
            return database.with_name(f"{database.name}.objects")
        return Path(self.url.removeprefix("file:").removeprefix("//"))

    @property
    def bucket(self) -> tuple[str, str] | None:
        """The bucket and the beginning of keys, `/` included; None: a directory."""
        scheme, _, rest = (self.url or "").partition("://")
        if scheme != "s3":
            return None
        name, _, prefix = rest.partition("/")
        prefix = prefix.rstrip("/")
        return name, f"{prefix}/" if prefix else ""
