"""How long a server wants us to wait: `Retry-After` and its kin, as seconds."""

from __future__ import annotations

import datetime as dt
import email.utils
import math
from collections.abc import Mapping

_LONGEST = 86_400.0
"""More than a day is taken for a mistake."""


def read(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait; None when nothing usable is said."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    text = headers.get("Retry-After")
    seconds = _number(text)
    if seconds is not None:
        return _bounded(seconds)
    return None if text is None else _until(text)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float | None:
    return max(seconds, 0.0) if seconds <= _LONGEST else None


def _until(text: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    now = dt.datetime.now(dt.UTC)
    return _bounded((moment - now).total_seconds())
