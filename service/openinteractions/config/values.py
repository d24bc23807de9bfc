"""Rules for single values, whichever table they stand in.

`rules` says which value has to fulfil which.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit


class Broken(Exception):  # noqa: N818 - never leaves this package
    """A rule is broken at `where`."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


def check_url(where: str, url: str) -> None:
    """Refuse what is no URL of a server, or has a secret in it."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        good = good and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or re.search(r"[\s?#]", url):
        raise Broken(
            where,
            f'"{url}" is not a URL of a server; '
            'write it as "https://host/path", without query or fragment',
        )
    if parts.username is not None or parts.password is not None:
        raise Broken(
            where,
            "a URL is no place for a key or password; "
            "leave it out and name an environment variable",
        )


def check_variable(where: str, name: str) -> None:
    """Refuse what is no name of an environment variable."""
    # Also catches a key written where its variable's name belongs, and keeps it out
    # of the message.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise Broken(
            where,
            "not the name of an environment variable; "
            "the key itself belongs into the environment",
        )


def check_range(where: str, value: float, least: float, most: float) -> None:
    """Refuse what is not between two numbers."""
    if not least <= value <= most:
        raise Broken(
            where,
            f"{value} is out of range; it should be between {least} and {most}",
        )


def check_positive(where: str, value: float) -> None:
    """Refuse what is not a number above 0."""
    if not 0 < value < float("inf"):
        raise Broken(where, f"{value:g} is out of range; it should be above 0")
