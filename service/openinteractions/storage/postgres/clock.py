"""The clock that leases go by: the database's own, the same for every process."""

from __future__ import annotations

NOW = "extract(epoch FROM clock_timestamp())::double precision"
"""Seconds since 1970, at the moment of the look: the transaction may have begun long
before that, and waited."""
