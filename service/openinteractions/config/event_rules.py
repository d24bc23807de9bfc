"""What the settings of `[events]` have to fulfil beyond their types."""

from __future__ import annotations

import re
from collections.abc import Container

import msgspec

from openinteractions.config.events import Events
from openinteractions.config.values import (
    Broken,
    check_positive,
    check_range,
    check_variable,
)

HOST = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)"

MAX_REPLICAS = 5
"""NATS keeps no more."""

MAX_AGE_SECONDS = 365 * 86400

VARIABLES = {"password_env": "the password", "token_env": "the token"}

ONLY_TLS = ("ca_file", "cert_file", "key_file")


def check_events(events: Events) -> None:
    """Check the table.

    Raises:
        Broken: the first rule that does not hold.
    """
    if events.url is None:
        _check_absent(events)
        return
    _check_url(events.url)
    _check_login(events)
    for name in ONLY_TLS:
        if getattr(events, name) is not None and not events.is_encrypted:
            raise Broken(f"events.{name}", "is for TLS; write the url with tls://")
    if (events.cert_file is None) != (events.key_file is None):
        given, lacking = "cert_file", "key_file"
        if events.cert_file is None:
            given, lacking = lacking, given
        raise Broken(f"events.{given}", f"is of no use without {lacking}")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", events.stream):
        raise Broken(
            "events.stream",
            f'"{events.stream}" is not a name of a stream; '
            'use letters, digits, "-" and "_"',
        )
    check_range("events.replicas", events.replicas, 1, MAX_REPLICAS)
    check_range("events.max_age_seconds", events.max_age_seconds, 1, MAX_AGE_SECONDS)
    check_positive("events.max_bytes", events.max_bytes)


def unset_event_variables(events: Events, environment: Container[str]) -> list[str]:
    """Say which variables are named but not set, one line each."""
    return [
        f"events.{name}: the environment variable {variable} is not set; it should "
        f"have {what} for NATS"
        for name, what in VARIABLES.items()
        if (variable := getattr(events, name)) and variable not in environment
    ]


def _check_absent(events: Events) -> None:
    """Without NATS there is nothing to set."""
    plain = Events()
    for name in msgspec.structs.asdict(events):
        if getattr(events, name) != getattr(plain, name):
            raise Broken(
                f"events.{name}",
                'is for NATS; add url = "nats://host:4222", or leave it out',
            )


def _check_url(text: str) -> None:
    schemes = set()
    for url in text.split(","):
        if "@" in url:
            raise Broken(
                "events.url",
                "a URL is no place for a password or token; "
                "leave it out and use user and password_env, or token_env",
            )
        found = re.fullmatch(rf"(nats|tls)://{HOST}(:([0-9]{{1,5}}))?", url)
        if found is None or not 0 < int(found[4] or 1) <= 65535:  # noqa: PLR2004
            raise Broken(
                "events.url",
                f'"{url}" is not a URL of a NATS server; '
                'write it as "nats://host:4222", several with commas between',
            )
        schemes.add(found[1])
    if len(schemes) > 1:
        raise Broken("events.url", "has nats:// and tls://; use one of them for all")


def _check_login(events: Events) -> None:
    for name in VARIABLES:
        variable = getattr(events, name)
        if variable is not None:
            check_variable(f"events.{name}", variable)
    if (events.user is None) != (events.password_env is None):
        given, lacking = "user", "password_env"
        if events.user is None:
            given, lacking = lacking, given
        raise Broken(f"events.{given}", f"is of no use without {lacking}")
    ways = ("user", "token_env", "credentials_file")
    used = [name for name in ways if getattr(events, name) is not None]
    if len(used) > 1:
        raise Broken(f"events.{used[1]}", f"is of no use beside {used[0]}; use one")
