"""How large files may be, and how long they and their uploads last."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The configured limits."""

    ttl_seconds: float = 48 * HOUR
    """How long a file lives."""
    upload_ttl_seconds: float = 24 * HOUR
    """How long an upload may take, from its start to its end."""
    max_bytes: int = 2 * 1024**3
    """The largest file."""
