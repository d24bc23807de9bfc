"""What errors of the driver mean: for the connection, for another try, for callers.

The text that callers see is of this module; what the server has said is for the log.
"""

from __future__ import annotations

import ssl

import asyncpg

from openinteractions.core.errors import UnavailableError

ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # A connection whose end has arrived but was not yet looked at.
    asyncpg.InternalClientError,
    OSError,
)
"""Whatever the driver raises; time-outs are an `OSError`."""

RETRY_AFTER_SECONDS = 1.0

CLASHES = frozenset({"23503", "40001", "40P01"})
"""Somebody else was quicker: what is continued was deleted meanwhile, a serialization
failure, a deadlock. Nothing has changed; the same statements can be run again."""

READ_ONLY = "25006"
TAKEN = "23505"
TOO_MANY = "53300"

PASSING = frozenset({TOO_MANY, "57P01", "57P02", "57P03"})
"""Refusals of a connection that may soon be over: there are too many, the server
starts or ends."""

FATAL = frozenset({"FATAL", "PANIC"})

OF_ONE_ROW = frozenset({"22", "23", "54"})
"""Classes of errors for which one of several rows is to blame."""

REASONS = {
    READ_ONLY: "The store cannot be written.",
    "53100": "The store is full.",
    TOO_MANY: "The store has too many connections.",
    "55P03": "The store is locked.",
    "57014": "The store takes too long.",
}


def state(error: BaseException | None) -> str:
    """Return the server's code of an error; empty when the server said nothing."""
    return getattr(error, "sqlstate", None) or ""


def breaks(error: BaseException) -> bool:
    """Say whether a connection is of no more use after an error."""
    if isinstance(error, asyncpg.PostgresError):
        # What the driver says of a connection that it finds closed has a code as well.
        severity = getattr(error, "severity_en", None) or getattr(
            error, "severity", None
        )
        return severity in FATAL or state(error).startswith("08")
    return True


def passes(error: BaseException) -> bool:
    """Say whether a connection that was refused so may be had a moment later."""
    if isinstance(error, asyncpg.PostgresError):
        return state(error) in PASSING or state(error).startswith("08")
    # Not what is wrong with the request itself, which an `InterfaceError` says.
    return isinstance(error, OSError)


def is_absent(error: BaseException) -> bool:
    """Say whether there is no server yet, or none of those that are to be asked.

    What a server does not accept, or has other keys for, stays as it is.
    """
    if isinstance(error, ssl.SSLError):
        return False
    if type(error) is ConnectionError and "SSL" in str(error):
        # The driver's, of a server that speaks no TLS. One that hangs up before it has
        # said so is none yet: a proxy with nothing behind it, for example.
        return False
    return passes(error) or isinstance(
        error, asyncpg.exceptions.TargetServerAttributeNotMatched
    )


def blames_one(error: BaseException) -> bool:
    """Say whether rows that failed together had better be tried one by one."""
    if isinstance(error, UnavailableError):
        return state(error.__cause__)[:2] in OF_ONE_ROW
    return True


def unavailable(error: BaseException) -> UnavailableError:
    """Return the error that callers see; the log has the original."""
    message = REASONS.get(state(error), "The store cannot be reached.")
    return UnavailableError(message, retry_after=RETRY_AFTER_SECONDS)
